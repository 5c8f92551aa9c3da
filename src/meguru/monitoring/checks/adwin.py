"""Whether a numeric column or the score changed in the middle of a window, by ADWIN over its rows."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import msgspec
import numpy as np

from meguru.monitoring.checks.base import drift_finding, no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.arrays import Floats, as_level
from meguru.stats.drift.result import DriftResult, check_floor
from meguru.stats.profile import NumericProfile
from meguru.stats.streams import Adwin

_POINTS = 4000


class _Moved(NamedTuple):
    """By how many standard deviations of the baseline a mean moved, and the rows on both sides."""

    by: float
    before: int
    after: int


class AdwinChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "adwin", "floor": 0.2, "alpha": 0.01}``: the rows of the window, in order of event time.

    `floor` is how far the mean has to move, in standard deviations of the baseline; `alpha` the chance of any
    false alarm at a look. Of more than 4,000 rows the means of equally many in a row are looked at.
    """

    key: ClassVar[str] = "adwin"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.INPUT_DRIFT, Severity.PREDICTION_DRIFT})
    reads: ClassVar[frozenset[str]] = frozenset({"rows"})

    floor: float = 0.2
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a negative floor and an alpha that is no probability."""
        check_floor(self.floor)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be looked at."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Look at every compared column of numbers, one row after the other."""
        if self.missing(window) or window.frame is None:
            return []
        columns = [
            compared_column
            for compared_column in window.columns
            if compared_column.ordered and compared_column.name in window.frame.columns
        ]
        findings = []
        for column in columns:
            moved = self._moved(window, column, self.alpha / len(columns))  # Bonferroni over the columns
            result = DriftResult(
                statistic=moved.by,
                threshold=self.floor,
                effect=moved.by,
                p_value=1.0,
                drifted=moved.by > self.floor,
                n_reference=moved.before,
                n_current=moved.after,
            )
            finding = drift_finding(self.key, "change within the window", window, column, result, self.floor)
            findings.append(msgspec.structs.replace(finding, p_value=None))
        return findings

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows themselves, and a baseline."""
        if why := no_columns(window):
            return why
        return "the rows of the window are not at hand" if window.frame is None else ""

    def _moved(self, window: MonitoredWindow, column: ComparedColumn, alpha: float) -> _Moved:
        profile = column.profile
        if window.frame is None or not isinstance(profile, NumericProfile):
            return _Moved(0.0, 0, 0)
        values = _finite(window, column.name)
        points, size = _points(values, profile)
        test, changed = Adwin(alpha=alpha), False
        for each in points.tolist():
            changed = test.update(each) or changed
        kept = test.width * size
        if not changed or kept >= values.size:
            return _Moved(0.0, values.size, values.size)
        unit = (profile.sd or 0.0) / (profile.high - profile.low)
        old, new = points[: points.size - test.width].mean(), points[points.size - test.width :].mean()
        return _Moved(float(abs(new - old)) / unit if unit else 0.0, values.size - kept, kept)


def _finite(window: MonitoredWindow, name: str) -> Floats:
    import polars as pl

    if window.frame is None or not window.frame[name].dtype.is_numeric():
        return np.empty(0)
    values: Floats = window.frame[name].drop_nulls().cast(pl.Float64).to_numpy()
    return values[np.isfinite(values)]


def _points(values: Floats, profile: NumericProfile) -> tuple[Floats, int]:
    """Return values as parts of the baseline's middle range, and how many rows a point stands for."""
    if profile.high <= profile.low:
        return np.empty(0), 1
    with np.errstate(over="ignore", invalid="ignore"):
        parts = (np.clip(values, profile.low, profile.high) - profile.low) / (profile.high - profile.low)
    parts = np.nan_to_num(parts)
    size = max(1, -(-parts.size // _POINTS))
    whole = parts.size // size * size
    return parts[:whole].reshape(-1, size).mean(axis=1), size
