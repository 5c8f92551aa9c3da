"""A project file is read whole, or refused with the place of the first mistake."""

from __future__ import annotations

import pytest

from meguru.errors import MeguruError
from meguru.project.read import read_project

GOOD = """
[project]
name = "shop"

[endpoint.delay]
model = "delay"
gates = [
  { gate = "metric", metric = "auc", value = 0.6 },
]

[monitor."team/watch"]
endpoint = "team/delay"

[env.prod]
workspace = "${PLACE}"
[env.prod.override.endpoint.delay]
record = false
"""


def written(folder, text, name="meguru.toml"):
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_things_are_read_by_kind_and_environments_change_fields(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACE", "prod-place")
    path = written(tmp_path, GOOD)
    plain, prod = read_project(path), read_project(path, environment="prod")
    assert [(each.kind, each.name) for each in plain.wanted] == [
        ("endpoint", "delay"),
        ("monitor", "team/watch"),
    ]
    assert (plain.workspace, prod.workspace) == ("", str(tmp_path / "prod-place"))
    assert prod.wanted[0].spec == plain.wanted[0].spec | {"record": False}


def test_files_are_included_and_texts_filled_in(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO", "growth")
    written(tmp_path, '[endpoint.late]\nmodel = "late"\ndescription = "of ${WHO}"\n', "late.toml")
    path = written(tmp_path, 'include = ["late.toml"]\n[project]\nname = "shop"\n')
    (only,) = read_project(path).wanted
    assert only.spec == {"model": "late", "description": "of growth"}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("[endpoint.delay]\nmodel = 'x'\n", "1:1", "no [project]"),
        ("[project]\nname = 'a'\n[endpont.x]\n", "3:1", "no section 'endpont'"),
        ("[project]\nname = 'a'\nnme = 'b'\n", "3:1", "nme"),
        ("[project]\nname = 'a/b c'\nschema = 9\n", "2:1", "name"),
        ("[project]\nname = 'a'\n\nschema = 9\n", "4:1", "schema 9"),
        ("[project]\nname = 'a'\n[endpoint]\nx = 3\n", "4:1", "must be a table"),
        ("[project]\nname = 'a'\n[endpoint.x]\nmodel = '${NOT_SET_ANYWHERE}'\n", "4:1", "NOT_SET_ANYWHERE"),
        ("[project]\nname = 'a'\n[env.e.override.endpoint.y]\nrecord = true\n", "3:1", "declared nowhere"),
        ("include = ['../x.toml']\n[project]\nname = 'a'\n", "1:12", "outside"),
        ("include = ['meguru.toml']\n[project]\nname = 'a'\n", "1:12", "again"),
        ("include = 7\n[project]\nname = 'a'\n", "1:1", "list of files"),
        ("[project]\nname = 'a'\n[pool.gpu]\nslots = 'two'\n", "4:1", "slots"),
        ("[project]\nname = 'a'\n[pool.gpu]\nslots = nan\n", "4:1", "no number"),
        ("[project]\nname = 'a'\n[pool.gpu]\nslots = 99999999999999999999\n", "4:1", "too large"),
        ("[project]\nname = 'a'\n[pool]\ngpu = { slots = 1, slotz = 2 }\n", "4:20", "slotz"),
        ("[project]\nname = 'a'\n[endpoint.x]\nmodel = 'x'\ngates = [\n  7,\n]\n", "6:3", "gates"),
        (
            "[project]\nname = 'a'\n[pool.y]\nslots = 1\n[env.e]\noverride.pool.y.slots = 'b'\n",
            "6:1",
            "slots",
        ),
        ("[project]\nname = 'a'\n[env.e]\nworkspce = 'b'\n", "4:1", "workspce"),
        ("[project\nname = 'a'\n", "1:9", "not TOML"),
        ("[project]\nname = 'a'\n[endpoint.x]\nmodel = 'x'\n[endpoint.x]\nmodel = 'y'\n", "5:12", "not TOML"),
    ],
)
def test_each_mistake_is_told_with_its_place(tmp_path, text, place, said):
    path = written(tmp_path, text)
    with pytest.raises(MeguruError) as caught:
        read_project(path, environment="e" if "env.e" in text else "")
    assert said in caught.value.what
    assert caught.value.where == f"{path}:{place}"


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: path.write_text("x = 1\n" * 1_000_000),
        lambda path: path.write_text("x = " + "[" * 100_000),
        lambda path: None,
    ],
)
def test_what_is_no_file_of_ours_is_one_clear_error(tmp_path, make):
    path = tmp_path / "meguru.toml"
    make(path)
    with pytest.raises(MeguruError) as caught:
        read_project(path)
    assert str(path) in caught.value.where


