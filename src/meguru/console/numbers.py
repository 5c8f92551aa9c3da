"""Numbers as a person reads them."""

from __future__ import annotations

import math
from typing import Any

import msgspec

NOTHING = "–"
HUGE = 1e15
"""From here on a number's zeros say less than how many they are."""


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with so many decimals; whole numbers without any."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if abs(value) >= HUGE:
        return f"{value:.4g}"
    if float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) < 10**-digits:
        return f"{value:.2g}"
    return f"{value:,.{digits}f}"


def count(value: int | None) -> str:
    """Write a count with thousands apart."""
    return NOTHING if value is None else f"{value:,}"


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share as a percentage."""
    return NOTHING if value is None or not math.isfinite(value) else f"{100 * value:.{digits}f} %"


def size(value: int | None) -> str:
    """Write a number of bytes."""
    if value is None:
        return NOTHING
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def seconds(value: float | None) -> str:
    """Write a duration."""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{1000 * value:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def pretty(value: Any) -> str:
    """Write any JSON value over as many lines as it needs; text as it is."""
    if isinstance(value, str):
        return value
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def plain(value: Any) -> str:
    """Write any JSON value on one line: text as it is, numbers short, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: NOTHING}[value]
    if isinstance(value, int | float):
        return number(value, 4)
    return msgspec.json.encode(value).decode()
