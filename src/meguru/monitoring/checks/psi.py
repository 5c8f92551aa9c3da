"""The population stability index of each column, against the data the live model was trained on."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.monitoring.checks.base import drift_finding, no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.known import KnownModel
from meguru.stats import psi_test
from meguru.stats.arrays import as_level
from meguru.stats.drift.result import check_floor


class Psi(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "psi", "floor": 0.1, "alpha": 0.01}``: over deciles or categories, missing values as a bin.

    `floor` is the index that is worth an alarm; `alpha` the chance of any false alarm in a window without
    change.
    """

    key: ClassVar[str] = "psi"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.INPUT_DRIFT, Severity.PREDICTION_DRIFT})
    reads: ClassVar[frozenset[str]] = frozenset()

    floor: float = 0.1
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a negative floor and an alpha that is no probability."""
        check_floor(self.floor)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be compared."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Test every compared column."""
        if self.missing(window):
            return []
        findings = []
        for column in window.columns:
            nulls = column.then.nulls or column.now.nulls
            then = column.then.with_nulls() if nulls else column.then.deciles
            now = column.now.with_nulls() if nulls else column.now.deciles
            result = psi_test(then, now, alpha=self.alpha, comparisons=len(window.columns), floor=self.floor)
            findings.append(drift_finding(self.key, "PSI", window, column, result))
        return findings

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)
