"""Datasets of a project file: a version appears when the content of their files changed."""

from __future__ import annotations

import pytest

from meguru.app import calls
from meguru.app.kinds import all_kinds
from meguru.errors import InvalidInput
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.project.write import written_out

pytest_plugins = ["meguru.testing.fixtures"]

FILE = """[project]
name = "shop"
[dataset.rows]
files = ["data/*.csv"]
key = ["id"]
time = "at"
"""
ROWS = "id,at,x\n1,2013-01-01,2\n2,2013-01-02,3\n"


@pytest.fixture
def folder(tmp_path):
    all_kinds()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(ROWS)
    return tmp_path


def read(folder, text=FILE):
    (folder / "meguru.toml").write_text(text)
    return read_project(folder / "meguru.toml")


def applied(ws, file):
    return apply_plan(ws, plan_project(ws, file), file)


def versions(ws):
    return [each.rows for each in calls.dataset_versions(ws, name="rows")]


def test_a_version_appears_at_apply_when_the_content_changed(workspace, folder):
    file = read(folder)
    assert [each.change for each in plan_project(workspace, file).actions] == ["created"]
    applied(workspace, file)
    assert calls.dataset_show(workspace, ref="rows").event_time == "at"
    assert plan_project(workspace, file).actions == []
    (folder / "data" / "b.csv").write_text(ROWS.replace("\n1", "\n3").replace("\n2", "\n4"))
    (changed,) = plan_project(workspace, file).actions
    assert [each.field for each in changed.fields] == ["content"]
    applied(workspace, file)
    assert versions(workspace) == [4, 2]
    again = read(folder, FILE + 'owner = "growth"\n')
    applied(workspace, again)
    assert versions(workspace) == [4, 2]


def test_rows_that_fail_what_is_declared_are_refused_with_the_place(workspace, folder):
    file = read(folder)
    applied(workspace, file)
    (folder / "data" / "a.csv").write_text(ROWS + "2,2013-01-03,9\n")
    with pytest.raises(InvalidInput, match="fails 1 check") as refused:
        applied(workspace, file)
    assert refused.value.where.endswith("meguru.toml:3:1")
    assert versions(workspace) == [2]
    with pytest.raises(InvalidInput, match="fails 1 check"):
        calls.dataset_register(workspace, name="rows", files=entries(workspace, folder))
    applied(workspace, read(folder, FILE.replace('key = ["id"]', "key = []")))
    assert versions(workspace) == [3, 2]


def entries(ws, folder):
    from meguru.datasets.types import FileEntry

    path = folder / "data" / "a.csv"
    return [FileEntry(path="a.csv", digest=ws.blobs.put_file(path), size=path.stat().st_size)]


def test_a_written_file_changes_nothing_though_the_files_are_elsewhere(workspace, folder):
    applied(workspace, read(folder))
    text = written_out(workspace, "shop")
    (folder / "data" / "a.csv").unlink()
    assert plan_project(workspace, read(folder, text)).actions == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("../x.csv", "not within the project's folder"),
        ("/etc/passwd", "not within the project's folder"),
        ("data/link.csv", "outside of the project"),
        ("data/none.csv", "there is no file"),
        ("data/a.csv\\u0000", "not within the project's folder"),
        ("data/empty.csv", "is empty"),
        ("meguru.toml", "format"),
        ("data/two", "is outside of the project"),
    ],
)
def test_a_file_that_can_not_be_meant_is_refused_with_its_place(
    workspace, folder, tmp_path_factory, files, said
):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.csv").write_text(ROWS)
    (folder / "data" / "link.csv").symlink_to(outside / "x.csv")
    (folder / "data" / "two").symlink_to(outside)
    (folder / "data" / "empty.csv").touch()
    file = read(folder, FILE.replace("data/*.csv", files))
    with pytest.raises(InvalidInput, match=said) as refused:
        plan_project(workspace, file)
    assert refused.value.where.endswith(("meguru.toml:4:1", "meguru.toml:4:10"))
    assert calls.dataset_list(workspace).items == []


def test_a_dataset_without_files_is_declared_before_its_first_version(workspace, folder):
    applied(workspace, read(folder, '[project]\nname = "shop"\n[dataset.rows]\ntime = "at"\n'))
    assert calls.dataset_list(workspace).items == []
    calls.dataset_register(workspace, name="rows", files=entries(workspace, folder))
    assert calls.dataset_show(workspace, ref="rows").event_time == "at"


def test_a_retired_dataset_is_in_no_list_and_its_versions_stay(workspace, folder):
    applied(workspace, read(folder))
    applied(workspace, read(folder, '[project]\nname = "shop"\n'))
    assert calls.dataset_list(workspace).items == []
    assert calls.dataset_show(workspace, ref="rows@1").rows == 2
    applied(workspace, read(folder))
    assert [each.name for each in calls.dataset_list(workspace).items] == ["rows"]
    assert versions(workspace) == [2]
