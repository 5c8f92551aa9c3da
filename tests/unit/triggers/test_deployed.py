"""A trigger runs what is deployed, never what somebody last ran; nor does it release that."""

from __future__ import annotations

from textwrap import dedent

import pytest

from meguru import errors
from meguru.governance.principals import create_principal
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import deploy, pipeline_deployments, start
from meguru.pipelines.runner import follow
from meguru.pipelines.show import list_runs
from meguru.registry.show import show as show_model
from meguru.serving.create import create as make_endpoint
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator

pytest_plugins = ["meguru.testing.fixtures"]

TRAIN = """
    from meguru import Model, pipeline, step
    from meguru.testing.models import make_model

    @step
    def fit(n: int) -> Model:
        return make_model(seed={edit})

    @pipeline(produces="delay")
    def train(n: int = 1):
        return fit(n)
"""


@pytest.fixture
def edited(workspace, tmp_path):
    """Register the pipeline, as somebody, with an edit."""

    def register(ws, edit):
        (tmp_path / "train.py").write_text(dedent(TRAIN).format(edit=edit))
        return register_file(ws, f"{tmp_path}/train.py:train")

    return register


@pytest.fixture
def owned(workspace, edited):
    """Give what an owner declared: retrain at a sign, and release each new model."""
    edited(workspace, 0)
    make_endpoint(workspace, name="delay", model="delay")
    triggers.create(workspace, name="again", on={"event": "note.first"}, action={"pipeline": "train"})
    event = {"event": "model_version.registered", "subject": "model/delay@*"}
    triggers.create(workspace, name="release", on=event, action={"endpoint": "delay"})
    return workspace


@pytest.fixture
def scientist(owned):
    create_principal(owned, name="sam", role="data-scientist")
    return owned.with_(principal=Principal(name="sam", permissions=permissions_of("data-scientist")))


def firings(ws, name):
    Evaluator(ws).step()
    return [(each.state.value, each.reason) for each in triggers.history(ws, name=name).items]


def test_an_edit_of_who_may_not_release_goes_live_by_no_trigger_of_the_owner(owned, scientist, edited, say):
    evil = edited(scientist, 666)
    follow(owned, start(scientist, pipeline=evil.ref))
    ((state, why),) = firings(owned, "release")
    assert state == "failed"
    assert "sam made it, who lacks release:write" in why
    assert "meguru release create delay model/delay@1" in why
    say("note.first")
    assert firings(owned, "again")[0][0] == "fired"
    run = list_runs(owned).items[0]
    assert (run.origin, run.version) == ("trigger/again", 1)
    follow(owned, run)
    assert show_model(owned, ref="model/delay@2").created_by == "trigger/again"
    assert firings(owned, "release")[0][0] == "fired"


def test_what_is_deployed_may_be_run_by_who_trains_and_is_released(owned, scientist):
    follow(owned, start(scientist, pipeline="train@1"))
    assert firings(owned, "release")[0][0] == "fired"


def test_declaring_a_trigger_deploys_the_newest_once(owned, edited):
    (first,) = pipeline_deployments(owned, name="train")
    assert (first.version, first.by) == (1, "local")
    edited(owned, 1)
    triggers.create(owned, name="more", on={"event": "note.x"}, action={"pipeline": "train@latest"})
    assert pipeline_deployments(owned, name="train") == [first]


def test_who_may_not_deploy_is_told_who_has_to(workspace, edited):
    edited(workspace, 0)
    may = frozenset({"trigger:*", "pipeline:write", "*:read"})
    anna = workspace.with_(principal=Principal(name="anna", permissions=may))
    with pytest.raises(errors.Conflict, match="no version of pipeline 'train' is deployed") as refused:
        triggers.create(anna, name="again", on={"event": "note.first"}, action={"pipeline": "train"})
    assert refused.value.hint == "somebody who may: meguru pipeline deploy train@1"
    deploy(workspace, name="train")
    assert triggers.create(anna, name="again", on={"event": "note.first"}, action={"pipeline": "train"})
