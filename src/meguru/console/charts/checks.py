"""What came of expectations, version by version: a row an expectation, a column a version."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from meguru.base.svg import mark, picture, tag

LEFT, TOP, STEP, HIGH, GAP = 300.0, 8.0, 18.0, 18.0, 3.0
WIDEST_LABEL = 46


class CheckCell(msgspec.Struct, frozen=True, kw_only=True):
    """What one version made of one expectation: good, odd or bad; the share of rows that fail; in words."""

    tone: str
    share: float
    tip: str


class CheckLine(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation and its cells, oldest version first; None where it was not asked."""

    label: str
    cells: list[CheckCell | None]


def check_grid(lines: Sequence[CheckLine], versions: Sequence[str], label: str) -> Markup:
    """Draw the grid; a cell is filled as high as the share of rows that fail, at least a little."""
    drawn: list[Markup] = []
    first = True
    for row, line in enumerate(lines):
        y = TOP + row * (HIGH + GAP)
        text = line.label if len(line.label) <= WIDEST_LABEL else line.label[: WIDEST_LABEL - 1] + "…"
        drawn.append(tag("text", {"x": LEFT - 8, "y": y + 13, "text-anchor": "end"}, text))
        for at, cell in enumerate(line.cells):
            if cell is not None:
                drawn.append(_cell(cell, LEFT + at * STEP, y, is_first=first))
                first = False
    bottom = TOP + len(lines) * (HIGH + GAP)
    every = max(1, -(-len(versions) * 22 // 600))
    for at, name in enumerate(versions):
        if at % every == 0:
            place = {"x": LEFT + at * STEP + STEP / 2, "y": bottom + 12, "text-anchor": "middle"}
            drawn.append(tag("text", place, name))
    width = LEFT + max(len(versions), 12) * STEP + 10
    return picture(width, bottom + 20, label, drawn, "chart wide checks", role="group")


def _cell(cell: CheckCell, x: float, y: float, *, is_first: bool) -> Markup:
    wide = STEP - GAP
    high = HIGH if cell.tone != "good" and not cell.share else max(3.0, HIGH * min(cell.share, 1.0))
    place = {"x": x, "y": y, "width": wide, "height": HIGH, "rx": 3}
    parts = [tag("rect", {"class": f"cell {cell.tone}"} | place)]
    if cell.tone != "good":
        box = {"x": x, "y": y + HIGH - high, "width": wide, "height": high, "rx": 3}
        parts.append(tag("rect", {"class": f"fill {cell.tone}"} | box))
    return tag("g", {"class": "mark"} | mark(cell.tip, is_first=is_first), *parts)
