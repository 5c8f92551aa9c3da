"""How much each column moved in the windows of a monitor, made ready for a drawing."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from meguru.console.charts.heat import HeatCell, HeatRow, heat
from meguru.console.numbers import number
from meguru.console.page_request import Visit
from meguru.console.spans import span_name
from meguru.monitoring.drift_history import ColumnMovement, WindowMovement


def movement_map(visit: Visit, windows: Sequence[WindowMovement]) -> Markup:
    """Draw the map of columns and windows, what moved most first; empty when nothing was judged."""
    by_window = [{movement.column: movement for movement in window.columns} for window in windows]
    most: dict[str, float] = {}
    for movements in by_window:
        for column, each in movements.items():
            most[column] = max(most.get(column, 0.0), each.strength)
    if not most:
        return Markup()
    names = [span_name(movement.start, movement.end, visit.zone) for movement in windows]
    rows = [
        HeatRow(
            label=column,
            cells=[
                _cell(visit, window, name, known[column]) if column in known else None
                for window, name, known in zip(windows, names, by_window, strict=True)
            ],
        )
        for column in sorted(most, key=lambda column: (-most[column], column))
    ]
    return heat(rows, names, visit.text("how much each column moved, window by window"))


def _cell(visit: Visit, window: WindowMovement, name: str, movement: ColumnMovement) -> HeatCell:
    times = visit.text("{times} times what is worth telling", times=number(movement.strength, 2))
    return HeatCell(
        strength=movement.strength,
        breached=movement.breached,
        tip=f"{movement.column} · {name}\n{visit.spoken(movement.says)}\n{times}",
        href=visit.url_of(window.report),
    )