PYTHON = """import meguru

shop = meguru.Project("shop", owner="growth")
for city in ("osaka", "tokyo"):
    shop.endpoint(city, model=city)
shop.env("prod", workspace="there", override={"endpoint": {"osaka": {"record": False}}})
"""


def test_a_project_may_be_written_in_python(tmp_path):
    path = written(tmp_path, PYTHON, "project.py")
    found = read_project(path, environment="prod")
    assert [(each.kind, each.name, each.spec) for each in found.wanted] == [
        ("endpoint", "osaka", {"model": "osaka", "record": False}),
        ("endpoint", "tokyo", {"model": "tokyo"}),
    ]
    assert (found.head.owner, found.workspace) == ("growth", str(tmp_path / "there"))


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("shop.endpoint('tokyo', model='x')", "7:1", "declared twice"),
        ("shop.pool('gpu', slots='x')", "7:1", "slots"),
        ("shop.endpont('x')", "7:1", "stopped with an error"),
        ("other = meguru.Project('other')", "1:1", "2 projects"),
        ("shop.pool('gpu', slots=object())", "7:1", "a value that no file could have"),
        ("raise SystemExit(3)", "7:1", "stopped with an error"),
    ],
)
def test_a_mistake_in_python_is_told_with_its_line(tmp_path, line, place, said):
    path = written(tmp_path, PYTHON + line + "\n", "project.py")
    with pytest.raises(MeguruError) as caught:
        read_project(path)
    assert said in caught.value.what
    assert caught.value.where == f"{path}:{place}"


def test_a_cycle_of_includes_a_link_and_what_is_no_file_are_refused(tmp_path):
    folder, outside = tmp_path / "project", tmp_path / "outside.toml"
    folder.mkdir()
    outside.write_text("[pool.x]\nslots = 1\n")
    written(folder, 'include = ["b.toml"]\n', "a.toml")
    written(folder, 'include = ["a.toml"]\n', "b.toml")
    (folder / "link.toml").symlink_to(outside)
    for given, said in {
        "a.toml": "again",
        "link.toml": "outside",
        ".": "no file",
        "none.toml": "no file",
        "x\\u0000": "no name",
    }.items():
        path = written(folder, f'include = ["{given}"]\n[project]\nname = "shop"\n')
        with pytest.raises(MeguruError, match=said) as caught:
            read_project(path)
        assert caught.value.where.startswith(str(folder))


def test_many_files_are_too_large_together(tmp_path):
    for n in range(3):
        written(tmp_path, f"[pool.p{n}]\nslots = 1\n" + "# filled\n" * 180_000, f"{n}.toml")
    path = written(tmp_path, 'include = ["0.toml", "1.toml", "2.toml"]\n[project]\nname = "shop"\n')
    with pytest.raises(MeguruError, match="too large together") as caught:
        read_project(path)
    assert caught.value.where == f"{path}:1:32"


def test_secrets_of_notifications_and_sources_stay_references(tmp_path):
    written(
        tmp_path,
        '[project]\nname = "a"\n[trigger.x]\n'
        'on = { message = "m", broker = "nats://me:${MEGURU_SOURCE_NATS}@h" }\naction = { endpoint = "e" }\n',
    )
    (thing,) = read_project(tmp_path / "meguru.toml").things
    assert thing.wanted.spec["on"]["broker"] == "nats://me:${MEGURU_SOURCE_NATS}@h"
