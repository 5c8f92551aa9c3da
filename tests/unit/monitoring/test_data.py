"""Monitors of datasets: each new version, or rows by their event time, against a reference version."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest
from sqlalchemy import select

from meguru.base.clock import FixedClock
from meguru.base.plugins import PluginFamily
from meguru.datasets.client import add_files
from meguru.datasets.operations import versions
from meguru.datasets.types import ColumnSpec
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.jobs import Worker
from meguru.kernel.jobs.schema import job
from meguru.monitoring.kind import MONITOR
from meguru.monitoring.operations import create, replay, run, show, show_report
from meguru.monitoring.schedule.rules import WindowRule
from meguru.monitoring.schedule.service import MonitorScheduler

MAY, DAY = datetime(2026, 5, 1, tzinfo=UTC), timedelta(days=1)


@pytest.fixture
def clock(workspace):
    workspace.clock = FixedClock(MAY + 10 * DAY)
    return workspace.clock


@pytest.fixture
def land(workspace, clock, tmp_path):
    """Add a file of some days of orders to a dataset."""

    def land(name, days, *, shift=0.0, drop=(), mode="append", nulls=0.0):
        generator = np.random.default_rng(len(name))
        at = [MAY + day * DAY + timedelta(minutes=7 * row) for day in days for row in range(200)]
        amounts = generator.normal(100 + shift, 10, len(at)).round(2)
        frame = pl.DataFrame(
            {
                "at": [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in at],
                "amount": amounts,
                "shop": generator.choice(["a", "b", "c"], len(at)),
            }
        )
        if nulls:
            gone = pl.Series(generator.random(len(at)) < nulls)
            frame = frame.with_columns(pl.when(gone).then(None).otherwise(pl.col("shop")).alias("shop"))
        path = tmp_path / f"{name}.parquet"
        frame.with_columns(pl.col("at").str.to_datetime(time_zone="UTC")).drop(*drop).write_parquet(path)
        clock.move(timedelta(minutes=1))
        return add_files(workspace, "orders", [path], mode=mode, event_time="at", schema_policy="evolve")

    return land


@pytest.fixture
def look(workspace):
    worker = Worker(workspace, PluginFamily("monitor job", MONITOR.jobs), threads=1)

    def look():
        MonitorScheduler(workspace).step()
        with workspace.read() as tx:
            found = list(tx.execute(select(job.c.id).where(job.c.state == "queued")).scalars())
        for each in found:
            worker.run_job(each)
        return list(reversed(show(workspace, name="watch").reports))

    return look


def test_each_new_version_is_compared_with_the_one_before(workspace, land, look):
    land("first", range(2))
    create(workspace, name="watch", dataset="orders", min_rows=100)
    assert look() == []  # there is nothing to compare it with
    land("second", range(2), mode="replace")
    land("third", range(2), mode="replace", shift=40)
    found = look()
    assert [(each.dataset, each.reference) for each in found] == [
        ("dataset/orders@2", "dataset/orders@1"),
        ("dataset/orders@3", "dataset/orders@2"),
    ]
    assert [each.drifted for each in found] == [[], ["amount"]]
    assert [each.verdict for each in found] == ["ok", "ok"]  # drift alerts only where that is asked for
    assert len(look()) == 2


def test_a_column_that_is_gone_or_loses_its_values_alerts(workspace, land, look):
    land("first", range(3))
    create(workspace, name="watch", dataset="orders", min_rows=100, reference=1)
    land("second", range(3), mode="replace", drop=["shop"])
    land("third", range(3), mode="replace", nulls=0.3)
    first, second = look()
    assert first.verdict == "alert"
    assert first.reasons == ["shop can't be compared with dataset/orders@1: it is missing"]
    assert second.verdict == "alert"
    assert second.reasons[0].startswith("shop: missing 0.2")
    assert show_report(workspace, ref=second.ref).findings[-1].check


def test_a_version_that_lost_its_rows_or_has_no_new_ones_rings(workspace, land, look):
    land("first", range(20))
    checks = [{"check": "volume"}, {"check": "freshness", "within": "7d"}]
    create(workspace, name="watch", dataset="orders", min_rows=100, reference=1, checks=checks)
    land("second", range(2), mode="replace")
    (found,) = look()
    assert found.verdict == "alert"
    assert found.reasons[0] == "400 rows, too few: dataset/orders@1 has 4,000"
    assert found.reasons[1] == "the newest row is 8 d 49 min old, older than 7 d"


def test_rows_by_their_event_time_are_looked_at_by_day_and_again_when_more_land(workspace, land, look, clock):
    land("first", range(1))
    rule = WindowRule(calendar="day")
    create(workspace, name="watch", dataset="orders", min_rows=100, reference=1, window=rule, debounce=0)
    land("second", range(1, 3))
    assert [(each.start, each.rows) for each in look()] == [(MAY, 200), (MAY + DAY, 200)]
    land("late", range(1, 2), shift=50)
    found = look()
    assert [each.rows for each in found] == [200, 200, 400]
    assert found[-1].start == MAY + DAY
    by_hand = run(workspace, name="watch", start=MAY, end=MAY + 9 * DAY)
    assert "rows have come until" in by_hand.partial[0]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"dataset": "orders", "endpoint": "delay"}, "endpoint"),
        ({}, "endpoint"),
        ({"dataset": "orders", "checks": [{"check": "performance"}]}, "checks[0]"),
        ({"dataset": "orders", "window": WindowRule(rows=10)}, "window"),
        ({"dataset": "orders", "reference": -1}, "reference"),
    ],
)
def test_what_a_dataset_can_not_be_watched_for_is_refused(workspace, land, options, field):
    land("first", range(1))
    with pytest.raises(InvalidInput) as refused:
        create(workspace, name="watch", **options)
    assert refused.value.field == field


def test_a_dataset_or_version_that_is_not_there_is_refused(workspace, land):
    land("first", range(1))
    with pytest.raises(NotFound):
        create(workspace, name="watch", dataset="order")
    with pytest.raises(NotFound):
        create(workspace, name="watch", dataset="orders", reference=7)


def test_rows_are_compared_as_a_whole_with_those_of_the_reference(workspace, land, look):
    land("first", range(3))
    checks = [{"check": "mmd"}, {"check": "drift"}]
    create(workspace, name="watch", dataset="orders", min_rows=100, reference=1, checks=checks)
    land("second", range(3), mode="replace")
    land("third", range(3), mode="replace", shift=40)
    same, moved = (show_report(workspace, ref=each.ref) for each in look())
    for report, is_moved in ((same, False), (moved, True)):
        (found,) = [each for each in report.findings if each.check == "mmd"]
        assert (found.breached, found.column, found.n_reference) == (is_moved, "", 500)
    assert moved.drifted == ["amount"]


def test_a_report_says_no_value_of_a_personal_column(workspace, clock, tmp_path):
    draw = np.random.default_rng(0)
    names, ages = draw.choice(["Anna", "Bob", "Cleo"], 400), draw.integers(31, 79, 400)
    for frame in (
        pl.DataFrame({"name": names, "age": ages, "city": draw.choice(["Kobe", "Nara"], 400)}),
        pl.DataFrame({"name": ["Anna"] * 400, "age": [-999] * 400, "city": ["Kobe"] * 400}),
    ):
        frame.write_parquet(tmp_path / "people.parquet")
        said = dict.fromkeys(("name", "age"), ColumnSpec(tags=["pii"]))
        clock.move(timedelta(minutes=1))
        add_files(workspace, "people", tmp_path / "people.parquet", mode="replace", columns=said)
    create(workspace, name="watch", dataset="people", min_rows=100)
    first, second = reversed(versions(workspace, name="people"))
    made = run(workspace, name="watch", start=first.created_at, end=second.created_at)
    kept = {each.column: each for each in made.evidence.columns}
    assert [len(kept[each].bins) for each in ("name", "age")] == [0, 0]
    assert kept["city"].bins
    assert {each.column for each in made.findings if each.breached} >= {"name", "age", "city"}
    told = msgspec.json.encode(made).decode()
    assert "one value only, Kobe" in told
    assert "name: one value only, •••" in told
    assert "age: far outside ••• to •••" in told
    assert not [each for each in ("Anna", "Bob", "-999", " 31 ", " 78") if each in told]


def test_an_important_column_of_a_dataset_rings_with_the_version_in_which_it_moved(workspace, land, look):
    land("first", range(2))
    create(workspace, name="watch", dataset="orders", min_rows=100, important=["amount"])
    land("second", range(2), mode="replace")
    land("third", range(2), mode="replace", shift=40)
    land("fourth", range(2), mode="replace", shift=40)
    assert [each.verdict for each in look()] == ["ok", "alert", "ok"]


def test_replayed_as_it_is_a_monitor_of_a_dataset_looks_back_as_its_reports_did(workspace, land, look):
    land("first", range(1))
    rule = WindowRule(calendar="day")
    create(workspace, name="watch", dataset="orders", min_rows=100, reference=1, window=rule)
    land("second", [1, 2, 4])
    then = look()
    assert then[-1].reasons == ["0 rows, too few: 3 windows before had about 200"]
    found = replay(workspace, name="watch")
    assert [each.reasons for each in found.windows] == [each.reasons for each in then]
    assert (found.rang, found.rang_then) == (1, 1)
