"""Metrics whose interval is computed from the influence function: what each row adds to the value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.base import Direction, Method, Resampler
from meguru.metrics.resampling import bootstrap, dense
from meguru.metrics.rows import Codes, ScoredRows, same_rows
from meguru.stats.arrays import Floats, as_level
from meguru.stats.intervals import Interval, normal_quantile


@dataclass(frozen=True, slots=True)
class Influence:
    """A value with its empirical influence function `pull`: shape (units,), weighted mean 0.

    Units are rows, or lists of rows for what is measured by list; those of one `block` may depend on each
    other.
    """

    value: float
    pull: Floats
    weight: Floats | None = None
    block: Codes | None = None

    def minus(self, other: Influence) -> Influence:
        """Return the influence on the difference of two values of the same units."""
        return replace(self, value=self.value - other.value, pull=self.pull - other.pull)

    def spread(self) -> tuple[float, int]:
        """Return the standard error and how many independent units it comes from; NaN for fewer than two."""
        pull, block, rows = self.pull, self.block, len(self.pull)
        if self.weight is not None:
            # What weighs nothing is no evidence: it counts neither as a row nor as a block of its own.
            counts = self.weight > 0
            pull = (pull * (self.weight / self.weight.sum() * rows))[counts]
            block = None if block is None else block[counts]
        units = len(pull)
        if block is not None:
            units, of_row = dense(block)
            pull = np.bincount(of_row, weights=pull, minlength=units).astype(np.float64)
        if units < 2:
            return math.nan, units
        squares = float(pull @ pull) / rows**2
        # The pulls add up to 0 by construction, which takes one degree of freedom (C - 1, not C).
        return math.sqrt(squares * units / (units - 1)), units


class InfluenceMetric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    r"""A metric that is a smooth function of the distribution of rows.

    Notes
    -----
    With :math:`\psi_i` the influence of row *i* and :math:`w_i` its weight, the variance of the value is

    .. math:: \frac{C}{C-1} \frac{\sum_c (\sum_{i \in c} w_i \psi_i)^2}{(\sum_i w_i)^2}

    over blocks *c* (each row its own block when there are none). The interval takes the quantile of Student's
    t with C - 1 degrees of freedom. Two models on the same rows differ with influence
    :math:`\psi_i - \psi'_i`, which keeps what they have in common. All O(n) after what the value costs.

    It is an interval of large samples. When all rows agree (variance 0) at an end of the metric's range, it
    reaches inward as far as Wilson's does when n of n rows have the property.

    References
    ----------
    Hampel, F. R. (1974). The influence curve and its role in robust estimation. JASA 69.
    Liang, K.-Y., Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models. Biometrika
    73.
    """

    key: ClassVar[str] = ""
    parameter: ClassVar[str] = ""
    title: ClassVar[str] = ""
    measured_in: ClassVar[str] = "share"
    better: ClassVar[Direction] = "higher"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0
    tasks: ClassVar[frozenset[str]] = frozenset()
    outputs: ClassVar[tuple[str, ...]] = ("score",)
    max_bootstrap_rows: ClassVar[int] = 1000

    @property
    def name(self) -> str:
        """Its key, with the parameter if one is set."""
        value = getattr(self, self.parameter) if self.parameter else None
        return self.key if value is None else f"{self.key}@{value}"

    @property
    def unit(self) -> str:
        """What its values are counted in."""
        return self.measured_in

    @property
    def direction(self) -> Direction:
        """Whether more is better or less."""
        return self.better

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the rows that it reads, beside truth and answers."""
        return ()

    def check(self) -> None:
        """There is nothing to choose."""

    def missing(self, rows: ScoredRows) -> str:
        """Return why such rows can't be measured; empty when they can."""
        lacking = [name for name in self.outputs if not rows.has(name)]
        return f"{self.key} needs {' and '.join(lacking)}" if lacking else ""

    def value(self, rows: ScoredRows) -> float:
        """Return the metric of the rows."""
        return self.influence(rows).value if self.has_evidence(rows) else math.nan

    def has_evidence(self, rows: ScoredRows) -> bool:
        """Say whether the rows tell anything; a metric without outputs it needs is refused."""
        why = self.missing(rows)
        if why:
            raise InvalidInput(why, field="metric")
        return rows.total > 0

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the value and each unit's influence on it; there is at least one row that counts."""
        raise NotImplementedError

    def resampler(self, rows: ScoredRows) -> Resampler:
        """Return what gives the value when rows count more or less often."""
        return lambda counts: self.value(rows.times(counts))

    def bootstrap_units(self, rows: ScoredRows) -> Codes | None:
        """Return which rows are drawn together by the bootstrap."""
        return rows.block

    def interval(
        self, rows: ScoredRows, *, level: float = 0.95, seed: int = 0, method: Method = "auto"
    ) -> Interval:
        """Return the value with its interval."""
        if not self.has_evidence(rows):
            return unknown(level, len(rows))
        if method == "bootstrap":
            return bootstrap(
                self.resampler(rows), None, len(rows), self.bootstrap_units(rows), level=level, seed=seed
            )
        return self._around(self.influence(rows), level, len(rows), (self.low, self.high))

    def difference(
        self,
        rows: ScoredRows,
        other: ScoredRows,
        *,
        level: float = 0.95,
        seed: int = 0,
        method: Method = "auto",
    ) -> Interval:
        """Return the value of `rows` minus that of `other`, with the paired interval."""
        same_rows(rows, other)
        if not (self.has_evidence(rows) and self.has_evidence(other)):
            return unknown(level, len(rows))
        if method == "bootstrap":
            both = self.resampler(rows), self.resampler(other)
            return bootstrap(*both, len(rows), self.bootstrap_units(rows), level=level, seed=seed)
        influence = self.influence(rows).minus(self.influence(other))
        span = self.high - self.low
        return self._around(influence, level, len(rows), (-span, span))

    def interval_of_counts(self, rows: ScoredRows, *, level: float = 0.95) -> Interval:
        """Return the value with its interval of rows that stand for many alike: weights count them.

        Rows of weight 3 are three independent rows, where `interval` sees one that matters three times as
        much.
        """
        total = round(rows.total)
        if not self.has_evidence(rows):
            return unknown(level, total)
        influence = self.influence(rows)
        spread = math.nan
        if total > 1 and rows.weight is not None:
            # Weights that count equal rows are frequencies: N of them, not as many as there are different
            # rows.
            squares = float(rows.weight @ np.square(influence.pull)) / total
            spread = math.sqrt(squares / (total - 1))
        return self.within(influence.value, (spread, total), level, total, "influence over counts")

    def within(self, value: float, spread: tuple[float, int], level: float, n: int, method: str) -> Interval:
        """Return the interval around a value with a standard error of so many units, within the range."""
        return _bounded(value, spread, level, n, (self.low, self.high), method)

    def _around(self, found: Influence, level: float, n: int, limits: tuple[float, float]) -> Interval:
        method = "influence" if found.block is None else "influence by block"
        return _bounded(found.value, found.spread(), level, n, limits, method)


