"""Resolve a model's task: what its author declares, checked against what the model itself tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meguru.errors import InvalidInput
from meguru.tasks import Task, options_of, task_of

ONE_NUMBER = frozenset({"anomaly", "binary", "forecast", "ranking", "regression"})
"""Tasks with one number a row, which a model tells apart by its training alone."""


def resolve_task(said: Task | None, found: Task) -> Task:
    """Return the task that is said, with what only the model knows of it, such as classes.

    Raises
    ------
    InvalidInput
        When the model does something else.
    """
    if said is None or said == found:
        return found
    if said.key == found.key:
        known, given = options_of(found), options_of(said)
        for field in ("classes", "targets", "levels"):
            if field in known and field in given and len(known[field]) != len(given[field]):
                raise InvalidInput(
                    f"the model has {len(known[field])} {field}, and {len(given[field])} are said",
                    field=f"task.{field}",
                )
        return task_of({"task": said.key} | known | given)
    if {said.key, found.key} <= ONE_NUMBER:
        return said
    raise InvalidInput(
        f"the model does not do what is said: it was trained for {found.key}",
        field="task",
        why=f"the task {said.key!r} wants another answer",
        hint="leave the task out to have it found",
    )


def plain_classes(classes: Iterable[Any]) -> list[str | bool | int]:
    """Return classes as plain texts, whole numbers or truth values."""
    found = [class_.item() if hasattr(class_, "item") else class_ for class_ in classes]
    found = [int(each) if isinstance(each, float) and each.is_integer() else each for each in found]
    return [each if isinstance(each, str | bool | int) else str(each) for each in found]


def output_names(count: int) -> tuple[str, ...]:
    """Return names for the numbers of a row that have none."""
    return tuple(f"y{place}" for place in range(count))
