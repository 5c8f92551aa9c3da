"""What was changed past the file is written into it; comments stay, and the next plan is empty."""

from __future__ import annotations

import msgspec
import pytest

from meguru.app import calls
from meguru.app.kinds import all_kinds
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.kinds import kinds
from meguru.project.adopt import adopt
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project

pytest_plugins = ["meguru.testing.fixtures"]
TEXT = """# ours
[project]
name = "shop"

# what clients ask
[endpoint.delay]
model = "delay" # the champion's
description = "late or not"

[pool]
gpu = { slots = 2 }

[env.prod.override.endpoint.delay]
record = false # by law
"""


@pytest.fixture
def file(workspace, tmp_path):
    all_kinds()
    path = tmp_path / "meguru.toml"
    path.write_text(TEXT)

    def read(environment=""):
        return read_project(path, environment=environment)

    apply_plan(workspace, plan_project(workspace, read()), read())
    return read


def declare(ws, name, **fields):
    endpoint = kinds()["endpoint"].spec
    calls.endpoint_declare(ws, name=name, spec=msgspec.convert(fields, endpoint))


def adopted(ws, file, *refs, environment=""):
    project = file(environment)
    adopt(ws, project, plan_project(ws, project), refs)
    assert plan_project(ws, file(environment)).actions == []
    return project.main.read_text()


def test_a_changed_field_is_written_where_it_stands(workspace, file):
    gates = [{"gate": "metric", "metric": "auc", "value": 0.6}]
    declare(workspace, "delay", model="delay", gates=gates)
    assert adopted(workspace, file, "endpoint/delay") == TEXT.replace(
        'description = "late or not"\n', 'gates = [{gate = "metric", metric = "auc", value = 0.6}]\n'
    )


def test_an_override_is_changed_where_it_stands(workspace, file):
    project = file("prod")
    apply_plan(workspace, plan_project(workspace, project), project)
    declare(workspace, "delay", model="delay", description="late or not")
    assert adopted(workspace, file, "endpoint/delay", environment="prod") == TEXT.replace(
        "record = false # by law", "record = true # by law"
    )


def test_a_thing_that_was_retired_leaves_the_file_and_a_new_one_comes_in(workspace, file):
    calls.pool_retire(workspace, name="gpu")
    declare(workspace, "other", model="m", record=False)
    text = adopted(workspace, file, "pool/gpu", "endpoint/other")
    assert "gpu" not in text
    assert '[endpoint.other]\nmodel = "m"\nrecord = false\n' in text
    assert text.startswith("# ours\n")


def test_what_the_file_dropped_comes_back(workspace, file):
    path = file().main
    path.write_text(TEXT.replace("gpu = { slots = 2 }\n", ""))
    assert "slots = 2" in adopted(workspace, file, "pool/gpu")


def test_what_is_not_there_and_a_python_file_are_refused(workspace, file, tmp_path):
    project = file()
    plan = plan_project(workspace, project)
    with pytest.raises(NotFound, match="no pool 'cpu'"):
        adopt(workspace, project, plan, ["pool/cpu"])
    (tmp_path / "project.py").write_text("import meguru\nshop = meguru.Project('shop')\n")
    with pytest.raises(InvalidInput, match="only a TOML file"):
        adopt(workspace, read_project(tmp_path / "project.py"), plan, ["pool/gpu"])
    assert project.main.read_text() == TEXT
