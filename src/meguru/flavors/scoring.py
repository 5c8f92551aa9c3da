"""Score a frame: join a model's answers with label, weight, block and slices into rows for metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput
from meguru.tasks import Task
from meguru.tasks.scoring import dense_codes, scored_rows

if TYPE_CHECKING:
    import polars as pl

    from meguru.metrics import ScoredRows
    from meguru.metrics.rows import Array
    from meguru.stats.arrays import Floats

SLICE, ROW = "slice:", "row:"


class HoldoutColumns(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which columns of a holdout say what, beside the features.

    Attributes
    ----------
    label
        The truth.
    weight
        How much a row counts; empty: all alike.
    block
        Rows of equal value may depend on each other, such as those of one day or one client.
    slices
        Metrics are measured for each value of these too.
    """

    label: str = ""
    weight: str = ""
    block: str = ""
    slices: tuple[str, ...] = ()

    @property
    def extra(self) -> tuple[str, ...]:
        """All named columns but the label."""
        return tuple(dict.fromkeys(name for name in (self.weight, self.block, *self.slices) if name))


def score_frame(
    task: Task,
    answer: Mapping[str, Any],
    frame: pl.DataFrame,
    said: HoldoutColumns,
    reads: Iterable[str] = (),
    *,
    recorded: bool = False,
) -> ScoredRows:
    """Put a model's answers beside the truth of a frame; rows of which something is unknown are left out.

    Parameters
    ----------
    task, answer
        What the model does, and its outputs by name for the frame's rows.
    frame
        Has the columns that `said` names, and those of `reads`.
    said
        Which columns say what; the values of each slice are numbered in the column ``slice:NAME``, and the
        frame's rows in ``row:``.
    reads
        Other columns that metrics are counted in.
    recorded
        Whether the label column holds recorded outcomes, and not labels as people write them.

    Raises
    ------
    InvalidInput
        When the label does not fit the task, or a weight or another number is none.
    """
    group = getattr(task, "group", "")
    truth = task.truth_of_outcomes if recorded else task.truth
    columns: dict[str, Array] = {name: _numbers(frame, name) for name in reads}
    columns |= {SLICE + name: dense_codes(frame.get_column(name)) for name in said.slices}
    columns[ROW] = np.arange(frame.height)
    return scored_rows(
        task,
        truth(frame.get_column(said.label)),
        answer,
        weight=_numbers(frame, said.weight) if said.weight else None,
        block=dense_codes(frame.get_column(said.block)) if said.block else None,
        group=_group(frame, group) if task.key == "ranking" else None,
        columns=columns,
    )


def slice_values(frame: pl.DataFrame, name: str) -> list[tuple[int, Any, int]]:
    """Return a slice column's values, the commonest first: their number, the value and how many rows."""
    column = frame.get_column(name)
    codes = dense_codes(column)
    # By code, not by value: values may be of any type, and missing.
    numbers, first, rows = np.unique(codes, return_index=True, return_counts=True)
    found = zip(numbers.tolist(), first.tolist(), rows.tolist(), strict=True)
    values = [(number, _plain(column[place]), count) for number, place, count in found]
    return sorted(values, key=lambda each: (-each[2], each[0]))


def _group(frame: pl.DataFrame, name: str) -> Array:
    if not name:
        return np.zeros(frame.height, dtype=np.int64)
    if name not in frame.columns:
        raise InvalidInput(
            f"the rows have no column {name!r}, whose values are ranked together", field="task"
        )
    return dense_codes(frame.get_column(name))


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    import polars as pl

    if name not in frame.columns:
        raise InvalidInput(f"the rows have no column {name!r}", field=name)
    try:
        values: Floats = frame.get_column(name).cast(pl.Float64).fill_null(np.nan).to_numpy()
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"the column {name!r} holds no numbers", field=name, why=reason(error)) from error
    return values


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
