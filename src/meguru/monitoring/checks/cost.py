"""Whether predictions cost more than they may, or than they did."""

from __future__ import annotations

from statistics import median
from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.monitoring.service import ServiceWindow
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel

MIN_WINDOWS = 3
"""So many earlier windows tell what predictions usually cost."""
PER = 1000


class CostCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "cost", "cpu_hour": 5, "unit": "JPY", "limit": 0.2}``: what 1,000 predictions cost.

    Measured is the processor time of the endpoint's own threads: decoding, features, the model and its
    shadows. HTTP, the database and a machine that waits are not in it. `cpu_hour` is the price of an hour of
    one processor in `unit`; without it the cost is told in seconds. It is breached above `limit`, or, without
    one, when it rose by more than `rise` (a share) above the median of at least three earlier windows.
    """

    key: ClassVar[str] = "cost"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.COST_RISE})
    reads: ClassVar[frozenset[str]] = frozenset({"service", "past"})

    cpu_hour: float | None = None
    unit: str = ""
    limit: float | None = None
    rise: float = 0.5

    def check(self) -> None:
        """Refuse prices and limits that are negative."""
        for name in ("cpu_hour", "limit", "rise"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise InvalidInput(f"{name} must not be negative", field=name, why=f"it is {value:g}")
        if self.cpu_hour is not None and not self.unit:
            raise InvalidInput("a price has a unit", field="unit", hint='{"cpu_hour": 5, "unit": "JPY"}')

    def check_declaration(self, model: KnownModel) -> None:
        """Any model costs."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the cost of 1,000 predictions with the limit, or with what it was."""
        seen = window.service
        if self.missing(window) or seen is None:
            return []
        cost, usual = self._cost(seen), self._usual(window)
        limit = self.limit if self.limit is not None else None if usual is None else usual * (1 + self.rise)
        beyond = limit is not None and cost > limit
        compared = "" if limit is None else f", {'above' if beyond else 'within'} {self._shown(limit)}"
        was = "" if usual is None else f"; before it was {self._shown(usual)}"
        return [
            Finding(
                check=self.key,
                severity=Severity.COST_RISE,
                model=window.model,
                column="cost",
                says=f"{PER:,} predictions cost {self._shown(cost)}{compared}{was}",
                breached=beyond,
                statistic=cost,
                threshold=limit,
                effect=max(0.0, cost - limit) if limit is not None else None,
                n=seen.rows,
            )
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough predictions of which the processor time was counted."""
        rows = window.rows if window.service is None else window.service.rows
        if rows < window.min_rows:
            return f"only {rows} rows, and {window.min_rows} are needed"
        return ""

    def _cost(self, seen: ServiceWindow) -> float:
        seconds = seen.cpu / seen.rows * PER
        return seconds if self.cpu_hour is None else seconds / 3600 * self.cpu_hour

    def _usual(self, window: MonitoredWindow) -> float | None:
        before = [
            finding.statistic
            for past in window.past
            for finding in past.findings
            if finding.check == self.key and finding.statistic is not None
        ]
        return median(before) if len(before) >= MIN_WINDOWS else None

    def _shown(self, cost: float) -> str:
        return f"{cost:.3g} {self.unit or 's of processor'}".strip()
