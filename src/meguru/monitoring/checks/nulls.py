"""Whether values are missing that were there in the baseline."""

from __future__ import annotations

import math
from typing import ClassVar

import msgspec
from scipy.special import ndtri

from meguru.errors import InvalidInput
from meguru.monitoring.checks.base import no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.known import KnownModel
from meguru.stats.arrays import as_level


class Nulls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "nulls", "rise": 0.05, "alpha": 0.01}``: the share of missing values of each column.

    It is breached when the share rose by more than `rise`, and by more than noise: one-sided, with the chance
    `alpha` of any false alarm in a window without change.
    """

    key: ClassVar[str] = "nulls"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset()

    rise: float = 0.05
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a rise that is no share, and an alpha that is no probability."""
        if not 0 <= self.rise < 1:
            raise InvalidInput("rise must lie between 0 and 1", field="rise", why=f"it is {self.rise:g}")
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be counted."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the share of every column."""
        return [] if self.missing(window) else [self._one(window, each) for each in window.columns]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)

    def _one(self, window: MonitoredWindow, column: ComparedColumn) -> Finding:
        n, m = column.then.nulls + column.then.count, column.now.nulls + column.now.count
        before, after = column.then.nulls / max(n, 1), column.now.nulls / max(m, 1)
        # As if both had the pooled share: with none missing before, its own variance would be none.
        pooled = (column.then.nulls + column.now.nulls) / max(n + m, 1)
        noise = math.sqrt(pooled * (1 - pooled) * (1 / max(n, 1) + 1 / max(m, 1)))
        quantile = float(ndtri(1 - self.alpha / max(len(window.columns), 1)))
        limit = before + max(self.rise, quantile * noise)
        return Finding(
            check=self.key,
            severity=Severity.DATA_BREAK,
            model=window.model,
            column=column.name,
            says=f"{column.name}: missing {after:.3f} is above {limit:.3f}"
            if after > limit
            else f"{column.name}: missing {after:.3f} is within {limit:.3f}",
            breached=after > limit,
            statistic=after,
            threshold=limit,
            effect=after - before,
            n_reference=n,
            n=m,
            floor=self.rise or None,
        )
