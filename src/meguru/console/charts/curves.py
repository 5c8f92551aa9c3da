"""The same metric of several runs in one drawing, a colour and a dash each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from meguru.console.charts.scale import Scale, around
from meguru.console.charts.series import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, grid
from meguru.console.charts.svg import path, picture, tag
from meguru.console.numbers import number

COLOURS = 8
"""So many colours are in the style sheet; more runs have them again, with another dash."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One run's points (step, value), two at least; `rank` is its place among the runs."""

    name: str
    rank: int
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
    for line in lines:
        places = path((across(x), up(y)) for x, y in line.points)
        drawn.append(tag("path", {"class": look(line.rank), "d": places, "data-tip": line.name}))
    return picture(WIDTH, HEIGHT, label, drawn)


def swatch(rank: int) -> Markup:
    """Draw a short piece of a run's line, as the key to its colour."""
    line = tag("path", {"class": look(rank), "d": path([(1.0, 6.0), (29.0, 6.0)])})
    return picture(30.0, 12.0, "", [line])


def look(rank: int) -> str:
    """Return the class of the line of a run, by its place among the runs."""
    return f"curve c{rank % COLOURS} d{rank // COLOURS}"
