"""Whether the columns are there, hold what they held, and have values at all."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.monitoring.checks.base import too_few_rows
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel


class Schema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "schema"}``: columns that are gone, of another type, or all null. Every monitor checks it.

    Columns that the baseline did not have are told and never breached: a model does not look at them.
    """

    key: ClassVar[str] = "schema"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset()

    def check(self) -> None:
        """There is no option."""

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be looked at."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Tell of every column that can't be compared, and of those nobody knows."""
        if self.missing(window):
            return []
        broken = [
            self._finding(window, name, f"{name} can't be compared with {window.compared_with}: {why}")
            for name, why in window.broken.items()
        ]
        extra = [
            self._finding(window, name, f"{name} is not in {window.compared_with}", breached=False)
            for name in window.extra
        ]
        return broken + extra

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        if why := too_few_rows(window):
            return why
        if window.columns or window.times or window.broken:
            return ""
        return f"nothing is known of the data that {window.model} was trained on"

    def _finding(self, window: MonitoredWindow, name: str, says: str, *, breached: bool = True) -> Finding:
        return Finding(
            check=self.key,
            severity=Severity.DATA_BREAK,
            model=window.model,
            column=name,
            says=says,
            breached=breached,
            n=window.own_rows,
        )
