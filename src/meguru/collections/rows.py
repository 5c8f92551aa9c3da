"""Predictions with their outcomes, as rows to train on."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import Connection

from meguru.base.library_errors import reason
from meguru.collections.types import CollectionRule
from meguru.errors import InvalidInput, near_misses
from meguru.predictions.labelled_rows import labelled_rows_of_day
from meguru.predictions.record import tasks_of
from meguru.predictions.types import (
    ID_COLUMN,
    MODEL_COLUMN,
    OUTCOME_COLUMN,
    RESERVED,
    SHADOW_PREFIX,
    TIME_COLUMN,
)
from meguru.tasks.base import OUTPUT_PREFIX

if TYPE_CHECKING:
    from meguru.tasks import Task

PREDICTION, EVENT_TIME = "prediction_id", "event_time"
_ESCAPED = "feature:"


def rows_of_day(
    tx: Connection, endpoint: str, day: str, rule: CollectionRule
) -> tuple[pl.DataFrame, set[str]]:
    """Return the rows of a day's requests, and the models that answered them.

    Columns: the inputs as the model took them, the outcome under the rule's label, ``event_time`` and
    ``prediction_id`` (unless an input is called so).
    """
    # By model: two models may take different columns, and have other classes.
    parts, models = [], set()
    for part in labelled_rows_of_day(tx, endpoint, day):
        chosen = _chosen(part, rule.only)
        if not chosen.height:
            continue
        names = chosen.get_column(MODEL_COLUMN).unique().sort().to_list()
        models |= set(names)
        tasks = tasks_of(tx, names)
        for model in names:
            own = chosen.filter(pl.col(MODEL_COLUMN) == model)
            parts.append(_shaped(own, rule.label, tasks[model]))
    if not parts:
        return pl.DataFrame(), models
    return pl.concat(parts, how="diagonal_relaxed").sort(EVENT_TIME, PREDICTION), models


def as_parquet(frame: pl.DataFrame) -> bytes:
    """Write rows as the bytes of a Parquet file."""
    frame.write_parquet(made := io.BytesIO(), compression="zstd")
    return made.getvalue()


def _chosen(part: pl.DataFrame, only: Mapping[str, Any]) -> pl.DataFrame:
    for name, value in only.items():
        column = name if name in part.columns else _ESCAPED + name
        if column not in part.columns:
            if not part.height:
                return part
            known = [each for each in part.columns if not each.startswith("_")]
            close = near_misses(name, known)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known[:12])}"
            raise InvalidInput(f"no input is called {name!r}", field=f"only.{name}", hint=hint)
        wanted = value if isinstance(value, list) else [value]
        try:
            part = part.filter(pl.col(column).is_in(wanted))
        except pl.exceptions.PolarsError as error:
            why = reason(error)
            raise InvalidInput(f"{name!r} can't have such a value", field=f"only.{name}", why=why) from None
    return part


def _shaped(part: pl.DataFrame, label: str, task: Task) -> pl.DataFrame:
    inputs = [name for name in part.columns if _is_input(name) and part.get_column(name).dtype != pl.Null]
    names = {name: name.removeprefix(_ESCAPED) for name in inputs}
    if label in names.values():
        raise InvalidInput(
            f"an input is called {label!r} as well", field="label", hint="give the outcome another name"
        )
    outcome = _label(part.get_column(OUTCOME_COLUMN), task).alias(label)
    meta = [
        part.get_column(source).alias(name)
        for source, name in ((TIME_COLUMN, EVENT_TIME), (ID_COLUMN, PREDICTION))
        if name not in names.values()
    ]
    return part.select(pl.col(name).alias(new) for name, new in names.items()).with_columns(outcome, *meta)


def _is_input(name: str) -> bool:
    return name not in RESERVED and not name.startswith((SHADOW_PREFIX, OUTPUT_PREFIX))


def _label(column: pl.Series, task: Task) -> pl.Series:
    """Return outcomes as labels: a binary model's by the names of its classes."""
    if task.key != "binary" or not column.dtype.is_numeric():
        return column
    classes: tuple[Any, ...] = getattr(task, "classes", (0, 1))
    whole = column.cast(pl.Int64)
    return whole if classes == (0, 1) else whole.replace_strict([0, 1], list(classes))
