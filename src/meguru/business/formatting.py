"""A metric's value in words: a number in its unit, with its interval."""

from __future__ import annotations

from meguru.business.types import WINDOW, BusinessValue

_PLAIN = 4


def number(value: float) -> str:
    """Return a number as people read it: ``1,234,000``, ``12.35``, ``0.04212``."""
    value += 0.0  # no number is "-0"
    size = abs(value)
    if size >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if size >= 1 else f"{value:.{_PLAIN}g}"


def amount(value: float, unit: str) -> str:
    """Return a number with its unit."""
    return f"{number(value)} {unit}".strip()


def shown(value: BusinessValue) -> str:
    """Return a value with its interval, its unit and what it is for."""
    if value.value is None:
        return "–"
    per = "" if value.per == WINDOW else f" per {value.per}"
    sure = "" if value.low is None or value.high is None else f" [{number(value.low)}, {number(value.high)}]"
    return f"{number(value.value)}{sure} {value.unit}".strip() + per
