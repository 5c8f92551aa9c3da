"""What gates measured of parts of the rows, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.releases.gate_tables import PartsTable
    from meguru.releases.types import GateResult


def part_lines(result: GateResult) -> Iterator[str]:
    """Yield a line for each part that a gate measured, with its interval and its rows."""
    from meguru.releases.gate_tables import tables_of

    for table in tables_of(result):
        yield from table_lines(table)


def table_lines(table: PartsTable) -> Iterator[str]:
    """Yield the lines of one measure."""
    yield f"{table.columns}: {table.measure}"
    wide = max((len(part_line.name) for part_line in table.lines), default=0)
    for line in table.lines:
        rows = "" if line.rows is None else f"  n {line.rows:,}"
        few = "" if line.judged else "  not enough evidence"
        yield f"  {line.name:<{wide}}  {_span(line.value, line.low, line.high)}{rows}{few}"
    if table.comparison and table.gap[0] is not None:
        yield f"  {table.comparison}  {_span(*table.gap)}  limit {cell(table.limit)}"


def _span(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    return cell(value) + ("" if low is None or high is None else f" ({cell(low)} … {cell(high)})")
