"""Windows of counts: a year of days is drawn in a moment, exactly as if its rows had been counted."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import norm

from meguru.monitoring.deciding.judge import judge
from meguru.monitoring.types import Monitor, ReportVerdict, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow, PastWindow
from meguru.stats import ColumnCounts, NumericProfile, profile_frame

MODEL, DAY = "model/delay@2", timedelta(days=1)
START = datetime(2024, 1, 1, tzinfo=UTC)
CHECKS = [{"check": "psi"}, {"check": "ks"}]


def profile():
    import polars as pl

    values = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    return profile_frame(pl.DataFrame({"x": values})).columns["x"]


PROFILE: NumericProfile = profile()


def counted(draw, shift, n):
    """Draw n rows of a standard normal that moved, and count them over the bins of the baseline."""
    import polars as pl

    from meguru.stats import tally_column

    return tally_column(PROFILE, pl.Series("x", draw.normal(shift, 1, n)))


def column(name, now):
    severity = Severity.INPUT_DRIFT
    return ComparedColumn(
        name=name, severity=severity, ordered=True, profile=PROFILE, then=PROFILE.own(), now=now
    )


class Days:
    """Judges one day after the other; each sees those before, as a monitor does."""

    def __init__(self, monitor, n=2000, seed=0, start=START):
        self.monitor, self.n, self.draw, self.start, self.past = (
            monitor,
            n,
            np.random.default_rng(seed),
            start,
            [],
        )

    def day(self, *, rows=None, broken=None, model=MODEL, **shifts):
        n = self.n if rows is None else rows
        columns = (
            tuple(column(name, counted(self.draw, shift, n)) for name, shift in shifts.items()) if n else ()
        )
        window = MonitoredWindow(
            model=model if n else "",
            rows=n,
            outcomes=0,
            min_rows=200,
            columns=columns,
            broken=broken or {},
            start=self.start,
            end=self.start + DAY,
            past=tuple(self.past),
        )
        found = judge(self.monitor, window)
        self.past.append(
            PastWindow(
                start=window.start,
                end=window.end,
                model=window.model,
                rows=n,
                verdict=found.verdict,
                findings=tuple(found.findings),
                columns=columns,
                causes=tuple(found.causes),
            )
        )
        self.start += DAY
        return found

    def skip(self, days):
        self.start += days * DAY


@pytest.fixture
def watch():
    def watch(**fields):
        given = {"checks": CHECKS, "alert_on": [Severity.DATA_BREAK, Severity.INPUT_DRIFT]} | fields
        return Monitor(
            name="delay-watch",
            endpoint="delay",
            min_rows=200,
            min_drift_share=0.0,
            created_at=START,
            created_by="me",
            **given,
        )

    return watch


@pytest.fixture
def days(watch):
    def days(n=2000, seed=0, **fields):
        return Days(watch(**fields), n, seed)

    return days


def rang(found):
    return found.verdict is ReportVerdict.ALERT


__all__ = ["ColumnCounts", "Days"]
