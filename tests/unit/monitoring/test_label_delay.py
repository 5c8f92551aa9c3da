"""How long outcomes took to become known, and how far a window is."""

from datetime import UTC, datetime, timedelta

import pytest

from meguru.monitoring.label_maturity import label_maturity
from meguru.monitoring.operations import create, run, show
from meguru.predictions import outcome_store
from meguru.predictions.outcome_delays import label_delay
from meguru.predictions.types import LabelDelay
from meguru.testing.contracts.checks import make_rows

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def told(workspace, endpoint, answer):
    """Answer 1,000 rows of a day, of which the outcome of some becomes known so long after the event."""

    def told(day, after, share=1.0):
        batch = answer(make_rows(1000), start=day, end=day + DAY, outcomes=False)
        step = (batch.last_time - batch.first_time) / 999
        rows = [
            outcome_store.row_of(
                (batch.id, row), 1.0, batch.first_time + step * row + after(row), APRIL, "me"
            )
            for row in range(int(1000 * share))
        ]
        with workspace.db.write() as tx:
            outcome_store.record(tx, "delay", [dict(row) for row in rows])
        return rows

    return told


def test_delays_are_told_by_the_day_of_the_event_whenever_outcomes_come(workspace, told):
    told(MARCH, lambda row: HOUR if row % 4 else 10 * HOUR)
    rows = told(MARCH + 5 * DAY, lambda _: 3 * DAY, share=0.5)
    with workspace.db.write() as tx:  # said again, and corrected: each prediction counts once
        outcome_store.record(tx, "delay", [dict(row) for row in rows])
        later = [row | {"value": 0.0, "at": row["at"] + DAY} for row in rows[:10]]
        outcome_store.record(tx, "delay", later)
    with workspace.read() as tx:
        first = label_delay(tx, "delay", MARCH, MARCH + DAY)
        second = label_delay(tx, "delay", MARCH + 5 * DAY, MARCH + 6 * DAY)
        both = label_delay(tx, "delay")
        assert label_delay(tx, "delay", MARCH + DAY, MARCH + 2 * DAY) is None
        assert label_delay(tx, "other") is None
    assert (first.outcomes, second.outcomes, both.outcomes) == (1000, 500, 1500)
    assert first.median == pytest.approx(3600, rel=0.05)
    assert first.most == pytest.approx(36_000, rel=0.05)
    assert second.median == second.most == pytest.approx(3 * 86_400, rel=0.05)
    assert first.known_after(2 * 3600) == 0.75


def test_a_report_and_its_monitor_tell_how_long_outcomes_take_and_what_is_still_to_come(workspace, told):
    told(MARCH, lambda row: HOUR if row % 2 else 20 * DAY)
    told(MARCH + 20 * DAY, lambda row: HOUR if row % 2 else 20 * DAY, share=0.5)
    create(workspace, name="watch", endpoint="delay", min_rows=200)
    report = run(workspace, name="watch", start=MARCH + 20 * DAY, end=MARCH + 21 * DAY)
    assert report.delay.outcomes == 500
    shown = show(workspace, name="watch")
    assert shown.delay.outcomes == 1500
    assert shown.reports[0].delay == report.delay
    assert shown.ripeness.coverage == 0.5


def test_what_is_to_be_expected_follows_from_how_long_outcomes_take():
    delay = LabelDelay(outcomes=100, median=3600.0, most=86_400.0, lengths=[(3600.0, 50), (86_400.0, 50)])
    half = label_maturity(MARCH, MARCH + HOUR, 0.45, delay, MARCH + 3 * HOUR)
    assert (half.arrived, half.expected) == (0.5, 0.9)
    whole = label_maturity(MARCH, MARCH + HOUR, 0.45, delay, MARCH + 3 * DAY)
    assert (whole.arrived, whole.expected) == (1.0, 0.45)
    early = label_maturity(MARCH, MARCH + HOUR, 0.0, delay, MARCH + HOUR)
    assert (early.arrived, early.expected) == (0.0, None)
