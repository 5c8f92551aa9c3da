"""What line charts share, and the tiny line beside a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import path, picture, tag

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 420.0, 150.0, 48.0, 20.0, 8.0, 8.0
MAX_DECIMALS, HUGE = 5, 1e7
"""Beyond them a number has no room beside an axis."""


def grid(up: Scale, left: float, right: float, wanted: int) -> list[Markup]:
    """Draw level lines with their numbers."""
    drawn = []
    levels = up.ticks(wanted)
    text_of = _tick_format(levels)
    for level in levels:
        at = {"x1": left, "x2": right, "y1": up(level), "y2": up(level), "class": "grid"}
        drawn.append(tag("line", at))
        drawn.append(tag("text", {"x": left - 7, "y": up(level) + 4, "text-anchor": "end"}, text_of(level)))
    return drawn


def _tick_format(levels: Sequence[float]) -> Callable[[float], str]:
    """Return how numbers beside an axis are written: all with the same decimals, if these are few."""
    # Not from `%g`: it writes 1e-05, in which no decimals are to be seen, and all the axis would be 0.
    exact = [Decimal(f"{level:.12g}").normalize() for level in levels]
    decimals = max((-int(each.as_tuple().exponent) for each in exact), default=0)
    if decimals > MAX_DECIMALS or any(abs(level) >= HUGE for level in levels):
        return lambda level: f"{level:.3g}"
    return lambda level: f"{level:.{max(decimals, 0)}f}"


def spark(values: Sequence[float | None], label: str) -> Markup:
    """Draw a line without axes, with a dot on its last value."""
    known = [(float(at), value) for at, value in enumerate(values) if value is not None]
    width, height = 160.0, 36.0
    if not known:
        return Markup()
    across = Scale(0, max(len(values) - 1, 1), 4, width - 6)
    up = around((value for _, value in known), height - 4, 4)
    places = [(across(x), up(y)) for x, y in known]
    line = tag("path", {"class": "live", "d": path(places)})
    end = tag("circle", {"class": "dot", "cx": places[-1][0], "cy": places[-1][1], "r": 3})
    return picture(width, height, label, [line, end], "chart spark")
