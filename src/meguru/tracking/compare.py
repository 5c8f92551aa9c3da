"""Runs beside each other: what they share, and where they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.tracking import store
from meguru.tracking.captured import is_captured
from meguru.tracking.comparison import Compared, Comparison
from meguru.tracking.projects import visible_runs
from meguru.tracking.types import Run

MAX_RUNS = 20


@operation("run.compare", permission="run:read", query=True, refers={"runs": "run"})
def compare(ctx: Context, *, runs: list[str]) -> Comparison:
    """Compare 2 to 20 runs: params, newest metric values, tags and surroundings, what differs first.

    Raises
    ------
    InvalidInput
        If there are too few or too many, or one is named twice.
    NotFound
        If there is no such run.
    """
    names = [store.run_id(text) for text in runs]
    if not 2 <= len(names) <= MAX_RUNS:
        raise InvalidInput(f"{len(names)} runs can't be compared", why=f"2 to {MAX_RUNS}", field="runs")
    if len(set(names)) < len(names):
        raise InvalidInput("a run is named twice", field="runs")
    seen = set(visible_runs(ctx.tx, names, ctx.readable))
    if hidden := next((name for name in names if name not in seen), None):
        raise store.missing(hidden)
    found = [store.get(ctx.tx, name, ctx.now()) for name in names]
    return Comparison(
        runs=found,
        params=_beside(found, lambda run: run.params),
        metrics=_beside(found, lambda run: {key: metric.value for key, metric in run.metrics.items()}),
        tags=_beside(found, lambda run: _tags(run, captured=False)),
        surroundings=_beside(found, lambda run: _tags(run, captured=True)),
    )


def _tags(run: Run, *, captured: bool) -> dict[str, str]:
    return {key: value for key, value in run.tags.items() if is_captured(key) == captured}


def _beside(runs: list[Run], of: Callable[[Run], Mapping[str, Any]]) -> list[Compared]:
    columns = [of(run) for run in runs]
    rows = [
        Compared(key=key, values=values, differs=any(value != values[0] for value in values))
        for key in sorted({key for column in columns for key in column})
        if (values := [column.get(key) for column in columns])
    ]
    return sorted(rows, key=lambda row: not row.differs)
