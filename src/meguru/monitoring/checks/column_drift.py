"""What the checks share that compare each column with its baseline by one test."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.monitoring.checks.base import drift_finding, no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.arrays import as_level
from meguru.stats.drift import TESTS, DriftTest, two_sides
from meguru.stats.drift.result import bonferroni_alpha, check_floor


class ColumnDriftCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drift test of every column that it suits, over the bins of the baseline.

    `floor` is the effect that is worth an alarm; `alpha` the chance of any false alarm in a window without
    change.
    """

    key: ClassVar[str]
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
        """Test every compared column that a test suits."""
        if no_columns(window):
            return []
        asked = [
            (compared_column, self.test_of(compared_column))
            for compared_column in window.columns
            if compared_column.then.count and compared_column.now.count
        ]
        suited = [(column, test) for column, test in asked if test is not None]
        # `alpha` is for the whole window: each of its columns gets a share of it.
        level = bonferroni_alpha(self.alpha, max(1, len(suited)))
        findings = []
        for column, test in suited:
            sides = two_sides(column.profile, column.then, column.now)
            floor = self.floor_of(test)
            result = test.compare(sides, level=level, floor=floor)
            findings.append(drift_finding(self.key, test.label, window, column, result, floor))
        return findings

    def test_of(self, column: ComparedColumn) -> DriftTest | None:
        """Return the test of a column; None if there is none that suits it."""
        test: DriftTest = TESTS.load(self.key)()
        return test if (test.numeric if column.ordered else test.categorical) else None

    def floor_of(self, test: DriftTest) -> float:
        """Return the effect that is worth an alarm by a test."""
        del test
        return self.floor

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)
