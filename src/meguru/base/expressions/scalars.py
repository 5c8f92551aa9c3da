"""The functions that every use of the language has, on single values; ValueError where one has no value."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

MATH: dict[str, Callable[[Any], Any]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log1p": math.log1p,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
}
"""Of one number."""
TEXT: dict[str, Callable[[str], Any]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "length": len,
}
"""Of one text."""
TIME: dict[str, Callable[[dt.datetime], Any]] = {
    "year": lambda t: t.year,
    "month": lambda t: t.month,
    "day": lambda t: t.day,
    "hour": lambda t: t.hour,
    "minute": lambda t: t.minute,
    "weekday": dt.datetime.weekday,
    "day_of_year": lambda t: t.timetuple().tm_yday,
    "timestamp": dt.datetime.timestamp,
}
"""Of one moment."""


def power(base: Any, exponent: Any) -> float:
    """Return a power of floats alone: a whole number to the power of one that was sent has no bound."""
    return math.pow(float(base), float(exponent))
