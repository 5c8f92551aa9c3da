"""See a window: its rows when they are few, else the sums of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from meguru.base import digests
from meguru.monitoring.answers import shadows_of
from meguru.monitoring.base import Baseline
from meguru.monitoring.cells import sample, summing, window
from meguru.monitoring.cells.portion import Cells
from meguru.monitoring.cells.rules import CountingRules, counted_by
from meguru.monitoring.checks.options import check_of
from meguru.monitoring.checks.wanted_metrics import asked_by
from meguru.monitoring.types import Monitor
from meguru.monitoring.window import MonitoredWindow, compare
from meguru.predictions.types import ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN
from meguru.predictions.window import frame
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

LARGE = sample.ROWS
"""A window with more rows is told by its cells."""


class SeenWindow(Protocol):
    """What a monitor saw of a window, before its checks look."""

    @property
    def rows(self) -> int:
        """How many rows there are, of any model."""
        ...

    @property
    def outcomes(self) -> int:
        """For how many the outcome is known."""
        ...

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """What is known of its models, by name."""
        ...

    @property
    def rules(self) -> CountingRules:
        """How its endpoint is counted."""
        ...

    def digest(self) -> str:
        """Name the data: rows, their models and outcomes."""
        ...

    def compared(self) -> MonitoredWindow:
        """Return what the checks look at."""
        ...


def see_window(
    tx: Connection,
    blobs: BlobStore,
    monitor: Monitor,
    start: datetime,
    end: datetime,
    *,
    exact: bool = False,
) -> SeenWindow:
    """Read what there is in a window; `exact` reads all rows, however many."""
    rules = CountingRules(tx, blobs, counted_by([monitor]))
    planned = None if exact else summing.plan(tx, monitor.endpoint, start, end, rules)
    if planned is None or planned.rows <= LARGE:
        return _SeenRows.read(tx, monitor, (start, end), rules)
    cells = summing.total(tx, monitor.endpoint, planned, rules)
    return _SeenCells(tx, monitor, start, end, rules, cells)


@dataclass(frozen=True)
class _SeenRows:
    monitor: Monitor
    span: tuple[datetime, datetime]
    rules: CountingRules
    frame: pl.DataFrame
    baselines: dict[str, Baseline]

    @classmethod
    def read(
        cls, tx: Connection, monitor: Monitor, span: tuple[datetime, datetime], rules: CountingRules
    ) -> _SeenRows:
        rows = frame(tx, monitor.endpoint, *span)
        models = [*sorted(rows[MODEL_COLUMN].unique()), *shadows_of(rows.columns)] if rows.height else []
        baselines = {model: rules.baseline(model) for model in dict.fromkeys(models)}
        return cls(monitor, span, rules, rows, baselines)

    @property
    def rows(self) -> int:
        return self.frame.height

    @property
    def outcomes(self) -> int:
        return self.frame[OUTCOME_COLUMN].count() if self.rows else 0

    def digest(self) -> str:
        seen = self.frame.select(ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN)
        plain = not seen.schema[OUTCOME_COLUMN].is_nested()
        state = (seen.write_csv() if plain else seen.write_ndjson()) if self.rows else ""
        return digests.of_bytes(state.encode())

    def compared(self) -> MonitoredWindow:
        asked = asked_by(self.monitor.checks)
        return compare(self.frame, self.baselines, self.monitor.min_rows, asked, self.span)


@dataclass(frozen=True)
class _SeenCells:
    tx: Connection
    monitor: Monitor
    start: datetime
    end: datetime
    rules: CountingRules
    cells: Cells

    @property
    def rows(self) -> int:
        return sum(each.rows for each in window.models_of(self.cells).values())

    @property
    def outcomes(self) -> int:
        return sum(each.outcomes for each in window.models_of(self.cells).values())

    @property
    def baselines(self) -> dict[str, Baseline]:
        return {model: self.rules.baseline(model) for model in sorted({key.model for key in self.cells})}

    def digest(self) -> str:
        known = window.models_of(self.cells)
        state = {model: [cell.rows, cell.outcomes, f"{cell.mark:016x}"] for model, cell in known.items()}
        return digests.of_value(state)

    def compared(self) -> MonitoredWindow:
        asked, span = asked_by(self.monitor.checks), (self.start, self.end)
        live = window.live_of(self.tx, self.monitor.endpoint, window.models_of(self.cells))
        baselines, layout = self.baselines, self.rules.layout(live)
        found = window.compare_cells(self.cells, live, baselines, layout, self.monitor.min_rows, asked, span)
        reads = {each for options in self.monitor.checks for each in check_of(options).reads}
        if "rows" in reads or window.needs_sample(found):
            rows = sample.sample(self.tx, self.monitor.endpoint, *span)
            found = window.add_sampled(found, rows, baselines, asked)
        return found
