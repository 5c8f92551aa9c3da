"""A calendar trigger: its condition is checked, and a moment fires once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.base.clock import FixedClock
from meguru.errors import InvalidInput
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator

pytest_plugins = ["meguru.testing.fixtures"]

NIGHTLY = {"cron": "0 2 * * *", "tz": "Asia/Tokyo"}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make(workspace, on=None):
    return triggers.create(workspace, name="nightly", on=on or NIGHTLY, action={"note": "done"})


def test_two_at_night_in_tokyo_is_five_in_the_evening_in_utc(workspace, clock):
    workspace.clock = clock
    assert make(workspace).due_at == at("2026-03-01T17:00")


def test_a_moment_fires_once_even_with_two_evaluators(workspace, clock):
    workspace.clock = clock
    make(workspace)
    evaluators = Evaluator(workspace), Evaluator(workspace)
    assert [each.step() for each in evaluators] == [0, 0]
    clock.move(timedelta(hours=5, seconds=1))
    assert [each.step() for each in evaluators] == [1, 0]
    assert triggers.show(workspace, name="nightly").due_at == at("2026-03-02T17:00")


@pytest.mark.parametrize(
    ("on", "field", "hint"),
    [
        ({"cron": "0 2 * *"}, "on.cron", "every day at two"),
        ({"cron": "61 2 * * *"}, "on.cron", ""),
        ({"cron": "0 0 31 2 *"}, "on.cron", ""),
        ({"cron": "0 2 * * *", "tz": "Asia/Tokio"}, "on.tz", "Asia/Tokyo"),
        ({"cron": "0 2 * * *", "tz": "/etc/passwd"}, "on.tz", ""),
        ({"cron": 5}, "on.cron", ""),
        ({"cron": "0 2 * * *", "catch_up": "some"}, "on.catch_up", ""),
        ({"cron": "0 2 * * *", "zone": "UTC"}, "on", ""),
        ({"crom": "0 2 * * *"}, "on", "did you mean 'cron'?"),
        ({"kind": "crno", "cron": "0 2 * * *"}, "on.kind", "did you mean 'cron'?"),
        ({"event": "model version"}, "on.event", ""),
        ({}, "on", ""),
    ],
)
def test_a_wrong_condition_is_refused_with_its_field(workspace, on, field, hint):
    with pytest.raises(InvalidInput) as refused:
        triggers.create(workspace, name="nightly", on=on, action={"note": "done"})
    assert refused.value.field.startswith(field)
    assert hint in refused.value.hint
    assert triggers.list_triggers(workspace) == []


def test_an_unknown_action_is_refused_with_the_near_miss(workspace):
    with pytest.raises(InvalidInput) as refused:
        triggers.create(workspace, name="nightly", on=NIGHTLY, action={"notes": "done"})
    assert refused.value.hint == "did you mean 'note'?"


def test_the_clock_may_stand_still(workspace):
    workspace.clock = FixedClock(at("2026-03-01T17:00"))
    make(workspace)
    assert Evaluator(workspace).step() == 0
