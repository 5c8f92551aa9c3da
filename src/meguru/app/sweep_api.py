"""`meguru.sweep`: look for the best parameters of a pipeline, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meguru.app.nouns import load_operations
from meguru.app.open import open_workspace
from meguru.base import durations
from meguru.pipelines.authoring import PipelineFunction
from meguru.pipelines.load import entry_of
from meguru.sweeps.job import SweepProgress
from meguru.sweeps.runner import see_through, start_file
from meguru.sweeps.types import Goal, Pruner, Sampler, Search, Sweep


def sweep(
    pipeline: str | PipelineFunction[..., Any],
    params: Mapping[str, Any],
    *,
    metric: str,
    goal: Goal = "max",
    trials: int | None = None,
    sampler: Sampler = "tpe",
    pruner: Pruner = "none",
    parallel: int = 1,
    seed: int = 0,
    timeout: str | float | None = None,
    target: float | None = None,
    max_failed: int = 10,
    workspace: str | Path | None = None,
    progress: SweepProgress | None = None,
) -> Sweep:
    """Run a pipeline many times to find the parameters with which a metric is best; return when it is over.

    Parameters
    ----------
    pipeline
        A pipeline function of a file, or ``FILE.py:NAME``.
    params
        By name: a range as text (``"loguniform:1e-4..1e-1"``, ``"uniform:0..1"``, ``"int:2..10"``), a list to
        choose from, or one value for all trials.
    metric
        A metric of the model that the pipeline returns, an entry of the dict that it returns, or a name that
        a step logs with `meguru.log`.
    timeout
        Seconds, or ``"10m"``. The other words: see `meguru.sweeps.types.Search`.
    workspace
        Default: ``MEGURU_WORKSPACE``, else the project's: ``.meguru`` here or above.
    progress
        Called with the sweep and each trial that ended.

    Examples
    --------
    >>> found = sweep("train.py:train", {"depth": "int:2..10"}, metric="auc")  # doctest: +SKIP
    >>> found.best.params  # doctest: +SKIP
    {'depth': 6}
    """
    load_operations()
    search = Search(
        metric=metric,
        goal=goal,
        sampler=sampler,
        pruner=pruner,
        trials=trials,
        parallel=parallel,
        seed=seed,
        timeout=durations.seconds(timeout, field="timeout"),
        target=target,
        max_failed=max_failed,
    )
    with open_workspace(workspace) as ws:
        return see_through(ws, start_file(ws, entry_of(pipeline), params, search), progress)
