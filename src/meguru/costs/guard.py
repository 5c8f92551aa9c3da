"""Refuse to start runs whose budget is used up."""

from __future__ import annotations

from fnmatch import fnmatchcase

from meguru.base import refs
from meguru.business.formatting import number
from meguru.costs import store
from meguru.costs.kind import BudgetSpec
from meguru.costs.periods import end_of
from meguru.errors import Conflict
from meguru.kernel.operations import Context


def covers(name: str, spec: BudgetSpec, pipeline: str, person: str) -> bool:
    """Tell whether a budget is of the runs of a pipeline that somebody started."""
    if refs.project_of(name) != refs.project_of(pipeline):
        return False
    bare = refs.bare(pipeline)
    of_pipeline = not spec.pipelines or any(fnmatchcase(bare, each) for each in spec.pipelines)
    return of_pipeline and (not spec.people or any(fnmatchcase(person, each) for each in spec.people))


def check_run(ctx: Context, pipeline: str, person: str) -> None:
    """Refuse a new run of a pipeline while a budget that stops is used up.

    Raises
    ------
    Conflict
        Naming the budget, and when it begins anew.
    """
    now = ctx.now()
    for budget_state in store.budgets(ctx.tx, {refs.project_of(pipeline)}):
        # `exceeded` is what the server counted last: it lags behind by seconds, and lets through what starts
        # then. A limit that was raised holds at once, though no server has counted since.
        is_over = budget_state.exceeded and budget_state.spent >= budget_state.spec.limit
        if not (is_over and budget_state.spec.stop and budget_state.start):
            continue
        if not covers(budget_state.name, budget_state.spec, pipeline, person):
            continue
        until = end_of(budget_state.spec.per, budget_state.start)
        if now < until:
            left = f"{number(budget_state.spent)} of {number(budget_state.spec.limit)} is spent"
            raise Conflict(
                f"budget/{budget_state.name} is used up",
                why=f"{left}; it begins anew {until:%Y-%m-%d} UTC",
                where=f"budget/{budget_state.name}",
                hint="raise its limit in meguru.toml, or wait",
            )
