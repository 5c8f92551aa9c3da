"""What became of the holdout by what the model said: from it follows how good it is before outcomes come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.stats.estimates import ScoreOutcomes

if TYPE_CHECKING:
    from meguru.metrics import ScoredRows
    from meguru.tasks import Task

OUTCOMES = "outcomes"
"""Beside the profile of the training data in a model's baseline."""
MAX_CLASSES, GROUPS_OF_MANY = 100, 200


def foreknown(task: Task, rows: ScoredRows | None) -> dict[str, Any]:
    """Return the outcomes of a holdout by score, one against the rest by class; nothing where none tell.

    Parameters
    ----------
    task
        What the model does.
    rows
        Its holdout with its answers; None when there is none.
    """
    if rows is None or not len(rows):
        return {}
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
