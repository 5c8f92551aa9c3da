"""What a model is compared with whose training nobody profiled: its own first window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, func, select

from meguru.monitoring.cells import sample, summing
from meguru.monitoring.cells.aggregate import Cells, profiled_columns
from meguru.monitoring.cells.rules import CountingRules
from meguru.monitoring.cells.schema import monitor_cell
from meguru.monitoring.cells.types import COLUMNS, SKETCHES, Cell, CellKey
from meguru.monitoring.window import ComparedColumn, compared_column
from meguru.predictions.schema import prediction_batch, uncounted_batch
from meguru.predictions.types import MODEL_COLUMN
from meguru.stats import ColumnProfile, NumericProfile, TableProfile
from meguru.stats.profile.columns import kind_of, profile_column
from meguru.stats.sketches import ColumnSketch
from meguru.stats.sketches.numeric import NumericSketch

FIRST_WINDOW = "the first window of this model"
NO_SKETCHES = (
    "nothing is known of the data that {model} was trained on, and to compare a large window with its first "
    "one needs sketches: pip install 'meguru[sketches]'"
)
TOO_EARLY = (
    "nothing is known of the data that {model} was trained on, and there is no earlier window of it with "
    "{rows} rows"
)


@dataclass(frozen=True, kw_only=True)
class FirstWindow:
    """Where a model began at an endpoint: a span as long as the window that is compared with it."""

    start: datetime
    end: datetime
    cell: Cell
    """Rows and checksum, which say whether something came late."""
    sketches: Mapping[str, ColumnSketch]


def first_window(
    tx: Connection, endpoint: str, rules: CountingRules, model: str, span: tuple[datetime, datetime]
) -> FirstWindow | None:
    """Return the first window of a model; None when it would overlap the one that is looked at."""
    began = _first_seen(tx, endpoint, model)
    if began is None or began + (span[1] - span[0]) > span[0]:
        return None
    end = began + (span[1] - span[0])
    planned = summing.plan(tx, endpoint, began, end, rules)
    cells = summing.sum_window(tx, endpoint, planned, rules, truth=False)
    counted = cells.get(CellKey(model, began, COLUMNS), Cell())
    sketches = _sketches(cells, model, began)
    return FirstWindow(start=began, end=end, cell=counted, sketches=sketches)


def _first_seen(tx: Connection, endpoint: str, model: str) -> datetime | None:
    mine = monitor_cell.c
    query = select(func.min(mine.hour)).where(mine.endpoint == endpoint, mine.model_ref == model)
    counted = tx.execute(query.where(mine.part == COLUMNS)).scalar()
    batch = prediction_batch.c
    # By last_time, for which there is an index; the first to end is nearly always the first to begin.
    first = select(batch.first_time).where(batch.endpoint == endpoint, batch.model_ref == model)
    found = counted or tx.execute(first.order_by(batch.last_time).limit(1)).scalar()
    listed = uncounted_batch.c  # what came late may be in no cell yet
    late = select(func.min(batch.first_time)).where(listed.endpoint == endpoint, batch.model_ref == model)
    waiting = tx.execute(late.where(listed.batch_id == batch.id)).scalar()
    found = min((each for each in (found, waiting) if each), default=None)
    return None if found is None else found.replace(minute=0, second=0, microsecond=0)


def _sketches(cells: Cells, model: str, start: datetime) -> Mapping[str, ColumnSketch]:
    found = cells.get(CellKey(model, start, SKETCHES))
    return {} if found is None else found.sketches


def profile_of_first(tx: Connection, endpoint: str, model: str, first: FirstWindow) -> TableProfile:
    """Return the profile of the first window's rows, or of 200,000 drawn from more."""
    rows = sample.sample(tx, endpoint, first.start, first.end)
    rows = rows.filter(rows[MODEL_COLUMN] == model)
    named = [name for name in profiled_columns(rows.columns) if kind_of(rows.schema[name]) is not None]
    known = rows.select(named).select(pl.all().exclude(pl.Null))
    return TableProfile(rows=rows.height, columns={each.name: profile_column(each) for each in known})


def compare_sketches(
    then: Mapping[str, ColumnSketch], now: Mapping[str, ColumnSketch]
) -> tuple[tuple[ComparedColumn, ...], dict[str, str]]:
    """Compare sketches of two windows column by column, and say which can't be."""
    compared, broken = [], {}
    for name, each in then.items():
        profile: ColumnProfile = each.profile()
        found = now.get(name)
        if not profile.count:
            continue
        if found is None:
            broken[name] = "it is missing"
        elif isinstance(found, NumericSketch) != isinstance(profile, NumericProfile):
            broken[name] = "its values are of another type"
        else:
            counts = found.over(profile)  # type: ignore[arg-type]
            if counts.count:
                compared.append(compared_column(name, profile, counts))
            else:
                broken[name] = "it has no value at all"
    return tuple(compared), broken
