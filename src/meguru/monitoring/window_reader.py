"""Read a window: its rows when they are few, else the sums of its cells (pre-aggregated counts)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from meguru.base import digests
from meguru.monitoring.base import Baseline
from meguru.monitoring.cells import record, sample, summing, window
from meguru.monitoring.cells.aggregate import Cells
from meguru.monitoring.cells.first_window import (
    FIRST_WINDOW,
    NO_SKETCHES,
    TOO_EARLY,
    FirstWindow,
    compare_sketches,
    first_window,
    profile_of_first,
)
from meguru.monitoring.cells.rules import CountingRules, counted_by
from meguru.monitoring.cells.types import SKETCHES, CellKey
from meguru.monitoring.checks.options import check_of
from meguru.monitoring.checks.wanted_metrics import requested_metrics
from meguru.monitoring.model_outputs import shadow_models
from meguru.monitoring.types import Monitor
from meguru.monitoring.window import MonitoredWindow, compare, compared_columns, extra_columns, live_model
from meguru.predictions.types import ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN
from meguru.predictions.window import answered, frame
from meguru.stats.sketches import can_sketch
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_NEWEST_REQUESTS = 3
"""So many requests are asked which columns they had."""
MAX_EXACT_ROWS = 2_000_000
"""Of so many rows all are held in memory where a window must be exact."""
MAX_ROWS = sample.SAMPLE_ROWS
"""A window with more rows is told by its cells."""


class WindowData(Protocol):
    """The data of a window, as read for its checks."""

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


def read_window(
    tx: Connection,
    blobs: BlobStore,
    monitor: Monitor,
    start: datetime,
    end: datetime,
    *,
    exact: bool = False,
    large: int = MAX_ROWS,
) -> WindowData:
    """Read what there is in a window: its rows, if there are at most `large`, else the sums of its cells.

    One that must be `exact` is told by its rows up to two million, and else by counts that are made now.

    What it returns reads in the same transaction.
    """
    rules = CountingRules(tx, blobs, counted_by([monitor]))
    if exact:
        planned, most = summing.plan_from_record(tx, monitor.endpoint, start, end), max(large, MAX_EXACT_ROWS)
    else:
        planned, most = summing.plan(tx, monitor.endpoint, start, end, rules), large
    # Small windows are read exactly; `planned.rows` is never too few, so no large one gets here by mistake.
    if planned.rows <= most:
        return _RowsWindow.read(tx, monitor, (start, end), rules)
    cells = summing.sum_window(tx, monitor.endpoint, planned, rules)
    return _CellsWindow(tx, monitor, start, end, rules, cells, exact)


@dataclass(frozen=True)
class _RowsWindow:
    tx: Connection
    monitor: Monitor
    span: tuple[datetime, datetime]
    rules: CountingRules
    frame: pl.DataFrame
    baselines: dict[str, Baseline]

    @classmethod
    def read(
        cls, tx: Connection, monitor: Monitor, span: tuple[datetime, datetime], rules: CountingRules
    ) -> _RowsWindow:
        rows = frame(tx, monitor.endpoint, *span)
        models = [*sorted(rows[MODEL_COLUMN].unique()), *shadow_models(rows.columns)] if rows.height else []
        baselines = {model: rules.baseline(model) for model in dict.fromkeys(models)}
        return cls(tx, monitor, span, rules, rows, baselines)

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
        own = digests.of_bytes(state.encode())
        return own if self.first is None else digests.of_value([own, _state(self.first)])

    @cached_property
    def first(self) -> FirstWindow | None:
        return _first(self.tx, self.monitor, self.rules, live_model(self.frame), self.span)

    def compared(self) -> MonitoredWindow:
        metrics = requested_metrics(self.monitor.checks)
        monitored_window = compare(self.frame, self.baselines, self.monitor.min_rows, metrics, self.span)
        if monitored_window.frame is None or not _is_unknown(self.rules, monitored_window.model):
            return monitored_window
        if self.first is None or self.first.cell.rows < monitored_window.min_rows:
            return _too_early(monitored_window)
        profile = profile_of_first(self.tx, self.monitor.endpoint, monitored_window.model, self.first)
        columns, broken = compared_columns(monitored_window.frame, profile)
        return replace(monitored_window, columns=columns, broken=broken, compared_with=FIRST_WINDOW)


@dataclass(frozen=True)
class _CellsWindow:
    tx: Connection
    monitor: Monitor
    start: datetime
    end: datetime
    rules: CountingRules
    cells: Cells
    exact: bool

    @property
    def rows(self) -> int:
        return sum(cell.rows for cell in window.models_of(self.cells).values())

    @property
    def outcomes(self) -> int:
        return sum(cell.outcomes for cell in window.models_of(self.cells).values())

    @property
    def baselines(self) -> dict[str, Baseline]:
        return {model: self.rules.baseline(model) for model in sorted({key.model for key in self.cells})}

    def digest(self) -> str:
        cells = window.models_of(self.cells)
        state = {model: [cell.rows, cell.outcomes, f"{cell.checksum:016x}"] for model, cell in cells.items()}
        beside = [*([] if self.first is None else _state(self.first)), *(["exact"] if self.exact else [])]
        return digests.of_value([state, beside] if beside else state)

    @cached_property
    def live(self) -> str:
        return window.live_of(self.tx, self.monitor.endpoint, window.models_of(self.cells))

    @cached_property
    def first(self) -> FirstWindow | None:
        return _first(self.tx, self.monitor, self.rules, self.live, (self.start, self.end))

    def compared(self) -> MonitoredWindow:
        metrics, span = requested_metrics(self.monitor.checks), (self.start, self.end)
        baselines, layout = self.baselines, self.rules.layout(self.live)
        least = self.monitor.min_rows
        found = window.compare_cells(self.cells, self.live, baselines, layout, least, metrics, span)
        found = replace(self._with_first(found), extra=self._extra())
        reads = {read for options in self.monitor.checks for read in check_of(options).reads}
        foretells = any(check.get("check") == "estimate" for check in self.monitor.checks)
        known = found.baseline
        by_rows = foretells and known is not None and (known.losses is not None or len(known.outcomes) > 1)
        if "rows" in reads or by_rows or window.needs_sample(found, baselines, metrics):
            rows = sample.sample(self.tx, self.monitor.endpoint, *span)
            found = window.add_sampled(found, rows, baselines, metrics)
        return found

    def _extra(self) -> tuple[str, ...]:
        """Return the columns of the newest requests that the baseline does not have."""
        rows = record.newest(self.tx, self.monitor.endpoint, self.live, self.end, _NEWEST_REQUESTS)
        return extra_columns(answered(rows, with_ids=False), self.rules.baseline(self.live).profile)

    def _with_first(self, found: MonitoredWindow) -> MonitoredWindow:
        if not _is_unknown(self.rules, self.live):
            return found
        if not can_sketch():
            return replace(found, uncompared=NO_SKETCHES.format(model=self.live))
        if self.first is None or self.first.cell.rows < found.min_rows:
            return _too_early(found)
        key = CellKey(self.live, self.start, SKETCHES)
        now = self.cells[key].sketches if key in self.cells else {}
        columns, broken = compare_sketches(self.first.sketches, now)
        return replace(found, columns=columns, broken=broken, compared_with=FIRST_WINDOW)


def _is_unknown(rules: CountingRules, live: str) -> bool:
    return bool(live) and rules.baseline(live).profile is None


def _first(
    tx: Connection, monitor: Monitor, rules: CountingRules, live: str, span: tuple[datetime, datetime]
) -> FirstWindow | None:
    return first_window(tx, monitor.endpoint, rules, live, span) if _is_unknown(rules, live) else None


def _too_early(found: MonitoredWindow) -> MonitoredWindow:
    return replace(found, uncompared=TOO_EARLY.format(model=found.model, rows=found.min_rows))


def _state(first: FirstWindow) -> list[object]:
    return [first.start.isoformat(), first.cell.rows, f"{first.cell.checksum:016x}"]
