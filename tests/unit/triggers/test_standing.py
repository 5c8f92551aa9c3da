"""A trigger does what its declarer may do by now, and nothing else."""

from __future__ import annotations

import pytest

from meguru.errors import Forbidden
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant, revoke
from meguru.governance.projects.operations import specs as projects
from meguru.governance.standing import standing
from meguru.kernel.principals import Principal
from meguru.monitoring.operations import create as make_monitor
from meguru.serving.operations import create as make_endpoint
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator

pytest_plugins = ["meguru.testing.fixtures"]

ON = {"event": "model_version.registered"}
RELEASE = {"endpoint": "delay"}


@pytest.fixture
def ws(workspace):
    projects.declare(workspace, name="team", spec=ProjectSpec())
    make_endpoint(workspace, name="team/delay", model="team/delay")
    make_monitor(workspace, name="team/watch", endpoint="team/delay")
    create_principal(workspace, name="anna", role="guest")
    grant(workspace, name="team", principal="anna", role="engineer")
    return workspace


@pytest.fixture
def anna(ws):
    def now():
        with ws.read() as tx:
            return ws.with_(principal=standing(tx, "anna"))

    return now


def last(ws):
    return triggers.history(ws, name="team/push", limit=10).items[0]


def test_who_may_not_do_a_thing_may_not_have_it_done_either(ws):
    held = frozenset({"trigger:*", "*:read", "release:write"})
    half = ws.with_(principal=Principal(name="half", grants={"team": held}))
    with pytest.raises(Forbidden) as refused:
        triggers.create(half, name="team/push", on=ON, action=RELEASE)
    assert refused.value.lacks == "release:promote"


def test_a_right_that_was_lost_is_not_used_any_more_and_the_history_says_who_lost_it(ws, anna, say):
    made = triggers.create(anna(), name="team/push", on=ON, action=RELEASE)
    assert made.declared_by == "anna"
    revoke(ws, name="team", principal="anna")
    say("model_version.registered", "model/team/delay@1")
    Evaluator(ws).step()
    assert last(ws).state == "failed"
    assert "anna, who declared trigger/team/push, may not do what it does" in last(ws).reason
    assert "meguru trigger resume team/push" in last(ws).reason
    with pytest.raises(Forbidden, match="anna"):
        triggers.fire(ws, name="team/push", subject="model/team/delay@1")


def test_somebody_who_may_stands_for_it_from_then_on(ws, anna, say):
    triggers.create(anna(), name="team/push", on=ON, action=RELEASE)
    triggers.resume(anna(), name="team/push")
    assert triggers.show(ws, name="team/push").declared_by == "anna"
    revoke(ws, name="team", principal="anna")
    assert triggers.resume(ws, name="team/push").declared_by == "local"
    say("model_version.registered", "model/team/delay@1")
    Evaluator(ws).step()
    assert "may not" not in last(ws).reason
