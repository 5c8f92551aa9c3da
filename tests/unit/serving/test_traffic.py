"""What was asked is counted: exactly, across servers, without any part in answering."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from meguru.errors import InvalidInput
from meguru.serving.operations import create, traffic
from meguru.serving.traffic import store
from meguru.serving.traffic.log import RequestLog
from meguru.serving.traffic.reporter import TrafficReporter
from meguru.serving.traffic.types import TrafficCounts

HOUR = datetime(2026, 3, 1, 10, tzinfo=UTC)


def counts(minute: int, **values) -> TrafficCounts:
    return TrafficCounts(start=HOUR + timedelta(minutes=minute), **({"latencies": {0: 1}} | values))


def test_each_request_and_all_work_is_counted_once_however_often_it_is_written(workspace):
    create(workspace, name="delay", model="delay")
    log = RequestLog()
    reporter = TrafficReporter(workspace, "a", lambda: {"delay": log})
    now = time.perf_counter()
    for status in (200, 200, 422, 500, 503):
        log.append((now, 0.02, status, 3))
    log.worked((now, 0.5, 0.25))
    reporter.tick()
    reporter.tick()
    log.append((now, 2.0, 200, 4))
    reporter.last()
    start, end = datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC) + timedelta(minutes=5)
    found = traffic(workspace, name="delay", start=start, end=end, parts=1)
    total = found.total
    assert (total.requests, total.rows) == (6, 10)
    assert (total.refused, total.errors, total.turned_away) == (1, 1, 1)
    assert (total.busy, total.cpu) == (0.5, 0.25)
    assert found.p50 == pytest.approx(0.02, rel=0.02)
    assert found.p99 == pytest.approx(2.0, rel=0.02)


def test_servers_are_added_up_and_old_minutes_become_hours_without_loss(workspace):
    create(workspace, name="delay", model="delay")
    with workspace.db.write() as tx:
        store.put(tx, "delay", "a", [counts(0, requests=5), counts(61, requests=1)])
        store.put(tx, "delay", "b", [counts(0, requests=7, latencies={3: 2})])
        store.put(tx, "delay", "a", [counts(0, requests=6)])
    span = {"start": HOUR, "end": HOUR + timedelta(hours=3)}
    assert traffic(workspace, name="delay", **span).total.requests == 14
    with workspace.db.write() as tx:
        assert store.fold(tx, HOUR + timedelta(hours=1)) == 1
        assert store.fold(tx, HOUR + timedelta(hours=1)) == 0
        rows = store.between(tx, "delay", HOUR, HOUR + timedelta(hours=3))
    assert [(each.span, each.requests) for each in rows] == [(3600, 13), (60, 1)]
    assert rows[0].latencies == {0: 1, 3: 2}
    found = traffic(workspace, name="delay", **span, parts=3)
    assert [each.requests for each in found.parts] == [13, 1]
    with pytest.raises(InvalidInput, match="empty"):
        traffic(workspace, name="delay", start=HOUR, end=HOUR)


def test_a_service_counts_what_it_answers(workspace, service, live):
    live(1)
    for body in (b'{"row": {"hour": 5, "distance": 0.5}}', b'{"row": {}}'):
        service.predict("delay", body)
    service.stop()
    start = datetime.now(UTC) - timedelta(minutes=5)
    found = traffic(workspace, name="delay", start=start, end=start + timedelta(minutes=10)).total
    assert (found.requests, found.rows, found.refused) == (2, 1, 1)
    assert found.busy > 0


def test_a_minute_is_not_forgotten_by_how_long_it_took_to_write_it(monkeypatch):
    log, clock = RequestLog(), [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    log.append((time.perf_counter(), 0.02, 200, 1))
    counted = log.count()
    log.append((time.perf_counter(), 0.02, 200, 1))  # while the database takes its time
    clock[0] += 300
    log.mark_saved(counted)
    clock[0] -= 300
    assert [each.requests for each in log.count()] == [2]
