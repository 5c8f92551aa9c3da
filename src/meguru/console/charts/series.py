"""What line charts share, and the tiny line beside a number."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import path, picture, tag

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 420.0, 150.0, 48.0, 20.0, 8.0, 8.0


def grid(up: Scale, left: float, right: float, wanted: int) -> list[Markup]:
    """Draw level lines with their numbers."""
    drawn = []
    levels = up.ticks(wanted)
    decimals = max(len(f"{level:g}".partition(".")[2]) for level in levels) if levels else 0
    for level in levels:
        at = {"x1": left, "x2": right, "y1": up(level), "y2": up(level), "class": "grid"}
        drawn.append(tag("line", at))
        drawn.append(
            tag("text", {"x": left - 7, "y": up(level) + 4, "text-anchor": "end"}, f"{level:.{decimals}f}")
        )
    return drawn


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
