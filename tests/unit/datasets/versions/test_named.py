"""Versions are named by tags, branches and moments; a branch is a trial that is taken over or dropped."""

from datetime import timedelta

import polars as pl
import pytest

from meguru.datasets.client import add_files, frame
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import (
    branch,
    branches,
    delete_rows,
    drop_branch,
    list_datasets,
    merge,
    remove,
    rollback,
    show,
    specs,
    tag,
    tags,
    untag,
    versions,
)
from meguru.datasets.types import ColumnSpec
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events


@pytest.fixture
def add(workspace, tmp_path):
    def write(rows, mode="upsert", name="rows", **said):
        path = tmp_path / "rows.parquet"
        pl.DataFrame(
            list(rows.items()), schema={"id": pl.Int64, "value": pl.String}, orient="row"
        ).write_parquet(path)
        return add_files(workspace, name, path, mode=mode, key=["id"], **said)

    return write


def rows(ws, ref="rows"):
    return dict(frame(ws, ref).sort("id").rows())


def types(ws):
    with ws.read() as tx:
        made = {"dataset_version.drafted", "dataset_version.created"}
        return [each.type for each in events.read(tx) if each.type in made]


def test_a_tag_means_its_version_and_holds_it(workspace, add):
    add({1: "a"})
    add({1: "b"})
    tag(workspace, ref="rows@1", tag="good")
    assert show(workspace, ref="rows@good").ref == "dataset/rows@1"
    with pytest.raises(Conflict, match="dataset/rows@1 is needed") as held:
        remove(workspace, ref="rows@1")
    assert "tag good" in held.value.why
    with pytest.raises(Conflict, match="is tagged 'good'"):
        tag(workspace, ref="rows@2", tag="good")
    assert tag(workspace, ref="rows@2", tag="good", move=True).version == 2
    assert [(each.tag, each.version) for each in tags(workspace, name="rows")] == [("good", 2)]
    untag(workspace, name="rows", tag="good")
    with pytest.raises(NotFound, match="names no version"):
        show(workspace, ref="rows@good")
    with pytest.raises(NotFound):
        untag(workspace, name="rows", tag="good")


@pytest.mark.parametrize("name", ["latest", "main", "7", "2026-11-01", "a/b", ""])
def test_a_name_that_means_something_else_is_no_tag(workspace, add, name):
    add({1: "a"})
    for give in (
        lambda: tag(workspace, ref="rows", tag=name),
        lambda: branch(workspace, ref="rows", branch=name),
    ):
        with pytest.raises(InvalidInput):
            give()


def test_a_moment_means_the_newest_version_then(workspace, add):
    first = add({1: "a"}).created_at
    assert show(workspace, ref=f"rows@{first:%Y-%m-%d}").version == 1
    assert show(workspace, ref=f"rows@{first.isoformat()}").version == 1
    add({1: "b"})
    assert show(workspace, ref=f"rows@{first.isoformat()}").version == 1
    with pytest.raises(NotFound, match="there was no version of 'rows' at"):
        show(workspace, ref=f"rows@{first - timedelta(days=1):%Y-%m-%d}")
    with pytest.raises(InvalidInput, match="is no time"):
        show(workspace, ref="rows@2026-13-45")


def test_rolling_back_writes_a_version_and_no_rows(workspace, add):
    add({1: "a"})
    add({1: "b", 2: "c"})
    blobs = set(workspace.blobs.folder.glob("??/*"))
    made = rollback(workspace, ref="rows@1")
    assert (made.version, rows(workspace), rows(workspace, "rows@2")) == (3, {1: "a"}, {1: "b", 2: "c"})
    assert set(workspace.blobs.folder.glob("??/*")) == blobs
    assert rollback(workspace, ref="rows@1") == made
    with pytest.raises(Conflict):
        rollback(workspace, ref="rows@2", follows="dataset/rows@2")


