"""A number window by window, with its interval and the line of its target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import mark, path, picture, tag
from meguru.console.charts.series import grid

WIDTH, LEFT, RIGHT = 960.0, 64.0, 14.0
TOP, BOTTOM, HEIGHT = 20.0, 220.0, 246.0
WIDEST = 120.0


class TargetPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One window: the value with its interval; `missed` when it is certainly beyond the target."""

    label: str
    tip: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    missed: bool = False


def targets(points: Sequence[TargetPoint], target: float | None, label: str, words: str) -> Markup:
    """Draw the windows, oldest first; at least one is wanted. `words` stand at the target's line."""
    step = min(WIDEST, (WIDTH - LEFT - RIGHT) / len(points))
    across = Scale(0, len(points), LEFT, LEFT + step * len(points))
    up = around([*_values(points), *([] if target is None else [target])], BOTTOM, TOP)
    right = across(len(points))
    drawn = [*grid(up, LEFT, right, 5), *_intervals(points, across, up), *_target(target, right, up, words)]
    drawn.append(tag("path", {"class": "live", "d": _line(points, across, up)}))
    drawn += [*_labels(points, across), *_hits(points, across), *_dots(points, across, up)]
    return picture(max(right + RIGHT, 420.0), HEIGHT, label, drawn, "chart wide", role="group")


def _values(points: Sequence[TargetPoint]) -> Iterator[float]:
    for point in points:
        yield from (value for value in (point.value, point.low, point.high) if value is not None)


def _line(points: Sequence[TargetPoint], across: Scale, up: Scale) -> str:
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, each in enumerate(points):
        if each.value is None:
            pieces.append([])
        else:
            pieces[-1].append((across(at + 0.5), up(each.value)))
    return " ".join(path(piece) for piece in pieces if piece)


def _intervals(points: Sequence[TargetPoint], across: Scale, up: Scale) -> Iterator[Markup]:
    for at, each in enumerate(points):
        if each.low is not None and each.high is not None:
            x = across(at + 0.5)
            yield tag("line", {"class": "event", "x1": x, "x2": x, "y1": up(each.low), "y2": up(each.high)})


def _target(target: float | None, right: float, up: Scale, words: str) -> Iterator[Markup]:
    if target is not None:
        y = up(target)
        yield tag("line", {"class": "event no", "x1": LEFT, "x2": right, "y1": y, "y2": y})
        yield tag("text", {"x": LEFT + 4, "y": y - 5}, words)


def _dots(points: Sequence[TargetPoint], across: Scale, up: Scale) -> Iterator[Markup]:
    for at, each in enumerate(points):
        if each.value is not None:
            kind, r = ("dot alert", 5) if each.missed else ("dot", 3.8)
            yield tag("circle", {"class": kind, "cx": across(at + 0.5), "cy": up(each.value), "r": r})


def _labels(points: Sequence[TargetPoint], across: Scale) -> Iterator[Markup]:
    every = -(-len(points) * 62 // int(WIDTH - LEFT))
    for at, each in enumerate(points):
        if at % every == 0:
            yield tag("text", {"x": across(at + 0.5), "y": HEIGHT - 6, "text-anchor": "middle"}, each.label)


def _hits(points: Sequence[TargetPoint], across: Scale) -> Iterator[Markup]:
    """Draw the invisible areas that answer the pointer."""
    for at, each in enumerate(points):
        box = {"x": across(at), "y": TOP, "width": across(1) - across(0), "height": BOTTOM - TOP}
        yield tag("rect", {"class": "hit"} | mark(each.tip, is_first=at == 0) | box)
