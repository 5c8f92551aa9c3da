"""Holdout rows with a model's answer, decision and loss on each: the input of fairness and of slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.comparing import HoldoutRows
from meguru.flavors.scoring import ROW
from meguru.metrics import ScoredRows
from meguru.stats.arrays import Floats
from meguru.tasks import Task
from meguru.tasks.base import Label, class_key

if TYPE_CHECKING:
    import polars as pl

SCORE, TRUTH, DECIDED, LOSS = "_score", "_truth", "_decided", "_loss"


def rows_with_answers(evidence: HoldoutRows, rows: ScoredRows) -> pl.DataFrame:
    """Return the rows whose answer and truth are known, all columns of them."""
    known = evidence.frame.filter(evidence.frame.get_column(evidence.columns.label).is_not_null())
    found: pl.DataFrame = known[rows.columns[ROW].tolist()]
    return found


def holdout_decisions(
    task: Task,
    evidence: HoldoutRows,
    rows: ScoredRows,
    columns: Sequence[str],
    *,
    threshold: float = 0.5,
    favorable: Label | None = None,
) -> pl.DataFrame:
    """Return columns of the rows, with answer, truth and decision as `SCORE`, `TRUTH` and `DECIDED`.

    Parameters
    ----------
    task, evidence, rows
        What the model does, what it was asked, and what it answered (`score_models`).
    columns
        Of the evidence; those that it has not are left out.
    threshold, favorable
        A score above the threshold decides for a row; of classes, `favorable` is the one that does.

    Raises
    ------
    InvalidInput
        When there is no such class.
    """
    import polars as pl

    place = 1 if favorable is None else _place(task, favorable)
    score = rows.answer["score"] if "score" in rows.answer else rows.chances[:, place]
    is_number = rows.truth.dtype.kind == "f" and not rows.classes and favorable is None
    truth = rows.truth if is_number else (rows.truth == place).astype(float)
    above = score > threshold
    if favorable is not None:
        # Of two classes the threshold decides, for whichever is asked.
        decided = above == bool(place) if "score" in rows.answer else rows.decided == place
    else:
        decided = above
    mine = rows_with_answers(evidence, rows)
    made = pl.DataFrame({SCORE: score, TRUTH: truth, DECIDED: decided})
    return made.hstack(mine.select([name for name in dict.fromkeys(columns) if name in mine.columns]))


def _place(task: Task, favorable: Label) -> int:
    classes = [class_key(each) for each in getattr(task, "classes", ())]
    wanted = class_key(favorable)
    if wanted not in classes:
        what = f"there is no class {wanted!r} among {', '.join(classes[:12])}"
        raise InvalidInput(what, field="favorable")
    return classes.index(wanted)


def row_losses(task: Task, rows: ScoredRows) -> tuple[Floats, str]:
    """Return what a model lost on each row, shape (rows,), and the metric of which it is the mean.

    Of a binary model that answers probabilities the squared distance from the truth (``brier``), of other
    decisions 1 where they are wrong (the mean is 1 less ``accuracy``), of numbers the absolute error
    (``mae``).

    Raises
    ------
    InvalidInput
        When the answers to a row have no such loss.
    """
    score = rows.answer.get("score")
    if task.key == "binary" and score is not None and len(score) and score.min() >= 0 and score.max() <= 1:
        return np.square(score - rows.truth), "brier"
    if task.key in {"binary", "multiclass"}:
        return (rows.decided != rows.truth).astype(np.float64), "accuracy"
    if task.key in {"regression", "forecast"} and score is not None:
        return np.abs(score - rows.truth), "mae"
    what = f"what a {task.key} model loses on a row is not told"
    raise InvalidInput(
        what, field="ref", hint="binary, multiclass, regression and forecast models have slices"
    )
