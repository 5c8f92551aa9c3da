"""What the checks share that compare each column with its baseline by one test."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from meguru.monitoring.checks.base import drift_finding, no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.known import KnownModel
from meguru.stats.arrays import as_level
from meguru.stats.drift import TESTS, DriftTest, two_sides
from meguru.stats.drift.result import check_floor, share_of_alarms


class ColumnDriftCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drift test of every column that it suits, over the bins of the baseline.

    `floor` is the effect that is worth an alarm; `alpha` the chance of any false alarm in a window without
    change.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    """What the test's statistic is called in a finding."""
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.INPUT_DRIFT, Severity.PREDICTION_DRIFT})
    reads: ClassVar[frozenset[str]] = frozenset()

    floor: float
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a negative floor and an alpha that is no probability."""
        check_floor(self.floor)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be compared."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Test every compared column that the test suits."""
        if no_columns(window):
            return []
        test = TESTS.load(self.key)()
        columns = [each for each in window.columns if _suits(test, each)]
        level = share_of_alarms(self.alpha, max(1, len(columns)))
        findings = []
        for column in columns:
            sides = two_sides(column.profile, column.then, column.now)
            result = test.compare(sides, level=level, floor=self.floor)
            findings.append(drift_finding(self.key, self.label, window, column, result, self.floor))
        return findings

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)


def _suits(test: DriftTest, column: ComparedColumn) -> bool:
    suits: Any = test.numeric if column.ordered else test.categorical
    return bool(suits and column.then.count and column.now.count)
