"""The trials of a sweep: their values with the best so far, and how each parameter goes with the value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import mark, path, picture, tag
from meguru.console.charts.series import grid
from meguru.console.numbers import number

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960.0, 240.0, 56.0, 14.0, 12.0, 24.0
AXES_TOP, AXES_BOTTOM = 44.0, 226.0
GOOD_SHARE = 0.1
FAR = 5.0


class Dot(msgspec.Struct, frozen=True, kw_only=True):
    """A trial with a value; `kind` is a class of the drawing: "" or "other" (it was given up)."""

    number: int
    value: float
    tip: str
    kind: str = ""


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter: the ends of its range as text, or the names of its choices from below to above."""

    name: str
    marks: list[tuple[float, str]]


class TrialLine(msgspec.Struct, frozen=True, kw_only=True):
    """One trial across all axes: a place from 0 to 1 on each, in their order; `rank` 0 is the best."""

    places: list[float]
    rank: int
    tip: str


def progress(dots: Sequence[Dot], best: Sequence[tuple[int, float]], label: str) -> Markup:
    """Draw each trial's value by its number, and the best so far as a line; at least one dot is wanted.

    A value far from most of the others is drawn at the edge, so that it does not flatten them.
    """
    across = Scale(0, max(dot.number for dot in dots) + 1, LEFT, WIDTH - RIGHT)
    up = around(_near([dot.value for dot in dots], [value for _, value in best]), HEIGHT - BOTTOM, TOP)
    drawn = grid(up, LEFT, WIDTH - RIGHT, 4)
    drawn.append(tag("path", {"class": "live", "d": _stairs(best, across, up, dots[-1].number)}))
    for at, dot in enumerate(dots):
        y = min(max(up(dot.value), TOP), HEIGHT - BOTTOM)
        place = {"cx": across(dot.number + 0.5), "cy": y, "r": 3.4}
        known = mark(dot.tip, is_first=at == 0)
        drawn.append(tag("circle", {"class": f"dot {dot.kind}".strip()} | place | known))
    for at in sorted({0, max(dot.number for dot in dots)}):
        spot = {"x": across(at + 0.5), "y": HEIGHT - 6, "text-anchor": "middle"}
        drawn.append(tag("text", spot, str(at)))
    return picture(WIDTH, HEIGHT, label, drawn, "chart wide", role="group")


def parallel(axes: Sequence[Axis], lines: Sequence[TrialLine], label: str) -> Markup:
    """Draw one axis a parameter (and the value last), and one line a trial, the best on top."""
    gap = (WIDTH - 2 * LEFT - RIGHT) / max(len(axes) - 1, 1)
    drawn = list(_lines(lines, gap))
    for at, axis in enumerate(axes):
        x = LEFT + gap * at
        ends = {"x1": x, "x2": x, "y1": AXES_TOP, "y2": AXES_BOTTOM}
        drawn.append(tag("line", {"class": "axis"} | ends))
        title = {"x": x, "y": AXES_TOP - 22, "text-anchor": "middle", "class": "strong"}
        drawn.append(tag("text", title, axis.name))
        for place, text in axis.marks:
            spot = {"x": x + 6, "y": _height(place) + 4, "class": "over"}
            drawn.append(tag("text", spot, text))
    return picture(WIDTH, HEIGHT, label, drawn, "chart wide", role="group")


def place_of(value: float, low: float, high: float, *, log: bool = False) -> float:
    """Return where a value is between two ends, from 0 to 1."""
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return 0.5 if high <= low else min(max((value - low) / (high - low), 0.0), 1.0)


def ends(low: float, high: float) -> list[tuple[float, str]]:
    """Return the marks of an axis of numbers."""
    return [(0.0, number(low, 4)), (1.0, number(high, 4))]


def _lines(lines: Sequence[TrialLine], gap: float) -> Iterator[Markup]:
    good = max(1, round(GOOD_SHARE * len(lines)))
    for line in sorted(lines, key=lambda one: -one.rank):
        kind = "trial best" if line.rank == 0 else "trial good" if line.rank < good else "trial"
        points = [(LEFT + gap * at, _height(place)) for at, place in enumerate(line.places)]
        yield tag("path", {"class": kind, "d": path(points)} | mark(line.tip, is_first=line.rank == 0))


def _height(place: float) -> float:
    return AXES_BOTTOM - place * (AXES_BOTTOM - AXES_TOP)


def _stairs(best: Sequence[tuple[int, float]], across: Scale, up: Scale, last: int) -> str:
    points: list[tuple[float, float]] = []
    for at, value in best:
        if points:
            points.append((across(at + 0.5), points[-1][1]))
        points.append((across(at + 0.5), up(value)))
    if points:
        points.append((across(last + 0.5), points[-1][1]))
    return path(points)


def _near(values: Sequence[float], always: Sequence[float]) -> list[float]:
    """Return the values that are not far from the middle half of them."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    low, high = ordered[quarter], ordered[-1 - quarter]
    room = FAR * (high - low)
    kept = [value for value in ordered if not room or low - room <= value <= high + room]
    return [
        *kept,
        *(value for value in always if not room or low - room <= value <= high + room),
        *always[-1:],
    ]
