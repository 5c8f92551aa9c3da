"""What is known of a model without loading it, for whoever declares something about its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from meguru.artifacts.lineage import made_of
from meguru.errors import NotFound
from meguru.registry import store
from meguru.tasks import Task


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    """A version of a model: enough to see whether a gate can ever pass, or a monitor ever judge.

    `metrics` are those measured on its holdout, and those that its author gave for it.
    """

    ref: str
    task: Task
    metrics: Mapping[str, float]


def task_of_version(tx: Connection, model: str) -> Task | None:
    """Return what a version of a model does; None if there is no such version, or nobody knows."""
    try:
        return store.resolve(tx, model).whole_task
    except NotFound:
        return None


def newest_known_model(tx: Connection, name: str) -> KnownModel | None:
    """Return the newest verified version of a model, which stands for those to come; None if it has none."""
    ref = store.newest_verified(tx, name)
    newest = store.resolve(tx, ref) if ref else None
    task = newest.whole_task if newest else None
    if newest is None or task is None:
        return None
    return KnownModel(ref=ref, task=task, metrics=newest.metrics)


def datasets_learned_from(tx: Connection, model: str) -> list[str]:
    """Return the versions of datasets that a version of a model, or the run that made it, was made from.

    They are those that are known; a pipeline's run knows which it read.
    """
    try:
        version = store.resolve(tx, model)
    except NotFound:
        return []
    used = [*version.used, *(made_of(tx, version.run_ref) if version.run_ref else [])]
    return list(dict.fromkeys(each for each in used if each.startswith("dataset/")))
