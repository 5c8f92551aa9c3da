"""One schema: what it refuses is refused when read; each table is in it and in the reference."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from meguru.app.kinds import all_kinds
from meguru.errors import InvalidInput
from meguru.project.json_schema import json_schema
from meguru.project.read import read_project

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "project-file.md"
WHOLE = """include = ["more.toml"]
[project]
name = "shop"
[dataset.rows]
files = ["data/*.csv"]
checks = { row_count_min = 2, null_pct = { x = 1 } }
[endpoint.delay]
model = "delay"
gates = [{ gate = "metric", metric = "auc", op = ">=", value = 0.6 }, { gate = "champion" }]
[monitor.watch]
endpoint = "delay"
checks = [{ check = "psi", floor = 0.2 }]
[trigger.nightly]
on = { cron = "0 2 * * *", tz = "Asia/Tokyo" }
action = { pipeline = "train" }
[pool.gpu]
slots = 2
[env.prod]
workspace = "there"
[env.prod.override.endpoint.delay]
record = false
"""


@pytest.fixture(scope="module")
def validator():
    import jsonschema  # takes seconds, which no other worker has to pay

    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_whole_file_is_valid(validator):
    validator.validate(tomllib.loads(WHOLE))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[pool.gpu]", "[pol.gpu]"),
        ("slots = 2", 'slots = "two"'),
        ("slots = 2", "slots = 2\nslotz = 3"),
        ('name = "shop"', 'nme = "shop"'),
        ("record = false", "record = 7"),
    ],
)
def test_what_the_schema_refuses_is_refused_when_read(validator, tmp_path, before, after):
    (tmp_path / "more.toml").touch()
    path = tmp_path / "meguru.toml"
    text = WHOLE.replace(before, after)
    assert not validator.is_valid(tomllib.loads(text))
    path.write_text(text)
    with pytest.raises(InvalidInput):
        read_project(path, environment="prod")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('op = ">="', 'op = "=>"'),
        ('gate = "champion"', 'gate = "champ"'),
        ("floor = 0.2", 'floor = "low"'),
        ('cron = "0 2 * * *"', "crn = 1"),
        ('pipeline = "train"', 'pipelin = "train"'),
    ],
)
def test_members_of_families_are_checked_too(validator, before, after):
    assert not validator.is_valid(tomllib.loads(WHOLE.replace(before, after)))


def test_every_declared_kind_is_in_the_schema_and_in_the_reference():
    schema, page = json_schema(), REFERENCE.read_text("utf-8")
    for kind in all_kinds():
        if kind.spec is not None:
            assert kind.table in schema["properties"]
            assert f"## [{kind.table}.NAME]" in page
