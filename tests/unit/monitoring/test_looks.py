"""Monitors look by themselves: each window once when it is full, and again when something came late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from meguru.base.clock import FixedClock
from meguru.base.plugins import PluginFamily
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.kernel.jobs.schema import job
from meguru.monitoring.kind import MONITOR, MonitorSpec
from meguru.monitoring.operations import create, run, show, specs
from meguru.monitoring.schedule.rules import Completeness, CronRule, WindowRule
from meguru.monitoring.schedule.service import MonitorScheduler
from meguru.predictions.operations import record
from meguru.predictions.types import OutcomeInput
from meguru.testing.contracts.checks import make_rows

MAY, DAY, HOUR = datetime(2026, 5, 1, tzinfo=UTC), timedelta(days=1), timedelta(hours=1)
DAILY = WindowRule(calendar="day")


@pytest.fixture
def clock(workspace, monkeypatch):
    clock = FixedClock(MAY)
    monkeypatch.setattr(workspace, "clock", clock)
    return clock


@pytest.fixture
def worker(workspace):
    return Worker(workspace, PluginFamily("monitor job", MONITOR.jobs), threads=1)


@pytest.fixture
def look(workspace, worker):
    """Have a new service and a worker do what there is to do by now; return how many monitors were woken."""

    def look():
        woken = MonitorScheduler(workspace).step()
        with workspace.read() as tx:
            queued = select(job.c.id).where(job.c.kind == "monitor", job.c.state == "queued")
            found = list(tx.execute(queued).scalars())
        for each in found:
            worker.run_job(each)
        return woken

    return look


@pytest.fixture
def watch(workspace, endpoint):
    def watch(name="watch", **options):
        return create(workspace, name=name, endpoint=endpoint, min_rows=10, **{"window": DAILY} | options)

    return watch


@pytest.fixture
def day(answer, clock):
    """Answer a hundred rows of the n-th day, as they come in life: at its end."""

    def day(number, **options):
        start = MAY + number * DAY
        clock.set(start + DAY)
        return answer(make_rows(100, seed=number), start=start, end=start + DAY, **options)

    return day


def reports(workspace, name="watch"):
    return show(workspace, name=name).reports


def days(workspace, name="watch"):
    return [(each.start - MAY).days for each in reversed(reports(workspace, name))]


def told(workspace, type="monitor.evaluated"):
    with workspace.read() as tx:
        return events.read(tx, types=(type,), limit=1000)


def test_a_window_is_looked_at_once_when_it_is_full(workspace, clock, watch, day, look):
    watch()
    day(0)
    look()
    assert reports(workspace) == []  # its last row may still come
    day(1)
    for _ in range(3):
        look()
    assert days(workspace) == [0]
    assert len(told(workspace)) == 1
    assert show(workspace, name="watch").windows.following.start == MAY + DAY


def test_a_monitor_without_a_window_waits_for_people(workspace, watch, day, look):
    watch(window=None)
    day(0), day(1)
    assert look() == 0
    assert show(workspace, name="watch").windows is None


def test_where_nothing_comes_any_more_event_time_goes_on_by_the_clock(workspace, clock, watch, day, look):
    watch()
    day(0)
    clock.move(timedelta(seconds=599))
    look()
    assert reports(workspace) == []
    clock.move(timedelta(seconds=1200))
    look()
    assert days(workspace) == [0]


def test_what_comes_late_has_its_window_looked_at_again_once_it_has_settled(
    workspace, clock, watch, day, look
):
    watch(debounce="5m")
    day(0)
    day(1)
    look()
    batch = day(0)
    clock.set(MAY + 2 * DAY)
    look()
    assert [each.rows for each in reports(workspace)] == [100]
    due = show(workspace, name="watch").windows.due
    assert [(each.start, each.late) for each in due] == [(MAY, True)]
    clock.move(timedelta(minutes=5))
    look()
    assert [each.rows for each in reports(workspace)] == [200, 100]
    assert batch.n == 100
    look()
    assert len(told(workspace)) == 2


def test_what_changes_nothing_makes_no_new_report(workspace, clock, watch, day, look):
    watch(debounce=0)
    batch = day(0)
    day(1)
    look()
    again = OutcomeInput(prediction_id=f"{batch.id}.0", value=float(make_rows(100, seed=0)["_outcome"][0]))
    record(workspace, endpoint="delay", outcomes=[again])
    clock.move(timedelta(minutes=1))
    look()
    assert len(told(workspace)) == 1


def test_an_outcome_400_days_late_has_its_window_looked_at_again(workspace, clock, watch, day, answer, look):
    watch(debounce=60, make_up=2)
    old = day(0, outcomes=False)
    day(1)
    look()
    clock.move(400 * DAY)
    answer(make_rows(50, seed=9), start=clock.now() - HOUR, end=clock.now())
    look()
    record(workspace, endpoint="delay", outcomes=[OutcomeInput(prediction_id=f"{old.id}.7", value=1.0)])
    look()
    clock.move(timedelta(minutes=1))
    look()
    first = [each for each in reports(workspace) if each.start == MAY]
    assert [each.outcomes for each in first] == [1, 0]


def test_what_a_server_missed_is_made_up_and_the_rest_is_told(workspace, clock, watch, day, look):
    watch(make_up=3)
    for number in range(2):
        day(number)
        look()
    for number in range(2, 9):
        day(number)  # nobody looks
    look()
    assert days(workspace) == [0, 4, 5, 6, 7]
    missed = told(workspace, "monitor.missed")
    assert [each.data["count"] for each in missed] == [3]


def test_three_windows_that_a_server_was_down_for_are_made_up(workspace, clock, watch, day, look):
    watch()
    for number in range(5):
        day(number)
        if number == 1:
            look()
    look()
    assert days(workspace) == [0, 1, 2, 3]
    assert told(workspace, "monitor.missed") == []


def test_a_clock_that_was_set_back_has_nothing_looked_at_twice_and_nothing_forgotten(
    workspace, clock, watch, day, look
):
    watch(debounce="1h")
    day(0)
    day(1)
    look()
    day(0)
    clock.set(MAY + 2 * DAY)
    look()  # it is due in an hour
    clock.set(MAY - 300 * DAY)
    look()
    assert sorted(each.rows for each in reports(workspace)) == [100, 200]
    day(2)
    look()
    assert sorted(days(workspace)) == [0, 0, 1]


def test_a_row_with_a_time_in_the_future_ends_no_window(workspace, clock, watch, day, answer, look):
    watch()
    day(0)
    clock.set(MAY + HOUR)
    answer(make_rows(10, seed=3), start=MAY + 900 * DAY, end=MAY + 901 * DAY)
    look()
    assert reports(workspace) == []


def test_windows_of_rows_are_cut_after_so_many(workspace, clock, watch, day, look):
    watch(window=WindowRule(rows=150))
    for number in range(4):
        day(number)
        look()
    assert [each.rows for each in reports(workspace)] == [150, 150]
    assert reports(workspace)[1].end == reports(workspace)[0].start
    assert all(each.partial == [] for each in reports(workspace))


def test_outcomes_are_waited_for_until_enough_are_known(workspace, clock, watch, day, look):
    rule = Completeness(coverage=0.9, label_delay="10d")
    watch(complete=rule, debounce=0)
    batch = day(0, outcomes=False)
    day(1, outcomes=False)
    look()
    assert reports(workspace) == []
    assert "0% of the outcomes" in show(workspace, name="watch").windows.waits_for[0]
    values = make_rows(100, seed=0)["_outcome"]
    for low, high in ((0, 50), (50, 95)):
        told_now = [
            OutcomeInput(prediction_id=f"{batch.id}.{row}", value=float(values[row]))
            for row in range(low, high)
        ]
        record(workspace, endpoint="delay", outcomes=told_now)
        clock.move(timedelta(minutes=1))
        look()
        assert days(workspace) == ([] if high == 50 else [0])
    assert reports(workspace)[0].partial == []


def test_where_outcomes_stay_away_the_report_is_partial_and_never_ok(workspace, clock, watch, day, look):
    watch(complete=Completeness(coverage=0.9, label_delay="3d"), checks=[{"check": "psi"}], debounce=0)
    for number in range(6):
        day(number, outcomes=False)
        look()
    found = reports(workspace)
    assert days(workspace) == [0, 1]
    assert {each.verdict for each in found} == {"unknown"}
    assert "0% of the outcomes are known, and 90% are asked for" in found[0].partial[0]
    assert len(show(workspace, name="watch").windows.partial) == 2


def test_a_calendar_of_its_own_looks_at_what_has_ended_full_or_not(workspace, clock, watch, day, look):
    day(0)
    day(1)
    watch(schedule=CronRule(cron="0 6 * * *"), complete=Completeness(label_delay="2d"))
    look()
    assert reports(workspace) == []
    clock.move(timedelta(hours=6))
    look()
    found = reports(workspace)
    assert sorted(days(workspace)) == [0, 1]
    assert "ok" not in {each.verdict for each in found}
    assert all("outcomes may come until" in each.partial[0] for each in found)
    day(2)
    clock.move(timedelta(hours=6))
    look()
    assert [each.start for each in reports(workspace) if not each.partial] == [MAY]


def test_a_run_by_hand_says_that_a_window_is_not_full(workspace, clock, watch, day):
    watch(checks=[{"check": "psi"}])
    day(0)
    clock.set(MAY + timedelta(hours=30))
    found = run(workspace, name="watch", start=MAY, end=MAY + 30 * DAY)
    assert found.verdict == "unknown"
    assert found.partial
    assert found.reasons[0] == found.partial[0]


def test_a_look_that_fails_is_tried_again_and_the_others_go_on(workspace, clock, watch, day, look, baselines):
    watch()
    day(0)
    known = dict(baselines.known)
    baselines.known = {key: {"profile": {"rows": "many"}} for key in known}
    day(1)
    look()
    window = show(workspace, name="watch").windows.due[0]
    assert "can't be read" in window.error
    baselines.known = known
    clock.move(timedelta(minutes=1))
    look()
    assert days(workspace) == [0]
    assert show(workspace, name="watch").windows.due == []


def test_another_window_rule_begins_anew_and_a_retired_monitor_looks_no_more(
    workspace, clock, watch, day, look
):
    watch()
    for number in range(3):
        day(number)
    look()
    spec = MonitorSpec(endpoint="delay", min_rows=10, window=WindowRule(rows=50))
    specs.declare(workspace, name="watch", spec=spec)
    look()
    assert {(each.end - each.start) < DAY for each in reports(workspace)[:2]} == {True}
    specs.retire(workspace, name="watch")
    day(3)
    assert look() == 0
    specs.declare(workspace, name="watch", spec=spec)
    assert look() == 1


def test_monitors_of_one_hour_look_one_after_another(workspace, watch):
    rule = WindowRule(calendar="hour")
    moments = {rule.spread(f"watch-{number}") for number in range(100)}
    assert len(moments) == 100
    assert max(moments) < 180
    assert min(moments) < 10


def test_an_endpoint_that_was_retired_is_looked_at_no_more(workspace, clock, watch, day, look):
    watch()
    day(0)
    day(1)
    look()
    told = {"at": clock.now(), "actor": "local", "operation": "endpoint.retire", "data": {}}
    with workspace.db.write() as tx:
        events.append(tx, type="endpoint.retired", subject="endpoint/delay", **told)
    clock.move(30 * DAY)
    assert look() == 0
    assert days(workspace) == [0]
