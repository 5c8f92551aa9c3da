"""Sum the cells of a window, with what is not counted yet: exact, however far the count is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from meguru.monitoring.cells import record, store
from meguru.monitoring.cells.aggregate import Cells, Spans, aggregate_changes, aggregate_rows, hour_of
from meguru.monitoring.cells.record import BatchSize, Requests
from meguru.monitoring.cells.rules import CountingRules
from meguru.monitoring.cells.truth import add_up
from meguru.monitoring.cells.types import COLUMNS, SKETCHES, Cell, CellKey, add_cell, merge_sketches
from meguru.predictions import aggregation_queue
from meguru.predictions.aggregation_queue import OutcomeChange

_HOUR = timedelta(hours=1)
_MERGE_AFTER = 1_000
"""So many hours of truth are held before they are put together."""


@dataclass(frozen=True, kw_only=True)
class SummingPlan:
    """Where a window is read: in the cells of whole hours, and in the record.

    Parameters
    ----------
    hours
        The first hour that lies wholly in the window, and the end of the last; None without any.
    edges
        The spans before and after them.
    beside
        Counted requests that reach into the edges: their rows there are read.
    waiting
        Requests that are not counted: all their rows of the window are read.
    rows
        About how many rows there are, never fewer than that.
    """

    start: datetime
    end: datetime
    hours: tuple[datetime, datetime] | None
    edges: Sequence[tuple[datetime, datetime]]
    beside: Sequence[BatchSize]
    waiting: Requests
    rows: int


def plan(tx: Connection, endpoint: str, start: datetime, end: datetime, rules: CountingRules) -> SummingPlan:
    """Find out where a window is read, without reading it."""
    hours = whole_hours(start, end)
    if hours is None or not _cells_cover(tx, endpoint, rules):
        return plan_from_record(tx, endpoint, start, end)
    first, last = hours
    waiting = record.waiting(tx, endpoint, start, end)
    # Cells are of whole hours: what of the window is in a part of one is read from the record.
    edges = [span for span in ((start, first), (last, end)) if span[0] < span[1]]
    beside = dict.fromkeys(one for span in edges for one in record.overlapping(tx, endpoint, *span))
    # Those that are not counted are read whole (`waiting`), and would count twice.
    later = aggregation_queue.queued_among(tx, endpoint, [each.id for each in beside])
    found = [each for each in beside if each.id not in later]
    rows = store.counted_within(tx, endpoint, *hours).rows + sum(each.n for each in found) + waiting.rows
    return SummingPlan(
        start=start, end=end, hours=hours, edges=edges, beside=found, waiting=waiting, rows=rows
    )


def whole_hours(start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """Return the first hour that lies wholly in a span, and the end of the last; None without any."""
    first, last = hour_of(start), hour_of(end)
    first = first if first == start else first + _HOUR
    return (first, last) if first < last else None


def plan_from_record(tx: Connection, endpoint: str, start: datetime, end: datetime) -> SummingPlan:
    """Return how a window is summed from the record alone."""
    everything = record.overlapping(tx, endpoint, start, end)
    return SummingPlan(
        start=start, end=end, hours=None, edges=(), beside=(), waiting=everything, rows=everything.rows
    )


def _cells_cover(tx: Connection, endpoint: str, rules: CountingRules) -> bool:
    """Tell whether cells say what is asked for."""
    by = store.turn(tx, endpoint)[1]
    return by is not None and by.covers(rules.counted) and not aggregation_queue.needs_recount(tx, endpoint)


def sum_window(
    tx: Connection, endpoint: str, planned: SummingPlan, rules: CountingRules, *, truth: bool = True
) -> Cells:
    """Sum a window, or without `truth` its columns alone; hours are all one, that of its start."""
    hours: dict[CellKey, list[Cell]] = {}
    found: Cells = {}

    def take(key: CellKey, cell: Cell) -> None:
        mine = key._replace(hour=planned.start)
        if key.part != COLUMNS:
            parts = hours.setdefault(mine, [])
            parts.append(cell)
            # Merged in batches: one by one is slow, and all at the end needs memory for a year of hours.
            if len(parts) == _MERGE_AFTER:
                parts[:] = [_merged(parts)]
            return
        add_cell(found, mine, cell)

    if planned.hours is not None:
        for key, cell in store.within(tx, endpoint, *planned.hours, () if truth else (COLUMNS, SKETCHES)):
            # Counted over the bins of another baseline, which can't be added: all is read from the record.
            if key.part == COLUMNS and cell.bins != rules.layout(key.model).digest:
                other = plan_from_record(tx, endpoint, planned.start, planned.end)
                return sum_window(tx, endpoint, other, rules, truth=truth)
            take(key, cell)
    read: list[tuple[Iterable[BatchSize], Spans]] = [
        (planned.beside, planned.edges),
        (planned.waiting, [(planned.start, planned.end)]),
    ]
    for batches, spans in read:
        for ids in record.chunked(batches):
            portion = record.read_chunk(tx, ids).within(spans)
            for key, cell in aggregate_rows(rules, portion, truth=truth, hourly=False).items():
                take(key, cell)
    if planned.hours is not None and truth:
        for key, cell in _changed(tx, endpoint, planned.hours, rules).items():
            take(key, cell)
    return found | {key: _merged(parts) for key, parts in hours.items()}


def _merged(parts: Sequence[Cell]) -> Cell:
    """Return the sum of cells of one part other than counts by column; all at once, as that is sooner."""
    sums = add_up(part.truth for part in parts)
    rows = sum(part.rows for part in parts)
    sketches = merge_sketches([part.sketches for part in parts])
    return Cell(rows=rows, outcomes=sums.outcomes, sketches=sketches, truth=sums)


def matches_record(
    tx: Connection, endpoint: str, start: datetime, end: datetime, rules: CountingRules
) -> bool:
    """Tell whether what was counted of a window is what the record says: each row, outcome and bin."""
    found = [
        {key: cell for key, cell in sum_window(tx, endpoint, planned, rules).items() if key.part == COLUMNS}
        for planned in (plan(tx, endpoint, start, end, rules), plan_from_record(tx, endpoint, start, end))
    ]
    kept, made = found
    return kept.keys() == made.keys() and all(_same(kept[key], made[key]) for key in kept)


def _same(cell: Cell, other: Cell) -> bool:
    told = [(each.rows, each.outcomes, each.checksum, each.bins) for each in (cell, other)]
    return told[0] == told[1] and np.array_equal(cell.counts, other.counts)


def _changed(tx: Connection, endpoint: str, hours: tuple[datetime, datetime], rules: CountingRules) -> Cells:
    """Count what changes of outcomes, that are not counted yet, change in some hours."""
    found: Cells = {}
    for _, _, changes in aggregation_queue.outcomes(tx, endpoint, hours):
        by_batch: dict[str, list[OutcomeChange]] = {}
        for outcome_change in aggregation_queue.unpack(changes):
            by_batch.setdefault(outcome_change.batch_id, []).append(outcome_change)
        later = aggregation_queue.queued_among(tx, endpoint, list(by_batch))
        there = record.sizes(tx, [each for each in by_batch if each not in later])
        for ids in record.chunked(there):
            outcome_changes = [change for each in ids for change in by_batch[each]]
            for key, cell in aggregate_changes(rules, record.load(tx, ids), outcome_changes, [hours]).items():
                add_cell(found, key, cell)
    return found
