"""Read a task from its name or JSON options, and write it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.base.plugins import PluginFamily
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput
from meguru.tasks.base import Task, TaskOptions

TASKS = PluginFamily(
    "task",
    {
        "anomaly": "meguru.tasks.anomaly:Anomaly",
        "binary": "meguru.tasks.binary:Binary",
        "forecast": "meguru.tasks.forecast:Forecast",
        "generic": "meguru.tasks.generic:Generic",
        "interval": "meguru.tasks.interval:IntervalTask",
        "multiclass": "meguru.tasks.multiclass:Multiclass",
        "multilabel": "meguru.tasks.multilabel:Multilabel",
        "multioutput": "meguru.tasks.multioutput:Multioutput",
        "quantile": "meguru.tasks.quantile:Quantile",
        "ranking": "meguru.tasks.ranking:Ranking",
        "regression": "meguru.tasks.regression:Regression",
    },
)
"""Each member is a subclass of `Task`."""


def task_of(said: Task | TaskOptions | Mapping[str, Any]) -> Task:
    """Return the task that is meant by its key, or by an object with the key under ``task``.

    Raises
    ------
    NotFound
        When there is no such task; names those there are.
    InvalidInput
        When an option is unknown or makes no sense; names it.
    """
    if isinstance(said, Task):
        return said
    options = {"task": said} if isinstance(said, str) else dict(said)
    key = options.pop("task", None)
    if not isinstance(key, str):
        raise InvalidInput("a task has a name", field="task", hint=f"one of {', '.join(TASKS.names())}")
    kind: type[Task] = TASKS.load(key)
    try:
        made = msgspec.convert(options, kind)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "task", kind) from None
    made.check()
    return made


def plain(task: Task) -> TaskOptions:
    """Write a task down: its key alone unless it has options."""
    options = options_of(task)
    return {"task": task.key} | options if options else task.key


def options_of(task: Task) -> dict[str, Any]:
    """Return the options of a task that are not as always, as JSON values."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(task))
    return found
