"""Whether the business metrics of the endpoint reach their targets."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.business.formatting import amount, shown
from meguru.business.types import BusinessValue
from meguru.errors import InvalidInput
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel


class BusinessCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "business", "metrics": ["delay_cost"], "coverage": 0.9}``: values against their targets.

    All metrics of the endpoint that have a target are judged, or those in `metrics`. One is breached when
    even the better end of its 95 % interval is beyond its target. The sum of a window that depends on
    outcomes is judged when at least `coverage` of them are known; before that only if it must not grow, and
    did.
    """

    key: ClassVar[str] = "business"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.BUSINESS_MISS})
    reads: ClassVar[frozenset[str]] = frozenset({"business"})

    metrics: list[str] = []
    coverage: float = 0.9

    def check(self) -> None:
        """Refuse a coverage that is no share."""
        if not 0 <= self.coverage <= 1:
            raise InvalidInput(
                "coverage must lie between 0 and 1", field="coverage", why=f"it is {self.coverage:g}"
            )

    def check_declaration(self, model: KnownModel) -> None:
        """Metrics may be of any model."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare each value with its target."""
        if window.rows < window.min_rows:
            return []
        return [
            self._one(window, value)
            for value in self._asked(window)
            if value.target is not None and not self._unknown(window, value)
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and enough outcomes of what depends on them."""
        if window.rows < window.min_rows:
            return f"only {window.rows} rows, and {window.min_rows} are needed"
        known = {_bare(value.metric) for value in window.business}
        gone = [f"there is no business metric {name}" for name in self.metrics if _bare(name) not in known]
        judged = [value for value in self._asked(window) if value.target is not None]
        return "; ".join([*gone, *filter(None, (self._unknown(window, value) for value in judged))])

    def _asked(self, window: MonitoredWindow) -> list[BusinessValue]:
        wanted = {_bare(name) for name in self.metrics}
        return [value for value in window.business if not wanted or _bare(value.metric) in wanted]

    def _unknown(self, window: MonitoredWindow, value: BusinessValue) -> str:
        """Return why a value can't be judged; empty when it can."""
        name = _bare(value.metric)
        if value.problem or value.value is None:
            return f"{name} was not measured: {value.problem or 'it has no value'}"
        if value.low is None:
            return f"{name} has too few rows to tell how sure it is"
        if not value.known:
            return ""
        if value.outcomes < window.min_rows:
            return f"of {name} only {value.outcomes} outcomes are known, and {window.min_rows} are needed"
        if value.per == "window" and value.coverage < self.coverage and not _grew_beyond(value):
            return (
                f"{name} is a sum over outcomes, of which {value.coverage:.0%} are known, "
                f"and {self.coverage:.0%} are needed"
            )
        return ""

    def _one(self, window: MonitoredWindow, value: BusinessValue) -> Finding:
        target = value.target or 0.0
        up = value.direction == "higher"
        well = (value.value or 0.0) >= target if up else (value.value or 0.0) <= target
        beyond, within = ("below", "above") if up else ("above", "within")
        relation = (
            f"is certainly {beyond}" if value.misses else f"is {within}" if well else f"may be {beyond}"
        )
        edge = (value.high if up else value.low) or 0.0
        return Finding(
            check=self.key,
            severity=Severity.BUSINESS_MISS,
            model=window.model,
            column=_bare(value.metric),
            says=f"{_bare(value.metric)} {shown(value)} {relation} its target {amount(target, value.unit)}",
            breached=value.misses,
            statistic=value.value,
            threshold=target,
            effect=max(0.0, target - edge if up else edge - target),
            n=value.outcomes if value.known else value.rows,
        )


def _grew_beyond(value: BusinessValue) -> bool:
    return value.direction == "lower" and value.misses


def _bare(name: str) -> str:
    return name.rpartition("/")[2]
