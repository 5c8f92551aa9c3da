"""Score several models on the same rows, for paired comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.bundle import Bundle
from meguru.flavors.scoring import ROW, HoldoutColumns, score_frame
from meguru.metrics import ScoredRows
from meguru.tasks import Task
from meguru.tasks.base import class_key

if TYPE_CHECKING:
    import polars as pl

View: TypeAlias = "Callable[[pl.DataFrame], pl.DataFrame]"
"""Makes the columns that a model takes of the rows that are measured on."""


@dataclass(frozen=True, kw_only=True)
class HoldoutRows:
    """Rows with their truth, on which models are measured.

    Attributes
    ----------
    frame, columns
        The rows, and which columns say what.
    name
        What they are called, as in "the challenger's holdout".
    conditions
        Columns of the frame that were not of the rows: whether an expression, their name, is true.
    """

    frame: pl.DataFrame
    columns: HoldoutColumns
    name: str
    conditions: frozenset[str] = frozenset()


def holdout_of(model: Bundle, ref: str, name: str) -> HoldoutRows:
    """Return a model's holdout as evidence.

    Raises
    ------
    InvalidInput
        When it has none, or one without a label.
    """
    frame, columns = model.holdout(), model.evaluation.holdout_columns
    if frame is None or not columns.label:
        hint = "Model(…, holdout=frame, label='late')"
        raise InvalidInput(f"{ref} has no holdout to compare on", field="holdout", hint=hint)
    return HoldoutRows(frame=frame, columns=columns, name=name)


def score_models(
    models: Sequence[Bundle],
    evidence: HoldoutRows,
    reads: Iterable[str] = (),
    views: Sequence[View] = (),
) -> tuple[ScoredRows, ...]:
    """Return what each model answers to the same rows: those of which every answer and the truth are known.

    Parameters
    ----------
    models
        The first says what the answers mean; the others must do the same task. Classes are those of all.
    evidence
        The rows.
    reads
        Other columns that metrics are counted in.
    views
        How each model sees the rows, where its columns are others; all see them as they are by default.

    Raises
    ------
    InvalidInput
        When a model fails on the rows, or the models' tasks can't be compared.
    """
    # Models are not asked rows whose truth is unknown: nothing could be measured on them.
    known = evidence.frame.filter(evidence.frame.get_column(evidence.columns.label).is_not_null())
    answers = [
        _answer(each, view(known), evidence.name)
        for each, view in zip(models, views or [_as_it_is] * len(models), strict=True)
    ]
    tasks = _common([model.task for model in models])
    found = [
        score_frame(task, _arranged(answer, own.task, task), known, evidence.columns, reads)
        for answer, own, task in zip(answers, models, tasks, strict=True)
    ]
    return _shared(found)


def _answer(model: Bundle, rows: pl.DataFrame, name: str) -> Mapping[str, Any]:
    return model.task.answer(model.ask(rows, name), rows.height) if rows.height else nothing(model.task)


def _as_it_is(rows: pl.DataFrame) -> pl.DataFrame:
    return rows


def nothing(task: Task) -> dict[str, Any]:
    """Return the answer to no rows at all."""
    return {
        output.name: np.zeros((0, *(max(0, size) for size in output.shape)), dtype=np.float64)
        for output in task.outputs()
    }


def _common(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks by which answers are read: of one kind, with one list of classes."""
    first = tasks[0]
    for other in tasks[1:]:
        if other.key != first.key:
            raise InvalidInput(
                f"a {first.key} model is not compared with a {other.key} model",
                field="task",
                why="their answers have no common measure",
            )
        if first.key in {"binary", "anomaly"} and _names(first) != _names(other):
            raise InvalidInput(
                "the models' two classes differ",
                field="classes",
                why=f"they are {', '.join(_names(first))} and {', '.join(_names(other))}",
            )
        if first.key in {"quantile", "interval"} and first != other:
            raise InvalidInput("the models answer other levels", field="levels")
    if first.key not in {"multiclass", "multilabel"}:
        return [first for _ in tasks]
    classes = {class_key(label): label for task in tasks for label in task.classes}  # type: ignore[attr-defined]
    return [msgspec.structs.replace(task, classes=tuple(classes.values())) for task in tasks]


def _arranged(answer: Mapping[str, Any], own: Task, common: Task) -> Mapping[str, Any]:
    """Return an answer with its probabilities in the order of the common classes; 0 of those not known."""
    if own.key not in {"multiclass", "multilabel"} or _names(own) == _names(common):
        return answer
    given = answer["probabilities"]
    wide = np.zeros((len(given), len(_names(common))))
    # A class that this model does not know has probability 0, so that it is wrong where that class is true.
    wide[:, [_names(common).index(name) for name in _names(own)]] = given
    return {**answer, "probabilities": wide}


def _names(task: Task) -> list[str]:
    return [class_key(label) for label in task.classes]  # type: ignore[attr-defined]


def _shared(found: Sequence[ScoredRows]) -> tuple[ScoredRows, ...]:
    """Return only the rows that all models answered."""
    numbers = found[0].columns[ROW]
    for rows in found[1:]:
        # Paired differences need the same rows: one that any model could not answer counts for none.
        numbers = np.intersect1d(numbers, rows.columns[ROW], assume_unique=True)
    parts = [scored_rows.take(np.isin(scored_rows.columns[ROW], numbers)) for scored_rows in found]
    return tuple(parts)