def test_what_is_on_a_branch_is_no_news_until_it_is_merged(workspace, add):
    add({1: "a", 2: "b"})
    branch(workspace, ref="rows", branch="trial")
    made = add({2: "B"}, name="rows@trial")
    assert (made.version, made.branch, show(workspace, ref="rows").version) == (2, "trial", 1)
    assert types(workspace)[-1] == "dataset_version.drafted"
    assert (rows(workspace), rows(workspace, "rows@trial")) == ({1: "a", 2: "b"}, {1: "a", 2: "B"})
    assert [each.version for each in versions(workspace, name="rows")] == [1]
    assert [each.version for each in versions(workspace, name="rows", branch="trial")] == [2]
    assert list_datasets(workspace).items[0].latest.version == 1
    merged = merge(workspace, name="rows", branch="trial")
    assert (merged.version, merged.branch, merged.digest) == (3, "", made.digest)
    assert types(workspace)[-1] == "dataset_version.created"
    assert merge(workspace, name="rows", branch="trial") == merged
    assert branches(workspace, name="rows")[0].base == 3


def test_a_branch_is_merged_into_what_came_since_by_the_key(workspace, add):
    add({1: "a", 2: "b", 3: "c"})
    branch(workspace, ref="rows", branch="trial")
    add({2: "B", 4: "D"}, name="rows@trial")
    delete_rows(workspace, name="rows", condition="id = 3", branch="trial")
    add({1: "A", 5: "E"})
    merge(workspace, name="rows", branch="trial")
    assert rows(workspace) == {1: "A", 2: "B", 4: "D", 5: "E"}


def test_a_row_that_was_changed_in_both_is_a_conflict(workspace, add):
    add({1: "a", 2: "b"})
    branch(workspace, ref="rows", branch="trial")
    add({1: "A", 2: "same"}, name="rows@trial")
    add({1: "other", 2: "same"})
    with pytest.raises(Conflict, match="rows were changed in both") as caught:
        merge(workspace, name="rows", branch="trial")
    assert "id=1" in caught.value.why
    assert rows(workspace) == {1: "other", 2: "same"}
    specs.declare(workspace, name="rows", spec=DatasetSpec(columns={"id": ColumnSpec(tags=["pii"])}))
    with pytest.raises(Conflict) as caught:
        merge(workspace, name="rows", branch="trial")
    assert "id=•••" in caught.value.why


def test_a_dropped_branch_takes_its_versions_along(workspace, add):
    add({1: "a"})
    branch(workspace, ref="rows", branch="trial")
    made = add({1: "b"}, name="rows@trial")
    drop_branch(workspace, name="rows", branch="trial")
    for ref in (made.ref, "rows@trial"):
        with pytest.raises(NotFound):
            show(workspace, ref=ref)
    with pytest.raises(NotFound, match="there is no branch"):
        add({1: "b"}, name="rows@trial")
    assert rows(workspace) == {1: "a"}


def test_rows_are_deleted_by_a_condition(workspace, add):
    add({1: "a", 2: "b", 3: "c"})
    made = delete_rows(workspace, name="rows", condition="id > 1 AND value <> 'c'")
    assert (made.rows, rows(workspace), rows(workspace, "rows@1")[2]) == (2, {1: "a", 3: "c"}, "b")
    assert delete_rows(workspace, name="rows", condition="id = 2") == made
    with pytest.raises(InvalidInput, match="there is no column 'prize'"):
        delete_rows(workspace, name="rows", condition="prize > 1")
    for text in ("id >", "nothing(id)", "id", "*"):
        with pytest.raises(InvalidInput, match="can't be asked"):
            delete_rows(workspace, name="rows", condition=text)
    with pytest.raises(InvalidInput):
        delete_rows(workspace, name="rows", condition="")
    assert delete_rows(workspace, name="rows", condition="true").rows == 0
    assert rows(workspace) == {}
    add({7: "new"})
    assert rows(workspace) == {7: "new"}
