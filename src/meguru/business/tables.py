"""The table ``predictions`` that a metric asks: a window's rows under the names that people write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from meguru.predictions.types import (
    ID_COLUMN,
    MODEL_COLUMN,
    OUTCOME_COLUMN,
    SCORE_COLUMN,
    SENT_PREFIX,
    SHADOW_PREFIX,
    TIME_COLUMN,
    VIEW_PREFIX,
)
from meguru.tasks.base import OUTPUT_PREFIX

if TYPE_CHECKING:
    import polars as pl

FIXED = {
    SCORE_COLUMN: "score",
    OUTCOME_COLUMN: "outcome",
    TIME_COLUMN: "time",
    ID_COLUMN: "id",
    MODEL_COLUMN: "model",
}
_LEFT_OUT = (SHADOW_PREFIX, VIEW_PREFIX, SENT_PREFIX)
_FEATURE = "feature:"
_CLASHING = "feature_"


def predictions_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a window's rows, as `predictions.window.frame` gives them, under the names of the table.

    ``score``, ``outcome``, ``time``, ``id`` and ``model``, each other output by its name, and the features by
    theirs; a feature that is called as one of the former has ``feature_`` before its name.
    """
    names = table_names(frame.columns)
    return frame.select(list(names)).rename(names)


def table_names(columns: Iterable[str]) -> dict[str, str]:
    """Return the names in the table by the columns of a window's frame; what is not in it is left out."""
    kept = [column for column in columns if not column.startswith(_LEFT_OUT)]
    outputs = {each: each.removeprefix(OUTPUT_PREFIX) for each in kept if each.startswith(OUTPUT_PREFIX)}
    taken = {*FIXED.values(), *outputs.values()}
    return {each: FIXED.get(each) or outputs.get(each) or _feature(each, taken) for each in kept}


def _feature(column: str, taken: set[str]) -> str:
    name = column.removeprefix(_FEATURE)
    return _CLASHING + name if name in taken else name


def shadows_of(frame: pl.DataFrame) -> list[str]:
    """Return the models that scored along, each once."""
    found = (
        column.removeprefix(SHADOW_PREFIX) for column in frame.columns if column.startswith(SHADOW_PREFIX)
    )
    return sorted({each.partition(":")[0] for each in found})


def both_answered(frame: pl.DataFrame, model: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that a model scored along, as they were answered, and as if it had answered."""
    import polars as pl

    other = instead(frame, model)
    mine = frame.filter(pl.col(ID_COLUMN).is_in(other[ID_COLUMN].implode()))
    return mine, other


def instead(frame: pl.DataFrame, model: str) -> pl.DataFrame:
    """Return a window's rows as if a model that scored along had answered, where it did; others are left out.

    What it did not give stays empty.
    """
    import polars as pl

    whole = SHADOW_PREFIX + model
    own = [column for column in frame.columns if column == SCORE_COLUMN or column.startswith(OUTPUT_PREFIX)]
    theirs = {each: _shadow_of(each, whole) for each in own}
    there = [each for each in theirs.values() if each in frame.columns]
    rows = frame.drop_nulls(there) if there else frame.clear()
    answers = [
        (pl.col(shadow) if shadow in frame.columns else pl.lit(None, dtype=frame.schema[each])).alias(each)
        for each, shadow in theirs.items()
    ]
    return rows.with_columns(*answers, pl.lit(model).alias(MODEL_COLUMN))


def _shadow_of(column: str, whole: str) -> str:
    return whole if column == SCORE_COLUMN else f"{whole}:{column.removeprefix(OUTPUT_PREFIX)}"
