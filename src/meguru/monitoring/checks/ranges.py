"""Whether numbers lie far outside of those that the model was trained on."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.datasets.versions.scan import HIDDEN
from meguru.monitoring.checks.base import no_columns
from meguru.monitoring.checks.share import ShareOfRows, check_share, share_finding
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats import NumericProfile
from meguru.stats.arrays import as_level

_BY_CHANCE = 1
"""Of the rows with the least and the greatest number, one lies outside of the others: see `rise_p_value`."""


class Ranges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "ranges", "share": 0.01, "strict": false, "alpha": 0.01}``: numbers far out, and infinite.

    A number is far out when it lies farther outside of the baseline's range than that is wide: -999 for a
    percentage, or metres for kilometres; the heat of a first summer is not. With `strict` any number outside
    of the range counts. It is breached when more than a `share` of a column's values are, and more than
    the rare new extremes that any column has: with the chance `alpha` of any false alarm in a window.
    """

    key: ClassVar[str] = "ranges"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset()

    share: float = 0.01
    strict: bool = False
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a share that nothing is above, and an alpha that is no probability."""
        check_share("share", self.share)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be counted."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Look at every numeric column that had a finite number."""
        if self.missing(window):
            return []
        known = [
            (column, column.profile)
            for column in window.columns
            if isinstance(column.profile, NumericProfile) and column.profile.minimum is not None
        ]
        level = self.alpha / (2 * max(len(known), 1))
        return [
            finding for each, profile in known for finding in self._of_column(window, each, profile, level)
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)

    def _of_column(
        self, window: MonitoredWindow, column: ComparedColumn, profile: NumericProfile, level: float
    ) -> list[Finding]:
        out = column.now.beyond if self.strict else column.now.far
        low, high = profile.minimum or 0.0, profile.maximum or 0.0
        between = f"{low:.4g} to {high:.4g}"
        if column.name in window.personal:
            between = f"{HIDDEN} to {HIDDEN}"
        label = f"{'outside' if self.strict else 'far outside'} {between}:"
        tails = profile.counts[0] + profile.counts[-1]  # the infinite ones are there, if there were any
        found = [(out, _BY_CHANCE, label)]
        if column.now.infinite:
            found.append((column.now.infinite, tails, "infinite:"))
        return [
            share_finding(
                self.key,
                window,
                ShareOfRows(
                    column=column.name,
                    count=count,
                    rows=column.now.count,
                    count_before=before,
                    rows_before=profile.count,
                ),
                rise=self.share,
                level=level,
                label=label,
            )
            for count, before, label in found
        ]
