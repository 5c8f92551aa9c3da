"""Whether the newest row is new enough."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.base import durations
from meguru.errors import InvalidInput
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel


class WindowFreshness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "freshness", "within": "1d"}``: how old the newest row is at the end of the window.

    By event time, so that a replay of last year finds what it would have found then. Of a whole version of a
    dataset the end is when it was made. It is breached when the newest row is older than `within`.
    """

    key: ClassVar[str] = "freshness"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset({"past"})

    within: float | str = "1d"

    def check(self) -> None:
        """Refuse what is no length of time."""
        if self._limit <= 0:
            raise InvalidInput("within must be a length of time", field="within", hint="'2h', or '1d'")

    def check_declaration(self, model: KnownModel) -> None:
        """Rows of any model come at some time."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the age of the newest row with what is allowed."""
        age = _age(window)
        if age is None or self.missing(window):
            return []
        limit = self._limit
        late = age > limit
        known = "" if window.newest else "at least "
        side = "older than" if late else "within"
        return [
            Finding(
                check=self.key,
                severity=Severity.DATA_BREAK,
                model="",
                says=f"the newest row is {known}{_words(age)} old, {side} {_words(limit)}",
                breached=late,
                statistic=age,
                threshold=limit,
                effect=max(0.0, age - limit),
                n=window.rows,
                floor=limit,
            )
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need a row with an event time, or so long a time without any."""
        age = _age(window)
        if age is None:
            return "no event time is known"
        if window.newest is None and age <= self._limit:
            return "no row came, and how old the newest is nobody knows"
        return ""

    @property
    def _limit(self) -> float:
        return durations.length(self.within, field="within")


def _age(window: MonitoredWindow) -> float | None:
    """Return how old the newest row is, in seconds; at least so old, where none came in the window."""
    if window.end is None:
        return None
    if window.newest is not None:
        return max(0.0, (window.end - window.newest).total_seconds())
    if window.rows or window.start is None:
        return None
    last = max((past_window.end for past_window in window.past if past_window.rows), default=window.start)
    return (window.end - min(last, window.start)).total_seconds()


def _words(seconds: float) -> str:
    days, rest = divmod(round(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    parts = [(days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s")]
    found = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(found[:2]) or "0 s"
