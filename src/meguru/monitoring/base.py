"""Where a monitor learns what a model was like when it was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.stats import TableProfile
from meguru.stats.estimates import ScoreOutcomes
from meguru.stats.estimates.direct_loss import LossModel
from meguru.storage.blobs import BlobStore
from meguru.tasks import Task, task_of


class BaselineSource(Protocol):
    """Tells what is known of a model version from its training.

    The answer is plain JSON: ``profile`` (a `TableProfile.to_dict` of the training data; the column
    ``_score``, if there is one, profiles the model's own scores; beside it, under ``outcomes``, what became
    of its holdout by score, a `ScoreOutcomes.to_dict` by class, or under ``losses`` a `LossModel.to_dict`)
    and ``metrics`` (numbers measured on its holdout, such as ``auc``), and its ``task``. Each may be missing.
    A version of which nothing is known gives None. It changes nothing, and the same version always gets the
    same answer.
    """

    def __call__(self, tx: Connection, blobs: BlobStore, model: str) -> Mapping[str, Any] | None:
        """Return the baseline of a model version such as ``model/delay@3``."""
        ...


BASELINES = "baseline source"
"""The family of those who tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a model was like when it was trained; `profile` and `task` are None when nobody knows.

    `outcomes` are what became of its holdout by score, one class against the rest, by the name of the class;
    `losses` what a model of numbers lost there.
    """

    model: str
    profile: TableProfile | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    task: Task | None = None
    outcomes: Mapping[str, ScoreOutcomes] = field(default_factory=dict)
    losses: LossModel | None = None


def read_baseline(source: BaselineSource, tx: Connection, blobs: BlobStore, model: str) -> Baseline:
    """Ask a source for the baseline of a model version.

    Raises
    ------
    InvalidInput
        When what the source answers is not a profile.
    """
    known = source(tx, blobs, model) or {}
    profile, metrics = known.get("profile"), known.get("metrics") or {}
    try:
        read = TableProfile.from_dict(profile) if profile else None
        said, losses = ((profile or {}).get(name) for name in ("outcomes", "losses"))
        outcomes = {name: ScoreOutcomes.from_dict(each) for name, each in (said or {}).items()}
        lost = LossModel.from_dict(losses) if losses else None
    except InvalidInput as error:
        raise InvalidInput(f"the baseline of {model} can't be read", where=model, why=error.why) from error
    numbers = {name: float(value) for name, value in metrics.items() if isinstance(value, int | float)}
    task = known.get("task")
    return Baseline(
        model=model,
        profile=read,
        metrics=numbers,
        task=None if task is None else task_of(task),
        outcomes=outcomes,
        losses=lost,
    )
