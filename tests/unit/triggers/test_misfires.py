"""Moments that came while nobody was there: what is caught up, what is missed, and that both are recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.kernel import events
from meguru.kernel.jobs import JobState
from meguru.kernel.jobs.schema import job
from meguru.triggers import operations as triggers
from meguru.triggers import tick
from meguru.triggers.calendar import MAX_MOMENTS
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.types import FiringState

pytest_plugins = ["meguru.testing.fixtures"]


@pytest.fixture
def ws(workspace, clock):
    workspace.clock = clock
    return workspace


def make(ws, catch_up="latest", cron="0 2 * * *", action=None, **options):
    on = {"cron": cron, "tz": "Asia/Tokyo", "catch_up": catch_up}
    return triggers.create(ws, name="nightly", on=on, action=action or {"note": "done"}, **options)


def history(ws):
    return list(reversed(triggers.history(ws, name="nightly", limit=1000).items))


def due(ws, state):
    return sorted(one.evidence["due"][:16] for one in history(ws) if one.state is state)


THREE_DAYS = timedelta(days=3, hours=6)  # from 1 March, noon in UTC; two in Tokyo is five in the evening


@pytest.mark.parametrize(
    ("catch_up", "fired", "missed"),
    [
        ("none", [], [1, 2, 3, 4]),
        ("latest", [4], [1, 2, 3]),
        ("all", [1, 2, 3, 4], []),
    ],
)
def test_after_a_stop_the_rule_says_what_fires_and_the_rest_is_recorded(ws, clock, catch_up, fired, missed):
    make(ws, catch_up)
    clock.move(THREE_DAYS)
    assert Evaluator(ws).step() == 4
    assert due(ws, FiringState.FIRED) == [f"2026-03-0{day}T17:00" for day in fired]
    assert due(ws, FiringState.MISSED) == [f"2026-03-0{day}T17:00" for day in missed]
    assert all("no server was running" in one.reason for one in history(ws) if one.state == "missed")
    assert triggers.show(ws, name="nightly").due_at == datetime(2026, 3, 5, 17, tzinfo=UTC)
    assert Evaluator(ws).step() == 0


def test_a_busy_server_is_not_a_stopped_one(ws, clock):
    make(ws, "none")
    clock.move(timedelta(hours=5, seconds=59))
    Evaluator(ws).step()
    assert due(ws, FiringState.FIRED) == ["2026-03-01T17:00"]


def test_moments_missed_at_once_are_told_by_one_event_that_may_wake_a_trigger(ws, clock):
    make(ws)
    triggers.create(ws, name="watch", on={"event": "trigger.missed"}, action={"note": "seen"})
    clock.move(THREE_DAYS)
    evaluator = Evaluator(ws)
    evaluator.step()
    evaluator.step()
    with ws.read() as tx:
        (told,) = events.read(tx, types=["trigger.missed"])
        assert len(events.read(tx, types=["note.seen"])) == 1
    assert [one["due"] for one in told.data["missed"]] == [f"2026-03-0{day}T17:00:00Z" for day in (1, 2, 3)]


@pytest.mark.parametrize("minutes", [5, 1])
def test_of_very_many_missed_moments_the_older_are_recorded_together(ws, clock, minutes):
    make(ws, cron=f"*/{minutes} * * * *")
    clock.move(timedelta(days=2, minutes=3))
    Evaluator(ws).step()
    together, *alone, fired = history(ws)
    assert (len(alone), fired.state) == (MAX_MOMENTS, FiringState.FIRED)
    total = (2 * 24 * 60 + 3) // minutes - 1
    count = total - MAX_MOMENTS if minutes == 5 else None
    assert together.evidence == {
        "due": f"2026-03-01T12:{minutes:02}:00Z",
        "before": alone[0].evidence["due"],
        "count": count,
    }


def test_all_is_bounded_and_what_is_beyond_is_missed(ws, clock):
    make(ws, "all", cron="*/5 * * * *")
    clock.move(timedelta(days=1))
    Evaluator(ws).step()
    assert len(due(ws, FiringState.FIRED)) == MAX_MOMENTS
    assert due(ws, FiringState.FIRED)[-1] == "2026-03-02T12:00"
    assert len(due(ws, FiringState.MISSED)) == 100 + 1
    assert "at most 100" in history(ws)[0].reason


def test_what_a_paused_trigger_misses_is_recorded_when_it_comes_or_when_it_is_resumed(ws, clock):
    make(ws, "all")
    triggers.pause(ws, name="nightly")
    clock.move(timedelta(days=1))
    Evaluator(ws).step()
    clock.move(timedelta(days=1))  # nobody looks
    resumed = triggers.resume(ws, name="nightly")
    assert resumed.due_at == datetime(2026, 3, 3, 17, tzinfo=UTC)
    assert due(ws, FiringState.MISSED) == ["2026-03-01T17:00", "2026-03-02T17:00"]
    assert {one.reason for one in history(ws)} == {"the trigger is paused"}
    assert Evaluator(ws).step() == 0


def test_a_moment_that_a_limit_holds_back_is_missed_with_the_reason(ws, clock):
    make(ws, "none", cron="0 * * * *", max_per_day=1)
    for _ in range(2):
        clock.move(timedelta(hours=1))
        Evaluator(ws).step()
    fired, held = history(ws)
    assert (fired.state, held.state) == (FiringState.FIRED, FiringState.MISSED)
    assert "within 24 hours" in held.reason


@pytest.mark.parametrize(("catch_up", "state"), [("none", "missed"), ("latest", "owed"), ("all", "fired")])
def test_a_moment_that_comes_while_the_run_before_still_works_is_by_the_rule(ws, clock, catch_up, state):
    make(ws, catch_up, cron="0 * * * *", action={"note": "done", "job": True})
    for _ in range(2):
        clock.move(timedelta(hours=1))
        Evaluator(ws).step()
    assert [one.state for one in history(ws)] == ["fired", state]
    assert state == "fired" or "still running" in history(ws)[1].reason


def test_of_the_moments_that_are_held_back_the_newest_fires_when_it_may_for_its_own_time(ws, clock):
    make(ws, cron="0 * * * *", max_per_day=1)
    for _ in range(4):
        clock.move(timedelta(hours=1))
        Evaluator(ws).step()
    assert [one.state for one in history(ws)] == ["fired", "suppressed", "suppressed", "owed"]
    triggers.pause(ws, name="nightly")
    clock.move(timedelta(hours=21, minutes=30))
    Evaluator(ws).step()
    triggers.resume(ws, name="nightly")
    assert Evaluator(ws).step() == 1
    (made_up,) = (one for one in history(ws) if one.state == "fired" and "16:00" in one.evidence["due"])
    assert made_up.at == clock.now()


def test_with_all_the_runs_wait_for_each_other(ws, clock):
    make(ws, "all", cron="0 * * * *", action={"note": "done", "job": True})
    clock.move(timedelta(hours=3))
    Evaluator(ws).step()
    assert [one.state for one in history(ws)] == ["fired"] * 3
    with ws.read() as tx:
        states = [row.state for row in tx.execute(job.select())]
    assert states == [JobState.QUEUED] * 3


def test_a_clock_that_is_set_back_fires_no_moment_again_and_loses_none(ws, clock):
    make(ws, "all")
    clock.move(timedelta(hours=6))  # two in Tokyo was an hour ago
    assert Evaluator(ws).step() == 1
    clock.move(timedelta(hours=-3))
    assert Evaluator(ws).step() == 0
    clock.move(timedelta(days=1, hours=3))
    assert Evaluator(ws).step() == 1
    assert due(ws, FiringState.FIRED) == ["2026-03-01T17:00", "2026-03-02T17:00"]
    assert due(ws, FiringState.MISSED) == []


def test_the_next_moments_are_told_in_the_triggers_own_zone(ws):
    make(ws)
    found = triggers.next_moments(ws, name="nightly", count=2)
    assert [moment.isoformat() for moment in found.moments] == [
        "2026-03-02T02:00:00+09:00",
        "2026-03-03T02:00:00+09:00",
    ]
    triggers.create(ws, name="other", on={"event": "note.x"}, action={"note": "done"})
    assert triggers.next_moments(ws, name="other").moments == []


def test_a_missed_moment_can_be_fired_by_hand_once(ws, clock):
    make(ws, "none")
    clock.move(THREE_DAYS)
    Evaluator(ws).step()
    moment = datetime(2026, 3, 2, 17, tzinfo=UTC)
    first = triggers.fire(ws, name="nightly", scheduled_at=moment)
    assert first == triggers.fire(ws, name="nightly", scheduled_at=moment)
    assert first.evidence["due"] == "2026-03-02T17:00:00Z"


def test_the_page_of_missed_moments_has_only_those(ws, clock):
    make(ws)
    clock.move(THREE_DAYS)
    Evaluator(ws).step()
    page = triggers.history(ws, name="nightly", state=FiringState.MISSED)
    assert [one.state for one in page.items] == ["missed"] * 3


def test_a_trigger_paused_while_its_moment_is_planned_does_not_fire(ws, clock, monkeypatch):
    make(ws)
    clock.move(timedelta(hours=6))
    planned = tick.plan

    def plan_and_pause(trigger, kind, now):
        found = planned(trigger, kind, now)
        triggers.pause(ws, name="nightly")
        monkeypatch.setattr(tick, "plan", planned)
        return found

    monkeypatch.setattr(tick, "plan", plan_and_pause)
    Evaluator(ws).step()
    assert due(ws, FiringState.FIRED) == []
