"""What an action promises is done as whoever declared the trigger may by then, and a refusal is told."""

from __future__ import annotations

import pytest

from meguru.app.jobs import HANDLERS
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant, revoke
from meguru.governance.projects.operations import specs as projects
from meguru.governance.standing import standing
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.monitoring.operations import create as make_monitor
from meguru.serving.operations import create as make_endpoint
from meguru.triggers import operations as triggers

pytest_plugins = ["meguru.testing.fixtures"]
ON = {"event": "note.seen"}


@pytest.fixture
def ws(workspace):
    projects.declare(workspace, name="team", spec=ProjectSpec())
    make_endpoint(workspace, name="team/delay", model="team/delay")
    make_monitor(workspace, name="team/watch", endpoint="team/delay")
    create_principal(workspace, name="anna", role="guest")
    grant(workspace, name="team", principal="anna", role="engineer")
    return workspace


def anna(ws):
    with ws.read() as tx:
        return ws.with_(principal=standing(tx, "anna"))


def done(ws, action):
    triggers.create(anna(ws), name="team/act", on=ON, action=action)
    return triggers.fire(ws, name="team/act").job


def told(ws, type):
    with ws.read() as tx:
        return events.read(tx, types=(type,), limit=10)


def test_a_monitor_is_evaluated_by_the_trigger_for_the_time_before(ws):
    job = done(ws, {"evaluate": "watch", "last": "2h"})
    assert Worker(ws, HANDLERS).run_job(job)
    (report,) = told(ws, "monitor.evaluated")
    assert report.actor == "trigger/team/act"
    (fired,) = told(ws, "trigger.fired")
    assert report.cause == fired.id


def test_what_can_not_be_done_is_told_and_not_tried_again(ws):
    assert Worker(ws, HANDLERS).run_job(done(ws, {"rollback": "delay"}))
    (failed,) = told(ws, "trigger.action_failed")
    assert failed.data["operation"] == "release.rollback"
    assert "no earlier release" in failed.data["reason"]


def test_a_right_that_was_lost_before_the_job_is_not_used(ws):
    job = done(ws, {"evaluate": "watch"})
    revoke(ws, name="team", principal="anna")
    assert Worker(ws, HANDLERS).run_job(job)
    assert not told(ws, "monitor.evaluated")
    assert told(ws, "trigger.action_failed")
