"""Versions are removed, their bytes freed: never what anything live, running or left needs."""

from __future__ import annotations

import pytest

from meguru.artifacts.lineage import show as lineage
from meguru.datasets.client import add_files, frame
from meguru.datasets.operations import files, free, garbage, list_datasets, remove, show, versions
from meguru.errors import NotFound
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel import events
from meguru.kernel.principals import Principal


@pytest.fixture
def add(workspace, tmp_path):
    def write(text: str, name: str = "rows", **said):
        path = tmp_path / "rows.csv"
        path.write_text(text)
        return add_files(workspace, name, path, **said)

    return write


def blobs(ws) -> set[str]:
    return {path.parent.name + path.name for path in ws.blobs.folder.glob("??/*")}


def test_a_removed_version_is_read_no_more_and_its_number_is_not_given_again(workspace, add):
    add("id\n1\n")
    add("id\n2\n")
    assert remove(workspace, ref="rows@2", reason="wrong file").refs == ["dataset/rows@2"]
    assert show(workspace, ref="rows").version == 1
    assert [each.version for each in versions(workspace, name="rows")] == [1]
    with pytest.raises(NotFound, match="version 2 of dataset 'rows' was removed"):
        frame(workspace, "rows@2")
    assert lineage(workspace, ref="dataset/rows@2").edges
    assert add("id\n2\n").version == 3


def test_all_of_a_dataset_is_removed_and_comes_back_as_a_new_version(workspace, add):
    add("id\n1\n")
    add("id\n2\n")
    assert remove(workspace, ref="rows").refs == ["dataset/rows@2", "dataset/rows@1"]
    assert not list_datasets(workspace).items
    with pytest.raises(NotFound):
        show(workspace, ref="rows")
    assert add("id\n1\n").version == 3


def test_bytes_are_freed_but_for_those_that_something_else_needs(workspace, add):
    before = blobs(workspace)
    add("id\n1\n")
    add("id\n1\n", name="other")
    alone = add("id\n2\n")
    own = {alone.digest, alone.profile, *(file.digest for file in files(workspace, ref=alone.ref))}
    remove(workspace, ref="rows")
    planned = garbage(workspace)
    assert (planned.refs, planned.shared) == (["dataset/rows@1", "dataset/rows@2"], 3)
    there = blobs(workspace)
    assert free(workspace) == planned
    assert there - blobs(workspace) == own
    assert frame(workspace, "other").rows() == [(1,)]
    assert garbage(workspace).refs == []
    with workspace.read() as tx:
        seen = events.head(tx)
    assert free(workspace).bytes == 0
    with workspace.read() as tx:
        assert events.head(tx) == seen
    remove(workspace, ref="other")
    free(workspace)
    assert blobs(workspace) == before


@pytest.mark.parametrize("freed", [0, 1, 2])
def test_freeing_goes_on_after_it_was_killed_between_two_blobs(workspace, add, monkeypatch, freed):
    before = blobs(workspace)
    listed = add("id\n1\n").digest
    remove(workspace, ref="rows")
    good, calls = workspace.blobs.delete, []

    def dies(digest):
        if len(calls) == freed:
            raise KeyboardInterrupt
        calls.append(digest)
        good(digest)

    monkeypatch.setattr(workspace.blobs, "delete", dies)
    with pytest.raises(KeyboardInterrupt):
        free(workspace)
    monkeypatch.undo()
    assert listed not in calls  # it tells what is left
    assert garbage(workspace).refs == ["dataset/rows@1"]
    free(workspace)
    assert blobs(workspace) == before
    assert add("id\n1\n").version == 2
    assert frame(workspace, "rows").rows() == [(1,)]


def test_what_would_be_freed_is_told_of_the_projects_that_one_sees(workspace, add):
    projects.declare(workspace, name="team", spec=ProjectSpec())
    for name in ("rows", "team/rows"):
        add(f"id\n{len(name)}\n", name=name)
        remove(workspace, ref=name)
    anna = Principal(name="anna", grants={"team": frozenset({"*:read"})})
    assert garbage(workspace.with_(principal=anna)).refs == ["dataset/team/rows@1"]
    assert garbage(workspace).refs == ["dataset/rows@1", "dataset/team/rows@1"]


def test_a_damaged_list_of_files_keeps_no_others_from_being_freed(workspace, add):
    damaged = add("id\n1\n")
    add("id\n2\n", name="other")
    remove(workspace, ref="rows")
    remove(workspace, ref="other")
    place = workspace.blobs.folder / damaged.digest[:2] / damaged.digest[2:]
    place.chmod(0o644)
    place.write_bytes(b"{")
    assert free(workspace).refs == ["dataset/rows@1", "dataset/other@1"]
