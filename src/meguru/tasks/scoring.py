"""Join truth and answers into the rows that metrics take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.metrics import ScoredRows
from meguru.metrics.rows import Array, Codes
from meguru.stats.arrays import Bools, Floats
from meguru.tasks.base import Task

if TYPE_CHECKING:
    import polars as pl


def scored_rows(
    task: Task,
    truth: Floats,
    answer: Mapping[str, Any],
    *,
    weight: Floats | None = None,
    group: Codes | None = None,
    block: Codes | None = None,
    columns: Mapping[str, Array] | None = None,
) -> ScoredRows:
    """Return the rows whose truth, answer and weight are known, as metrics read them.

    Parameters
    ----------
    task
        What the model does; a generic one has no rows to measure.
    truth
        As `Task.truth` gives it; a row with NaN is left out.
    answer
        By output name, as `Task.answer` gives it; a row with NaN is left out.
    weight, group, block, columns
        As in `ScoredRows`.

    Raises
    ------
    InvalidInput
        When lengths differ, a weight is negative, or the task can't be measured.
    """
    read = task.readings(answer)
    optional = {"weight": weight, "group": group, "block": block, "scale": read.pop("scale", None)}
    given = {name: array for name, array in optional.items() if array is not None}
    outputs, columns = read.pop("answer"), columns or {}
    known = _finite(truth)
    for array in (*outputs.values(), *given.values()):
        known &= _finite(array)
    if not known.all():
        truth, given = truth[known], {name: array[known] for name, array in given.items()}
        outputs = {name: array[known] for name, array in outputs.items()}
        columns = {name: array[known] for name, array in columns.items()}
    return ScoredRows(truth=truth, answer=outputs, columns=columns, **given, **read)


def dense_codes(column: pl.Series) -> Codes:
    """Number the different values of a column; null is a value too."""
    ranks: Codes = column.rank("dense").fill_null(0).cast(int).to_numpy()
    return ranks


def _finite(values: Array) -> Bools:
    finite = np.isfinite(values)
    return np.asarray(finite if finite.ndim == 1 else finite.all(axis=1))
