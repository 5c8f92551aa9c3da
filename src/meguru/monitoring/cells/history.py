"""Column counts of earlier windows, over the bins of the present baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import overload

import numpy as np
from sqlalchemy import Connection

from meguru.monitoring.cells import sample, summing
from meguru.monitoring.cells.layout import BinLayout
from meguru.monitoring.cells.rules import CountingRules
from meguru.monitoring.cells.tally import tally_rows
from meguru.monitoring.cells.types import COLUMNS, Cell, CellKey
from meguru.monitoring.cells.window import compared_counts
from meguru.monitoring.types import Severity
from meguru.monitoring.window import ComparedColumn, PastWindow
from meguru.predictions.types import MODEL_COLUMN

SAMPLE_ROWS = 50_000
"""So many rows are drawn of an earlier window that another model answered: its cells have other bins."""


class LazyColumns(Sequence[ComparedColumn]):
    """The columns of an earlier window, counted when somebody looks at them: mostly nobody does."""

    def __init__(self, count: Callable[[], Sequence[ComparedColumn]]) -> None:
        self._count = count
        self._known: Sequence[ComparedColumn] | None = None

    def _columns(self) -> Sequence[ComparedColumn]:
        if self._known is None:
            self._known = self._count()
        return self._known

    @overload
    def __getitem__(self, place: int) -> ComparedColumn: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ComparedColumn]: ...
    def __getitem__(self, place: int | slice) -> ComparedColumn | Sequence[ComparedColumn]:
        """Return the column at a place."""
        return self._columns()[place]

    def __len__(self) -> int:
        return len(self._columns())

    def __iter__(self) -> Iterator[ComparedColumn]:
        return iter(self._columns())


def with_column_counts(
    tx: Connection, endpoint: str, rules: CountingRules, live: str, past: Sequence[PastWindow]
) -> tuple[PastWindow, ...]:
    """Return earlier windows with their columns, over the bins of the live model's baseline.

    They are counted while the transaction is open, when somebody looks at them. Of a window that another
    model answered, whose bins are others, up to 50,000 rows are drawn, and its answers are left out: they
    say nothing of the live model's.
    """
    counting = [
        LazyColumns(partial(count_past_columns, tx, endpoint, rules, live, window)) for window in past
    ]
    return tuple(replace(each, columns=later) for each, later in zip(past, counting, strict=True))


def count_past_columns(
    tx: Connection, endpoint: str, rules: CountingRules, live: str, past: PastWindow
) -> tuple[ComparedColumn, ...]:
    """Return the columns of one earlier window; none where nothing was answered, or nothing is known."""
    layout = rules.layout(live)
    if not layout.size or not past.model:
        return ()
    if rules.layout(past.model).digest != layout.digest:
        columns = _drawn(tx, endpoint, layout, past)
        return tuple(column for column in columns if column.severity is Severity.INPUT_DRIFT)
    planned = summing.plan(tx, endpoint, past.start, past.end, rules)
    cells = summing.sum_window(tx, endpoint, planned, rules, truth=False)
    cell = cells.get(CellKey(past.model, past.start, COLUMNS), Cell())
    return compared_counts(layout, cell)[0]


def _drawn(tx: Connection, endpoint: str, layout: BinLayout, past: PastWindow) -> tuple[ComparedColumn, ...]:
    rows = sample.sample(tx, endpoint, past.start, past.end, SAMPLE_ROWS)
    rows = rows.filter(rows[MODEL_COLUMN] == past.model)
    if not rows.height:
        return ()
    counts = tally_rows(layout, rows, np.zeros(rows.height, dtype=np.int64), 1)[0]
    return compared_counts(layout, Cell(rows=rows.height, counts=counts))[0]
