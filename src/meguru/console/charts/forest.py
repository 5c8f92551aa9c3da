"""A forest plot: the interval of each part on one scale, a drawing for each line of a table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from meguru.base.scale import Scale, around
from meguru.base.svg import ornament, tag
from meguru.releases.gate_tables import PartLine, PartsTable, tables_of
from meguru.releases.types import GateResult

WIDTH, HEIGHT, EDGE = 256.0, 14.0, 6.0


class Forest(msgspec.Struct, frozen=True, kw_only=True):
    """A table of numbers, and for each of its lines the drawing of its interval; the numbers say the same."""

    table: PartsTable
    drawings: list[Markup]


def forests(result: GateResult) -> list[Forest]:
    """Return what a gate measured of parts of the rows, drawn."""
    return [Forest(table=table, drawings=drawn(table.lines)) for table in tables_of(result)]


def drawn(lines: Sequence[PartLine]) -> list[Markup]:
    """Draw the interval of each line on the scale of all; one without a value is empty."""
    ends = [number for line in lines for number in (line.low, line.value, line.high) if number is not None]
    across = around(ends or [0.0, 1.0], EDGE, WIDTH - EDGE)
    return [_interval(line, across) for line in lines]


def _interval(line: PartLine, across: Scale) -> Markup:
    middle = HEIGHT / 2
    marks = [tag("line", {"class": "grid", "x1": EDGE, "x2": WIDTH - EDGE, "y1": middle, "y2": middle})]
    if line.low is not None and line.high is not None:
        ends = {"x1": across(line.low), "x2": across(line.high), "y1": middle, "y2": middle}
        marks.append(tag("line", {"class": "span" if line.judged else "span few"} | ends))
    if line.value is not None:
        kind = "dot" if line.judged else "dot other"
        marks.append(tag("circle", {"class": kind, "cx": across(line.value), "cy": middle, "r": 3.2}))
    return ornament(WIDTH, HEIGHT, marks, "chart lane forest")
