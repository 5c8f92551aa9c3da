"""Whether values are missing that were there in the baseline."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.monitoring.checks.base import no_columns
from meguru.monitoring.checks.share import ShareOfRows, check_share, share_finding
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.arrays import as_level


class Nulls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "nulls", "rise": 0.05, "alpha": 0.01}``: the share of missing values of each column.

    It is breached when the share rose by more than `rise`, and by more than noise: one-sided, with the chance
    `alpha` of any false alarm in a window without change. Of a column that missed a share p before, the rise
    has to be more than p(1 - p) too: what misses often does so in clumps. NaN counts as missing.
    """

    key: ClassVar[str] = "nulls"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset()

    rise: float = 0.05
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a rise that is no share, and an alpha that is no probability."""
        check_share("rise", self.rise)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be counted."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the share of every column."""
        if self.missing(window):
            return []
        level = self.alpha / max(len(window.columns) + len(window.times), 1)
        found = [
            ShareOfRows(
                column=column.name,
                count=column.now.nulls,
                rows=column.now.nulls + column.now.count,
                count_before=column.then.nulls,
                rows_before=column.then.nulls + column.then.count,
            )
            for column in window.columns
        ] + [
            ShareOfRows(
                column=time.name,
                count=time.nulls,
                rows=time.rows,
                count_before=time.profile.nulls,
                rows_before=time.profile.nulls + time.profile.count,
            )
            for time in window.times
        ]
        return [
            share_finding(
                self.key,
                window,
                each,
                rise=max(self.rise, each.before * (1 - each.before)),
                level=level,
                label="missing",
            )
            for each in found
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)
