"""The run that a program works for: told by the environment to a process, by the context to a thread."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextvars import ContextVar

VARIABLE = "MEGURU_PARENT"
MLFLOW = "MLFLOW_RUN_CONTEXT"
"""MLflow's client gives each run that it starts the tags that are here, as JSON."""
TAG = "meguru.parent"
of_thread: ContextVar[str] = ContextVar("meguru_parent", default="")
"""Threads of one process work for several runs at once; what they start as processes is not told."""
_MAX_LENGTH = 300


def current() -> str:
    """Return the reference of the run that this program works for; empty if nobody said so."""
    return (of_thread.get() or os.environ.get(VARIABLE, ""))[:_MAX_LENGTH]


def variables(parent: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what an environment is to be given, so that our client and MLflow's know the parent."""
    if not parent:
        return {}
    try:
        tags = json.loads(environment.get(MLFLOW) or "{}")
    except ValueError:
        tags = None
    if not isinstance(tags, dict):  # it is its author's, and MLflow's client will say what is wrong with it
        return {VARIABLE: parent}
    return {VARIABLE: parent, MLFLOW: json.dumps(tags | {TAG: parent})}
