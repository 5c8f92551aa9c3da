"""Outcomes of the holdout by score, and expected losses: from them performance is estimated without labels.

Monitors read them out of the model's baseline, for CBPE (classifiers) and DLE (numbers).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.flavors.loss_training import learn_losses
from meguru.flavors.scoring import ROW
from meguru.stats.estimates import ScoreOutcomes
from meguru.tasks.base import SCORE_COLUMN

if TYPE_CHECKING:
    import polars as pl

    from meguru.metrics import ScoredRows
    from meguru.tasks import Task

NUMBERS = frozenset({"regression", "forecast"})
LOSSES = "losses"
OUTCOMES = "outcomes"
"""Beside the profile of the training data in a model's baseline."""
MAX_CLASSES, GROUPS_OF_MANY = 100, 200


def outcome_baseline(
    task: Task, rows: ScoredRows | None, holdout: pl.DataFrame | None, features: Sequence[str]
) -> dict[str, Any]:
    """Return the outcomes of a holdout by score, one against the rest by class; nothing where none tell.

    Of a model of numbers it is what it loses where.

    Parameters
    ----------
    task
        What the model does.
    rows
        Its holdout with its answers; None when there is none.
    holdout, features
        The holdout as it is, and the columns that the model takes.
    """
    if rows is None or not len(rows) or holdout is None:
        return {}
    if task.key in NUMBERS:
        return _losses(rows, holdout, features)
    if task.key in {"binary", "anomaly"}:
        found = {rows.names[1]: ScoreOutcomes.of(rows.positive, rows.answer["score"])}
    elif task.key == "multiclass" and len(rows.names) <= MAX_CLASSES:
        found = {
            name: ScoreOutcomes.of(np.equal(rows.truth, place), rows.chances[:, place], GROUPS_OF_MANY)
            for place, name in enumerate(rows.names)
        }
    else:
        return {}
    known = {name: each.to_dict() for name, each in found.items() if each.both_classes}
    return {OUTCOMES: known} if known else {}


def _losses(rows: ScoredRows, holdout: pl.DataFrame, features: Sequence[str]) -> dict[str, Any]:
    import polars as pl

    score, error = rows.answer["score"], rows.answer["score"] - rows.truth
    if score.ndim != 1:
        return {}
    frame = holdout[rows.columns[ROW].tolist()].with_columns(pl.Series(SCORE_COLUMN, score))
    model = learn_losses(frame, features, SCORE_COLUMN, error)
    return {} if model is None else {LOSSES: model.to_dict()}
