"""Aggregate recorded rows into cells: pure functions, for the background counter and for reading windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from meguru.monitoring.cells import row_hashes
from meguru.monitoring.cells.layout import Counts
from meguru.monitoring.cells.rules import CountingRules
from meguru.monitoring.cells.tally import tally_rows
from meguru.monitoring.cells.truth_by_slice import truth_by_part
from meguru.monitoring.cells.types import ANSWERED, COLUMNS, SHADOW, SKETCHES, Cell, CellKey, add_cell
from meguru.monitoring.model_outputs import shadow_models
from meguru.predictions.aggregation_queue import OutcomeChange
from meguru.predictions.types import (
    MODEL_COLUMN,
    OUTCOME_COLUMN,
    RESERVED,
    SCORE_COLUMN,
    SHADOW_PREFIX,
    TIME_COLUMN,
)
from meguru.predictions.window import answered, outcome_series
from meguru.stats.sketches import ColumnSketch, sketch_column

if TYPE_CHECKING:
    import polars as pl

Spans = Sequence[tuple[datetime, datetime]]
Cells = dict[CellKey, Cell]
_HOUR = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_COUNTS = 4_000_000
"""So many counts are held at a time, of all hours together."""
MAX_SKETCHED_COLUMNS = 200
"""So many columns of a model whose training nobody profiled."""
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RowChunk:
    """Some recorded rows with their outcomes, and a hash of each row and each outcome."""

    frame: pl.DataFrame
    rows: row_hashes.RowHashes
    outcomes: row_hashes.RowHashes
    """0 where none is known."""

    @classmethod
    def of(cls, batches: Sequence[Any], known: Sequence[Any]) -> RowChunk:
        """Put requests together with outcomes, which may be of other requests too."""
        frame = answered(batches, with_ids=False)
        sizes = np.array([batch.n for batch in batches], dtype=np.int64)
        begin = dict(zip((batch.id for batch in batches), (np.cumsum(sizes) - sizes).tolist(), strict=True))
        of_batch = np.array([row_hashes.of_text(batch.id) for batch in batches], dtype=np.uint64)
        within = np.arange(frame.height) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows = row_hashes.of_rows(np.repeat(of_batch, sizes), within)
        mine = [each for each in known if each.batch_id in begin]
        places = np.array([begin[each.batch_id] + each.row for each in mine], dtype=np.int64)
        said = np.zeros(frame.height, dtype=np.uint64)
        said[places] = row_hashes.of_outcomes(rows[places], mine)
        return cls(frame.with_columns(_spread(outcome_series(mine), places, frame.height)), rows, said)

    def take(self, places: Places) -> RowChunk:
        """Return some of the rows, in that order."""
        return RowChunk(self.frame[places], self.rows[places], self.outcomes[places])

    def only_known(self) -> RowChunk:
        """Return the rows whose outcome is known."""
        return self.take(np.flatnonzero(self.frame.get_column(OUTCOME_COLUMN).is_not_null().to_numpy()))

    def within(self, spans: Spans) -> RowChunk:
        """Return the rows with event times in any of some spans."""
        times, mask = self.times, np.zeros(self.frame.height, dtype=bool)
        for start, end in spans:
            mask |= (times >= micros(start)) & (times < micros(end))
        return self if mask.all() else self.take(np.flatnonzero(mask))

    @property
    def times(self) -> Places:
        """Event times in microseconds since 1970, shape (rows,)."""
        found: Places = self.frame.get_column(TIME_COLUMN).to_physical().to_numpy()
        return found


def micros(moment: datetime) -> int:
    """Return whole microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def hour_of(moment: datetime) -> datetime:
    """Return when the hour of a moment begins, UTC."""
    return _EPOCH + timedelta(microseconds=hour_number(moment) * _HOUR)


def hour_number(moment: datetime) -> int:
    """Return which hour since 1970 a moment lies in."""
    return micros(moment) // _HOUR


def aggregate_changes(
    rules: CountingRules, batches: Sequence[Any], changes: Sequence[OutcomeChange], spans: Spans | None = None
) -> Cells:
    """Count what changes of outcomes change: what was said before is taken away, what is said now added.

    Parameters
    ----------
    batches
        The requests of the predictions; changes of others are left out.
    changes
        In the order in which they were made.
    spans
        Of event time; None for all.
    """
    found: Cells = {}
    last: dict[tuple[str, int], OutcomeChange] = {}
    # Take away, then add: a cell holds sums, and an outcome that is corrected has been counted as it was.
    for each in changes:  # of one that changed twice, what was said in between is nothing
        known = last.get((each.batch_id, each.row))
        last[each.batch_id, each.row] = each if known is None else each._replace(before=known.before)
    for is_now in (False, True):
        outcomes = [KnownOutcome.of(change, is_now=is_now) for change in last.values()]
        portion = RowChunk.of(batches, [outcome for outcome in outcomes if outcome is not None]).only_known()
        portion = portion.within(spans) if spans is not None else portion
        for key, cell in aggregate_rows(rules, portion, inputs=False).items():
            add_cell(found, key, cell if is_now else cell.minus())
    return found


class KnownOutcome(NamedTuple):
    """An outcome as the table of outcomes has it."""

    batch_id: str
    row: int
    value: float | None
    json: str | None

    @classmethod
    def of(cls, change: OutcomeChange, *, is_now: bool) -> KnownOutcome | None:
        """Return what a change says, before or now; None when there was no outcome, or is none."""
        said = change.now if is_now else change.before
        if said is None:
            return None
        text = said if isinstance(said, str) else None
        return cls(change.batch_id, change.row, None if isinstance(said, str) else said, text)


