"""Values as texts: numbers, intervals, sizes, moments, columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from meguru.cards.facts.types import CardColumn, CardMetric, CardMonitor
from meguru.monitoring.evidence.translation import EvidenceWords

NOTHING = "–"
_KILO = 1000
_FULL = 1000
"""Numbers from here on are written in full: ``%g`` would make 1.2e+04 of them."""
_LONG = 100_000
"""The same for the ends of a range, which have six digits."""
_UNITS = ("B", "kB", "MB", "GB", "TB")


def number(value: float | None) -> str:
    """Return a number in four digits."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= _FULL else f"{value:.4g}"


def count(value: int) -> str:
    """Return a count with its thousands apart."""
    return f"{value:,}"


def size(value: float) -> str:
    """Return bytes in a unit that suits them."""
    for unit in _UNITS:
        if abs(value) < _KILO - 0.5 or unit == _UNITS[-1]:  # 999.6 would be rounded to 1e+03
            return f"{value:.3g} {unit}" if abs(value) < _KILO - 0.5 else f"{value:,.0f} {unit}"
        value /= _KILO
    return NOTHING


def share(value: float | None) -> str:
    """Return a share as a percentage."""
    return NOTHING if value is None else f"{value:.1%}"


def moment(at: datetime | None) -> str:
    """Return a moment in UTC."""
    return NOTHING if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def interval(metric: CardMetric) -> str:
    """Return the bounds that hold the truth; a number that is only said has none."""
    if metric.low is None and metric.high is None:
        return NOTHING
    return f"[{number(metric.low)}, {number(metric.high)}]"


def plain(value: Any) -> str:
    """Return any value of a record as a text."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return named values as texts, by name."""
    return [(name, plain(value)) for name, value in sorted(values.items())]


def seen(column: CardColumn, words: EvidenceWords) -> str:
    """Return what was seen in a column: its range, or its commonest values; of a personal one nothing."""
    if column.is_personal:
        return words.text("not shown: personal")
    if column.low is not None or column.high is not None:
        return f"{_end(column.low)} … {_end(column.high)}"
    return ", ".join(column.values) or NOTHING


def _end(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or NOTHING
    return f"{value:,.0f}" if abs(value) >= _LONG else f"{value:.6g}"


def monitor_rows(monitors: list[CardMonitor], words: EvidenceWords) -> list[list[str]]:
    """Return a row a monitor: what it watches, what it said last, and when it rang last."""
    return [
        [
            monitor.ref,
            monitor.watches,
            ", ".join(monitor.checks),
            words.text(monitor.verdict) if monitor.verdict else words.text("not run yet"),
            words.spoken(monitor.reason) if monitor.reason else NOTHING,
            moment(monitor.at),
            moment(monitor.rang_at),
        ]
        for monitor in monitors
    ]
