"""Which columns of a window hold the outputs of each model, and rows as metrics take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.scoring import HoldoutColumns, score_frame
from meguru.metrics import ScoredRows
from meguru.predictions.types import OUTCOME_COLUMN, SHADOW_PREFIX
from meguru.tasks import OutputType, Task, output_column

if TYPE_CHECKING:
    import polars as pl


def shadow_models(columns: Iterable[str]) -> list[str]:
    """Return the models that scored along, by the columns of a window; each once."""
    found = (each.removeprefix(SHADOW_PREFIX) for each in columns if each.startswith(SHADOW_PREFIX))
    return list(dict.fromkeys(each.partition(":")[0] for each in found))


def output_columns(task: Task, shadow: str = "") -> dict[str, str]:
    """Return the columns that hold a task's outputs, by their names; of a shadow if one is named."""
    if not shadow:
        return {each.name: output_column(each.name) for each in task.outputs()}
    whole = SHADOW_PREFIX + shadow
    return {each.name: whole if each.name == "score" else f"{whole}:{each.name}" for each in task.outputs()}


def rows_with_outcomes(frame: pl.DataFrame, *answers: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows whose outcome is known, and all that some models answered."""
    wanted = [OUTCOME_COLUMN, *(column for each in answers for column in each.values())]
    if not set(wanted) <= set(frame.columns):
        return frame.clear()
    return frame.drop_nulls(wanted)


def scored(
    task: Task, rows: pl.DataFrame, columns: Mapping[str, str], slices: Sequence[str] = ()
) -> ScoredRows | None:
    """Return known rows with one model's answers; None when they are no outcomes or answers of its task."""
    try:
        answer = {output.name: _values(rows[columns[output.name]], output) for output in task.outputs()}
        said = HoldoutColumns(label=OUTCOME_COLUMN, slices=tuple(slices))
        return score_frame(task, answer, rows, said, recorded=True)
    except (InvalidInput, ValueError, TypeError, KeyError):
        return None


def _values(column: pl.Series, output: Any) -> Any:
    if output.type is not OutputType.DOUBLE:
        return column.to_list()
    if not output.shape:
        return column.to_numpy()
    return np.array(column.to_list(), dtype=np.float64)
