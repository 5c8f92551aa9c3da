"""Stop what runs beyond a budget: runs and backfills are paused, sweeps stopped; all can be resumed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Table, select

from meguru.backfills.pause import pause as pause_backfill
from meguru.backfills.schema import backfill
from meguru.base import refs
from meguru.costs.guard import covers
from meguru.costs.types import BudgetState
from meguru.errors import Conflict
from meguru.kernel.operations import Context, Operation
from meguru.kernel.projects import condition
from meguru.pipelines.pause import pause as pause_run
from meguru.pipelines.schema import pipeline_run
from meguru.pipelines.types import FINAL
from meguru.sweeps.schema import sweep
from meguru.sweeps.stop import stop as stop_sweep
from meguru.sweeps.types import SweepState

_RUNNING: dict[str, tuple[Table, Callable[[Table], Any]]] = {
    "sweep": (sweep, lambda t: t.c.state == SweepState.RUNNING.value),
    "backfill": (backfill, lambda t: t.c.state == "running"),
    "pipeline_run": (pipeline_run, lambda t: t.c.state.not_in(FINAL) & ~t.c.paused),
}
_STOPS: dict[str, tuple[Operation[..., Any], str]] = {
    "sweep": (stop_sweep, "sweep"),
    "backfill": (pause_backfill, "backfill"),
    "pipeline_run": (pause_run, "run"),
}


def running(tx: Connection, budget: BudgetState) -> list[str]:
    """Return the references of what runs on a budget: sweeps and backfills first, which begin other runs."""
    found = []
    here = {refs.project_of(budget.name)}
    for kind, (table, is_running) in _RUNNING.items():
        columns = (table.c.id, table.c.pipeline, table.c.created_by)
        query = select(*columns).where(is_running(table), condition(table.c.pipeline, here))
        for id, pipeline, person in tx.execute(query.order_by(table.c.id)):
            if covers(budget.name, budget.spec, pipeline, person):
                found.append(refs.make(kind, id))
    return found


def stop(ctx: Context, things: list[str], reason: str) -> None:
    """Stop things; what has ended meanwhile is left."""
    for thing in things:
        ref = refs.parse(thing)
        operation, field = _STOPS[ref.kind]
        with suppress(Conflict):
            operation.function(ctx, **{field: ref.name, "reason": reason})
