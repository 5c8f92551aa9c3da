"""How much each column moved, window by window: a row a column, a cell a window that leads to its report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from meguru.base.svg import mark, picture, tag

LEFT, TOP, HIGH, GAP = 190.0, 8.0, 16.0, 2.0
WIDEST, NARROWEST, WIDTH = 22.0, 8.0, 960.0
WIDEST_LABEL = 28
FULL = 4.0
"""A column that moved by so many times what is worth telling is as dark as can be."""


class HeatCell(msgspec.Struct, frozen=True, kw_only=True):
    """A column in one window: how strongly it moved, in words, and where that is told."""

    strength: float
    breached: bool
    tip: str
    href: str


class HeatRow(msgspec.Struct, frozen=True, kw_only=True):
    """One column and its cells, oldest window first; None where it was not judged."""

    label: str
    cells: list[HeatCell | None]


def heat(rows: Sequence[HeatRow], windows: Sequence[str], label: str) -> Markup:
    """Draw the map: the darker a cell, the more it moved; framed where it is beyond its threshold."""
    step = min(WIDEST, max(NARROWEST, (WIDTH - LEFT) / max(len(windows), 1)))
    drawn: list[Markup] = []
    is_first = True  # the one cell that the tab key reaches; arrows lead from there
    for number, row in enumerate(rows):
        down = TOP + number * (HIGH + GAP)
        text = row.label if len(row.label) <= WIDEST_LABEL else row.label[: WIDEST_LABEL - 1] + "…"
        drawn.append(tag("text", {"x": LEFT - 8, "y": down + 12, "text-anchor": "end"}, text))
        for at, cell in enumerate(row.cells):
            if cell is not None:
                drawn.append(_cell(cell, LEFT + at * step, down, step, is_first=is_first))
                is_first = False
    bottom = TOP + len(rows) * (HIGH + GAP)
    drawn += _windows(windows, step, bottom)
    return picture(WIDTH + 10, bottom + 20, label, drawn, "chart wide heat", role="group")


def _cell(cell: HeatCell, x: float, y: float, step: float, *, is_first: bool) -> Markup:
    shade = min(1.0, 0.08 + 0.92 * cell.strength / FULL)
    box = {"x": x, "y": y, "width": step - GAP, "height": HIGH, "rx": 2, "fill-opacity": f"{shade:.2f}"}
    about = {key: value for key, value in mark(cell.tip, is_first=is_first).items() if key != "role"}
    kind = "heat-cell over" if cell.breached else "heat-cell"
    return tag("a", {"href": cell.href, "class": "mark"} | about, tag("rect", {"class": kind} | box))


def _windows(windows: Sequence[str], step: float, bottom: float) -> Iterator[Markup]:
    every = max(1, math.ceil(7 * max(map(len, windows), default=0) / step))
    for at, name in enumerate(windows):
        if at % every == 0:
            place = {"x": LEFT + (at + 0.5) * step, "y": bottom + 12, "text-anchor": "middle"}
            yield tag("text", place, name)
