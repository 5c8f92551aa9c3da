"""A pipeline in the project file: traced for a plan, registered and deployed by an apply."""

from __future__ import annotations

from textwrap import dedent

import pytest

from meguru import errors
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal
from meguru.pipelines.operations import deploy, list_pipelines, pipeline_deployments, start
from meguru.pipelines.show import show_run
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.triggers import operations as triggers

TRAIN = """
    from meguru import pipeline, step

    @step
    def load(n: int) -> list[int]:
        return list(range(n))

    @step
    def total(rows: list[int], k: int) -> int:
        return sum(rows) * k

    @pipeline
    def train(n: int, k: int = 1):
        return total(load(n), k)
"""
FILE = """
    [project]
    name = "shop"

    [pipeline.nightly]
    entry = "train.py:train"
    params = { n = 4 }
    priority = 3

    [trigger.night]
    on = { cron = "0 2 * * *" }
    action = { pipeline = "nightly", params = { k = 2 } }
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "shop"
    made.mkdir()
    (made / "train.py").write_text(dedent(TRAIN))
    (made / "meguru.toml").write_text(dedent(FILE))
    return made


def edit(folder, file, before, after):
    text = (folder / file).read_text()
    assert before in text
    (folder / file).write_text(text.replace(before, after))


def plan(ws, folder):
    return plan_project(ws, read_project(folder / "meguru.toml"))


def apply(ws, folder):
    project = read_project(folder / "meguru.toml")
    return apply_plan(ws, plan_project(ws, project), project)


def test_a_plan_traces_and_writes_nothing_and_an_apply_registers_and_deploys(workspace, folder):
    found = plan(workspace, folder)
    assert [each.ref for each in found.actions] == ["pipeline/nightly", "trigger/night"]
    assert list_pipelines(workspace).items == []
    apply(workspace, folder)
    (made,) = list_pipelines(workspace).items
    assert (made.name, made.version, made.deployed) == ("nightly", 1, 1)
    assert plan(workspace, folder).actions == []


def test_triggers_run_with_the_declared_parameters_and_priority(workspace, folder):
    apply(workspace, folder)
    run = triggers.fire(workspace, name="night").started
    assert show_run(workspace, ref=run).params == {"n": 4, "k": 2}
    assert start(workspace, pipeline="nightly").params == {"n": 4, "k": 1}
    with pytest.raises(errors.InvalidInput):
        start(workspace, pipeline="nightly@1")  # this version, with what is given


def test_an_edit_says_whose_caches_miss_and_a_move_past_the_file_who_did_it(workspace, folder):
    apply(workspace, folder)
    edit(folder, "train.py", "* k", "* k + 1")
    (change,) = plan(workspace, folder).actions
    assert change.touches == ["the next run runs total again: their code changed"]
    apply(workspace, folder)
    assert [each.version for each in pipeline_deployments(workspace, name="nightly")] == [2, 1]
    deploy(workspace, name="nightly@1", reason="by hand")
    (change,) = plan(workspace, folder).actions
    assert (change.ref, change.out_of_sync.by) == ("pipeline/nightly", "local")
    apply(workspace, folder)
    assert pipeline_deployments(workspace, name="nightly")[0].version == 2


def test_who_may_only_train_may_plan_it_and_not_apply_it(workspace, folder):
    may = permissions_of("data-scientist") | {"apply:*", "trigger:*"}
    sam = workspace.with_(principal=Principal(name="sam", permissions=may))
    assert len(plan(sam, folder).actions) == 2
    with pytest.raises(errors.Forbidden) as refused:
        apply(sam, folder)
    assert "pipeline:deploy" in str(refused.value) + refused.value.why
    assert list_pipelines(workspace).items[0].deployed is None


@pytest.mark.parametrize(
    ("before", "after", "field", "what"),
    [
        ("n = 4", "m = 4", "pipeline.nightly.params.m", "has no parameter 'm'"),
        ("n = 4", "n = 'x'", "pipeline.nightly.params.n", "'x'|integer|int"),
        ("train.py:train", "../train.py:train", "pipeline.nightly.entry", "not within the project"),
        ("train.py:train", "/etc/passwd", "pipeline.nightly.entry", "not within the project"),
        ("train.py:train", "other.py:train", "pipeline.nightly.entry", "there is no file"),
        ("train.py:train", "train.py:tarin", "pipeline.nightly.entry", "tarin"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_nothing_is_changed(
    workspace, folder, before, after, field, what
):
    edit(folder, "meguru.toml", before, after)
    with pytest.raises(errors.InvalidInput, match=what) as refused:
        plan(workspace, folder)
    assert refused.value.field == field
    assert "meguru.toml:" in refused.value.where
    assert list_pipelines(workspace).items == []


def test_what_the_file_does_not_declare_any_more_is_deployed_no_more(workspace, folder):
    apply(workspace, folder)
    (folder / "meguru.toml").write_text('[project]\nname = "shop"\n')
    assert [each.ref for each in plan(workspace, folder).actions] == ["trigger/night", "pipeline/nightly"]
    apply(workspace, folder)
    assert list_pipelines(workspace).items[0].deployed is None