def _bounded(
    value: float,
    error: tuple[float, int],
    level: float,
    n: int,
    limits: tuple[float, float],
    method: str,
) -> Interval:
    spread, units = error
    half = math.nan if math.isnan(spread) else student_quantile(level, units - 1) * spread
    low, high = value - half, value + half
    # Rows that all agree have variance 0, which a few rows do not prove.
    if half == 0 and value in limits and math.isfinite(limits[0] + limits[1]):
        inward = wilson_reach(units, level) * (limits[1] - limits[0])
        low, high = (low - inward, high) if value == limits[1] else (low, high + inward)
    if not math.isnan(half):
        low, high = max(limits[0], low), min(limits[1], high)
    return Interval(estimate=value, low=low, high=high, level=level, method=method, n=n)


def unknown(level: float, n: int) -> Interval:
    """Return the interval of a value that is not defined for these rows: all NaN."""
    return Interval(estimate=math.nan, low=math.nan, high=math.nan, level=as_level(level), method="none", n=n)


def student_quantile(level: float, freedom: int) -> float:
    """The two-sided quantile of Student's t: 1.96 for a level of 0.95 and many degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + as_level(level) / 2))


def wilson_reach(n: int, level: float) -> float:
    """How far Wilson's interval reaches below 1 when n of n have the property."""
    z = normal_quantile(level)
    return z * z / (n + z * z)