def aggregate_rows(
    rules: CountingRules,
    portion: RowChunk,
    *,
    inputs: bool = True,
    truth: bool = True,
    hourly: bool = True,
) -> Cells:
    """Count rows.

    Without `inputs` only what hangs on outcomes is, of rows that are counted already; without `truth` only
    columns are. What is not `hourly` is all of one hour, which is none in particular.
    """
    found: Cells = {}
    if not portion.frame.height:
        return found
    models = portion.frame.get_column(MODEL_COLUMN)
    named = sorted(models.unique())
    for model in named:
        mine = portion
        if len(named) > 1:
            mine = portion.take(np.flatnonzero((models == model).to_numpy()))
        hours = mine.times // _HOUR if hourly else np.zeros(mine.frame.height, dtype=np.int64)
        # Sorted by hour, as sums by `reduceat` below need it; rows mostly come so.
        if mine.frame.height > 1 and (np.diff(hours) < 0).any():
            mine = mine.take(np.argsort(hours, kind="stable"))
            hours = mine.times // _HOUR
        for some, of_hour in _bounded(hours, rules.layout(model).size):
            _count(found, rules, model, _slice(mine, some), of_hour, inputs=inputs, truth=truth)
    return found


def _slice(portion: RowChunk, part: slice) -> RowChunk:
    if part == slice(0, portion.frame.height):
        return portion
    return RowChunk(portion.frame[part], portion.rows[part], portion.outcomes[part])


def _bounded(hours: Places, size: int) -> Iterator[tuple[slice, Places]]:
    """Cut rows that are in order of their hours so that the counts of a cut stay few."""
    # A vector of counts for each hour is as long as all bins of all columns, however few its rows are.
    starts = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
    a_cut = max(1, _MAX_COUNTS // max(1, size))
    for at in range(0, len(starts), a_cut):
        end = starts[at + a_cut] if at + a_cut < len(starts) else len(hours)
        yield slice(int(starts[at]), int(end)), hours[starts[at] : end]


def _count(
    found: Cells,
    rules: CountingRules,
    model: str,
    portion: RowChunk,
    hours: Places,
    *,
    inputs: bool,
    truth: bool,
) -> None:
    named, codes = np.unique(hours, return_inverse=True)
    moments = [_EPOCH + timedelta(microseconds=int(hour) * _HOUR) for hour in named]
    starts = np.searchsorted(codes, np.arange(len(named)))
    known = portion.frame.get_column(OUTCOME_COLUMN).is_not_null().to_numpy()
    marked = portion.outcomes + (portion.rows if inputs else np.uint64(0))
    layout = rules.layout(model)
    counts = _narrow(tally_rows(layout, portion.frame, codes, len(named))) if inputs else None
    rows = np.bincount(codes, minlength=len(named))
    outcomes = np.bincount(codes, weights=known, minlength=len(named)).astype(np.int64)
    checksums, times = np.add.reduceat(marked, starts), portion.times
    first, last = np.minimum.reduceat(times, starts), np.maximum.reduceat(times, starts)
    for index, hour in enumerate(moments):
        cell = Cell(outcomes=int(outcomes[index]), checksum=int(checksums[index]))
        if counts is not None:
            cell = replace(
                cell,
                rows=int(rows[index]),
                first=_EPOCH + timedelta(microseconds=int(first[index])),
                last=_EPOCH + timedelta(microseconds=int(last[index])),
                bins=layout.digest,
                counts=counts[index],
            )
        found[CellKey(model, hour, COLUMNS)] = cell
    if inputs and rules.sketches(model):
        for index, hour in enumerate(moments):
            end = starts[index + 1] if index + 1 < len(starts) else len(codes)
            mine = portion.frame[int(starts[index]) : int(end)]
            found[CellKey(model, hour, SKETCHES)] = Cell(rows=mine.height, sketches=sketch_columns(mine))
    roles = [
        (ANSWERED, model),
        *((SHADOW, shadow_model) for shadow_model in shadow_models(portion.frame.columns)),
    ]
    for role, answering in roles if truth else ():
        for part, index, sums in truth_by_part(rules, portion.frame, codes, answering, role, inputs=inputs):
            # A shadow may have scored beside several models: its truth is one.
            key = CellKey(answering, moments[index], part)
            add_cell(found, key, Cell(rows=sums.rows, outcomes=sums.outcomes, truth=sums))


def _narrow(counts: Counts) -> Counts:
    """Return counts as narrow as they fit: an hour of few rows has as many bins as one of many."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))


def sketch_columns(frame: pl.DataFrame) -> dict[str, ColumnSketch]:
    """Return the sketches of what came in and of what the model answered, by column."""
    found = {name: sketch_column(frame.get_column(name)) for name in profiled_columns(frame.columns)}
    return {name: each for name, each in found.items() if each is not None}


def profiled_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns of features and of answers."""
    inputs = [name for name in columns if name not in RESERVED and not name.startswith(SHADOW_PREFIX)]
    return [*inputs, *(name for name in columns if name == SCORE_COLUMN)][:MAX_SKETCHED_COLUMNS]


def _spread(values: pl.Series, places: Places, rows: int) -> pl.Series:
    """Return a column of some rows' values, null in the others."""
    import polars as pl

    where = np.full(rows, len(values), dtype=np.int64)
    where[places] = np.arange(len(values))
    return values.extend_constant(None, 1).gather(pl.Series(where, dtype=pl.UInt32))
