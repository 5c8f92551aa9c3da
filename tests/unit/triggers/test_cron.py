"""The calendar: daylight saving, a stopped server, several servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.base.clock import FixedClock
from meguru.errors import InvalidInput
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.kinds.cron import LISTED, Cron

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


def test_after_a_stop_the_latest_moment_fires_once_and_the_missed_ones_are_recorded(workspace, clock):
    workspace.clock = clock
    make(workspace)
    clock.move(timedelta(days=3, hours=6))
    assert Evaluator(workspace).step() == 1
    (done,) = triggers.history(workspace, name="nightly").items
    assert done.evidence["due"] == "2026-03-04T17:00:00Z"
    assert done.evidence["missed"] == [f"2026-03-0{day}T17:00:00Z" for day in (1, 2, 3)]
    assert done.evidence["late_seconds"] == 3600


def test_a_very_long_stop_lists_only_the_first_missed_moments_and_still_finds_the_latest(workspace, clock):
    workspace.clock = clock
    make(workspace, {"cron": "*/5 * * * *"})
    clock.move(timedelta(days=200, minutes=3))
    Evaluator(workspace).step()
    (done,) = triggers.history(workspace, name="nightly").items
    assert done.evidence["due"] == "2026-09-17T12:00:00Z"
    assert len(done.evidence["missed"]) == LISTED


def moments(expression, zone, first, last):
    kind, found, now = Cron(cron=expression, tz=zone), [], at(first)
    while (now := kind.next_due(now)) <= at(last):
        found.append(f"{now:%d %H:%M}")
    return found


def test_a_skipped_hour_runs_right_after_the_gap():
    assert moments("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-30T12:00") == [
        "29 01:00",
        "30 00:30",
    ]


def test_a_doubled_hour_runs_once():
    assert moments("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-26T12:00") == [
        "25 00:30",
        "26 01:30",
    ]


@given(
    st.sampled_from(["0 2 * * *", "*/7 * * * *", "15 3 * * 1", "0 0 1 * *", "30 1-3 * * *"]),
    st.sampled_from(["UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York"]),
    st.integers(0, 2 * 365 * 24 * 60),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)
@settings(deadline=None, max_examples=50)
def test_the_moments_between_are_those_met_one_by_one(expression, zone, minute, span):
    kind = Cron(cron=expression, tz=zone)
    first = kind.next_due(at("2025-01-01") + timedelta(minutes=minute))
    last, met, now = first + span, [], first
    while now <= last:
        met.append(now)
        now = kind.next_due(now)
    listed, latest = kind.due_between(first, last)
    assert listed == met[:LISTED]
    assert latest == met[-1]


@pytest.mark.parametrize(
    ("on", "field", "hint"),
    [
        ({"cron": "0 2 * *"}, "on.cron", "every day at two"),
        ({"cron": "61 2 * * *"}, "on.cron", ""),
        ({"cron": "0 0 31 2 *"}, "on.cron", ""),
        ({"cron": "0 2 * * *", "tz": "Asia/Tokio"}, "on.tz", "Asia/Tokyo"),
        ({"cron": "0 2 * * *", "tz": "/etc/passwd"}, "on.tz", ""),
        ({"cron": 5}, "on.cron", ""),
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
