"""The Kolmogorov-Smirnov distance of each numeric column, against the data the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.monitoring.checks.base import drift_finding, no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.known import KnownModel
from meguru.stats import ks_test
from meguru.stats.arrays import as_level
from meguru.stats.drift.result import check_floor


class Ks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "ks", "floor": 0.05, "alpha": 0.01}``: over 1,024 bins; missing values are left out.

    `floor` is the distance above the noise that is worth an alarm; `alpha` the chance of any false alarm in
    a window without change.
    """

    key: ClassVar[str] = "ks"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.INPUT_DRIFT, Severity.PREDICTION_DRIFT})
    reads: ClassVar[frozenset[str]] = frozenset()

    floor: float = 0.05
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a floor that no distance lies above, and an alpha that is no probability."""
        check_floor(self.floor)
        if self.floor >= 1:
            raise InvalidInput(
                "no distance lies above this floor", field="floor", why=f"it is {self.floor:g}, and 1 is all"
            )
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be compared."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Test every compared numeric column."""
        if self.missing(window):
            return []
        columns = _numeric(window)
        return [
            drift_finding(
                self.key,
                "KS distance",
                window,
                column,
                ks_test(
                    column.then.bins,
                    column.now.bins,
                    alpha=self.alpha,
                    comparisons=len(columns),
                    floor=self.floor,
                ),
            )
            for column in columns
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)


def _numeric(window: MonitoredWindow) -> list[ComparedColumn]:
    return [each for each in window.columns if each.ordered and each.then.count and each.now.count]
