"""A metric by step: of one run, or of several in one drawing, a colour and a dash each.

Each curve carries its points, so that the page can say the values at any step.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import ornament, path, picture, tag
from meguru.console.charts.series import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, grid
from meguru.console.numbers import number

COLOURS = 8
"""So many colours are in the style sheet; more runs have them again, with another dash."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One run's points (step, value), at least one; `rank` is its place among the runs."""

    name: str
    rank: int = 0
    points: list[tuple[float, float]]


def curves(lines: Sequence[Curve], label: str) -> Markup:
    """Draw some curves; at least one is wanted."""
    steps = [step for line in lines for step, _ in line.points]
    first, last = min(steps), max(steps)
    across = Scale(first, last if last > first else first + 1, LEFT, WIDTH - RIGHT)
    up = around((value for line in lines for _, value in line.points), HEIGHT - BOTTOM, TOP)
    drawn = grid(up, LEFT, WIDTH - RIGHT, 3)
    drawn += [
        tag("text", {"x": across(x), "y": HEIGHT - 5, "text-anchor": anchor}, number(x))
        for x, anchor in ((first, "start"), (last, "end"))
    ]
    drawn += [_curve(line, across, up) for line in lines]
    drawn.append(tag("line", {"class": "cursor", "y1": TOP, "y2": HEIGHT - BOTTOM}))
    scale = {"data-low": _exact(across.low), "data-high": _exact(across.high)}
    ends = {"data-left": LEFT, "data-right": WIDTH - RIGHT, "tabindex": 0}
    return picture(WIDTH, HEIGHT, label, drawn, "chart plot", data=scale | ends)


def swatch(rank: int) -> Markup:
    """Draw a short piece of a run's line, as the key to its colour."""
    return ornament(30.0, 12.0, [tag("path", {"class": look(rank), "d": path([(1.0, 6.0), (29.0, 6.0)])})])


def look(rank: int) -> str:
    """Return the class of the line of a run, by its place among the runs."""
    return f"curve c{rank % COLOURS} d{rank // COLOURS}"


def _curve(line: Curve, across: Scale, up: Scale) -> Markup:
    places = [(across(x), up(y)) for x, y in line.points]
    if len(places) == 1:  # a point alone has no line
        places.append((places[0][0] + 1, places[0][1]))
    about = {"class": look(line.rank), "d": path(places), "data-name": line.name}
    values = {
        "data-x": " ".join(_exact(x) for x, _ in line.points),
        "data-y": " ".join(_exact(y) for _, y in line.points),
    }
    return tag("path", about | values)


def _exact(value: float) -> str:
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.10g}"
