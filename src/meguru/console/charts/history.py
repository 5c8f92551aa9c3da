"""How well an endpoint's models did, window by window, with drift and releases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import mark, path, picture, tag
from meguru.console.charts.series import grid

WIDTH, LEFT, RIGHT = 960.0, 48.0, 14.0
TOP, BOTTOM = 42.0, 240.0
DRIFT_TOP, DRIFT_BOTTOM = 268.0, 318.0
HEIGHT = 342.0
WIDEST = 150.0


class WindowPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One window: the live model's value with its interval, the other models' values, the drift share."""

    label: str
    tip: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    others: dict[str, float] = {}
    alert: bool = False
    drift: float | None = None


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A decision after window `after` (-1: before the first): a release went live (`good`) or was refused."""

    after: int
    good: bool
    text: str
    tip: str


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The chart's own words, translated."""

    label: str
    drift: str


def history(windows: Sequence[WindowPoint], flags: Sequence[Flag], words: Words) -> Markup:
    """Draw the windows, oldest first; at least one is wanted."""
    step = min(WIDEST, (WIDTH - LEFT - RIGHT) / len(windows))
    across = Scale(0, len(windows), LEFT, LEFT + step * len(windows))
    up = around(_values(windows), BOTTOM, TOP + 6)
    right = across(len(windows))
    drawn = [*grid(up, LEFT, right, 5), *_drift(windows, across, words)]
    drawn += [_band(windows, across, up), *_others(windows, across, up)]
    drawn.append(tag("path", {"class": "live", "d": _line([window.value for window in windows], across, up)}))
    drawn += _labels(windows, across)
    drawn += _columns(windows, across)
    drawn += _dots(windows, across, up)
    drawn += _flags(flags, across)
    return picture(max(right + RIGHT, 420.0), HEIGHT, words.label, drawn, "chart wide", role="group")


def _values(windows: Sequence[WindowPoint]) -> Iterator[float]:
    for point in windows:
        yield from (value for value in (point.value, point.low, point.high) if value is not None)
        yield from point.others.values()


def _line(values: Sequence[float | None], across: Scale, up: Scale) -> str:
    """Write a line that is interrupted where a value is missing."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((across(at + 0.5), up(value)))
    return " ".join(path(piece) for piece in pieces if piece)


def _band(windows: Sequence[WindowPoint], across: Scale, up: Scale) -> Markup:
    known = [(at, w.low, w.high) for at, w in enumerate(windows) if w.low is not None and w.high is not None]
    over = [(across(at + 0.5), up(high)) for at, _, high in known]
    under = [(across(at + 0.5), up(low)) for at, low, _ in reversed(known)]
    return tag("path", {"class": "band", "d": path([*over, *under], closed=True)})


def _others(windows: Sequence[WindowPoint], across: Scale, up: Scale) -> Iterator[Markup]:
    for name in dict.fromkeys(name for window in windows for name in window.others):
        values = [window.others.get(name) for window in windows]
        yield tag("path", {"class": "frozen", "d": _line(values, across, up)})
        for at, value in enumerate(values):
            if value is not None:
                place = {"class": "dot other", "cx": across(at + 0.5), "cy": up(value), "r": 2.5}
                yield tag("circle", place)


def _dots(windows: Sequence[WindowPoint], across: Scale, up: Scale) -> Iterator[Markup]:
    for at, each in enumerate(windows):
        if each.value is not None:
            kind = "dot alert" if each.alert else "dot"
            place = {"cx": across(at + 0.5), "cy": up(each.value), "r": 5 if each.alert else 3.8}
            yield tag("circle", {"class": kind} | place)


def _drift(windows: Sequence[WindowPoint], across: Scale, words: Words) -> Iterator[Markup]:
    yield tag("text", {"x": LEFT, "y": DRIFT_TOP - 8}, words.drift)
    up = Scale(0, 1, DRIFT_BOTTOM, DRIFT_TOP)
    for level, text in ((0.0, "0"), (1.0, "100 %")):
        ends = {"x1": LEFT, "x2": across(len(windows)), "y1": up(level), "y2": up(level)}
        yield tag("line", {"class": "grid"} | ends)
        yield tag("text", {"x": LEFT - 7, "y": up(level) + 4, "text-anchor": "end"}, text)
    wide = (across(1) - across(0)) * 0.46
    for at, each in enumerate(windows):
        if each.drift:
            top = up(min(each.drift, 1.0))
            box = {"x": across(at + 0.5) - wide / 2, "y": top, "width": wide, "height": DRIFT_BOTTOM - top}
            yield tag("rect", {"class": "bar"} | box)


def _labels(windows: Sequence[WindowPoint], across: Scale) -> Iterator[Markup]:
    widest = max(62, 7 * max(len(window.label) for window in windows))
    every = -(-len(windows) * widest // int(WIDTH - LEFT))
    for at, each in enumerate(windows):
        if at % every == 0:
            place = {"x": across(at + 0.5), "y": HEIGHT - 6, "text-anchor": "middle"}
            yield tag("text", place, each.label)


def _columns(windows: Sequence[WindowPoint], across: Scale) -> Iterator[Markup]:
    """Draw the invisible areas that answer the pointer."""
    for at, each in enumerate(windows):
        box = {"x": across(at), "y": TOP, "width": across(1) - across(0), "height": HEIGHT - TOP - 20}
        yield tag("rect", {"class": "hit"} | mark(each.tip, is_first=at == 0) | box)


def _flags(flags: Sequence[Flag], across: Scale) -> Iterator[Markup]:
    taken: dict[int, int] = {}
    for flag in flags:
        nth = taken.get(flag.after, 0)
        taken[flag.after] = nth + 1
        x = across(flag.after + 1) - 13 * nth
        kind = "" if flag.good else " no"
        line = tag("line", {"class": f"event{kind}", "x1": x, "x2": x, "y1": TOP - 8, "y2": BOTTOM})
        yield tag("g", {"class": "mark"} | mark(flag.tip), line, *_head(flag, x))


def _head(flag: Flag, x: float) -> list[Markup]:
    y = TOP - 14
    if flag.good:
        mark = tag("path", {"class": "flag", "d": f"M{x:.1f} {y - 7:.1f}l7 12h-14z"})
    else:
        cross = f"M{x - 5:.1f} {y - 4:.1f}l10 10m0 -10l-10 10"
        mark = tag("path", {"class": "cross", "d": cross})
    text = tag("text", {"x": x, "y": y - 10, "text-anchor": "middle", "class": "strong"}, flag.text)
    return [tag("circle", {"class": "hit", "cx": x, "cy": y, "r": 10}), mark, text]
