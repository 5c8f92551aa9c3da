"""Whether the mean of a numeric column or the score moves over the windows, by Page and Hinkley's test."""

from __future__ import annotations

import math
from typing import ClassVar

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.monitoring.checks.base import drift_finding, no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.arrays import Floats, as_level
from meguru.stats.drift.result import DriftResult, check_floor
from meguru.stats.profile import ColumnCounts, NumericProfile
from meguru.stats.streams import PageHinkley

_ALLOWED = 0.5
"""A move of half of the usual movement between windows is let pass, as is customary."""
_OVERSHOOT = 1.166
"""By so much a sum passes its limit on average (Siegmund, 1985)."""


class PageHinkleyShift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "page_hinkley", "floor": 0.1, "alpha": 0.01, "least": 8}``: means of windows.

    `floor` is how far the mean has to move, in standard deviations of the baseline; `alpha` the chance of any
    false alarm in a window without change; fewer than `least` earlier windows tell nothing.
    """

    key: ClassVar[str] = "page_hinkley"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.INPUT_DRIFT, Severity.PREDICTION_DRIFT})
    reads: ClassVar[frozenset[str]] = frozenset({"past"})

    floor: float = 0.1
    alpha: float = 0.01
    least: int = 8

    def check(self) -> None:
        """Refuse a negative floor, an alpha that is no probability, and too few windows."""
        check_floor(self.floor)
        as_level(self.alpha, "alpha")
        if not 4 <= self.least <= 14:
            raise InvalidInput("least must lie between 4 and 14", field="least", why=f"it is {self.least}")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be looked at."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Look at the means of every compared column of numbers, the earliest window first."""
        if self.missing(window):
            return []
        columns = [
            compared_column
            for compared_column in window.columns
            if compared_column.ordered and compared_column.now.count
        ]
        limit = math.log(max(1, len(columns)) / self.alpha) - _OVERSHOOT
        findings = []
        for column in columns:
            means, sizes = _means(window, column)
            if means.size > self.least:
                result = self._moved(means, sizes, limit)
                findings.append(self._told(window, column, result))
        return findings

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, a baseline, and enough earlier windows."""
        if why := no_columns(window):
            return why
        known = sum(1 for past_window in window.past if len(past_window.columns))
        if known < self.least:
            return f"only {known} earlier windows are known, and {self.least} are needed"
        return ""

    def _told(self, window: MonitoredWindow, column: ComparedColumn, found: DriftResult) -> Finding:
        name = "mean moves over the windows (Page-Hinkley)"
        finding = drift_finding(self.key, name, window, column, found, self.floor)
        return msgspec.structs.replace(finding, p_value=None)

    def _moved(self, means: Floats, sizes: Floats, limit: float) -> DriftResult:
        """Standardise the means by how much they usually move from one window to the next."""
        steps = np.abs(np.diff(means[:-1]))
        # A robust scale: the median step of a normal walk is 0.6745 * sqrt(2) of its standard deviation.
        usual = float(np.median(steps)) / (0.6745 * math.sqrt(2)) if steps.size else 0.0
        unit = max(usual, float(np.sqrt(1 / np.median(sizes))))
        # Without a limit of its own it forgets nothing: what moved some windows ago is still told.
        test = PageHinkley(drift=_ALLOWED, threshold=math.inf, memory=1.0)
        for mean in (means / unit).tolist():
            test.update(mean)
        effect = abs(float(means[-1] - np.median(means[:-1])))
        return DriftResult(
            statistic=test.evidence,
            threshold=limit,
            effect=effect,
            p_value=1.0,
            drifted=test.evidence > limit and effect > self.floor,
            n_reference=int(sizes[:-1].sum()),
            n_current=int(sizes[-1]),
        )


def _means(window: MonitoredWindow, column: ComparedColumn) -> tuple[Floats, Floats]:
    """Return a column's mean by window in the baseline's deviations, and the rows, the present one last."""
    earlier = [
        compared_column.now
        for past in sorted(window.past, key=lambda each: each.start)
        for compared_column in past.columns
        if compared_column.name == column.name
        and compared_column.now.count
        and compared_column.now.bins.shape == column.now.bins.shape
    ]
    counted = [*earlier, column.now]
    profile = column.profile
    if not isinstance(profile, NumericProfile) or not profile.sd:
        return np.empty(0), np.empty(0)
    means = [_mean(profile, counts) / profile.sd for counts in counted]
    return np.array(means), np.array([counts.count for counts in counted], dtype=np.float64)


def _mean(profile: NumericProfile, counts: ColumnCounts) -> float:
    """Return the mean over the bins; what lies in the tails counts as the end of the range."""
    inner = counts.bins.size - 2
    width = (profile.high - profile.low) / inner
    middles = profile.low + width * (np.arange(inner) + 0.5)
    places = np.concatenate(([profile.low], middles, [profile.high]))
    return float(places @ counts.bins / counts.count)
