"""Ask what things cost, and what is left of budgets."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.costs import pricing, store, usage
from meguru.costs.ledger import BY, CostLedger, fill, total
from meguru.costs.types import BudgetState, CostLine, CostReport, ResourceUse
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs
from meguru.registry import store as models

USUAL = timedelta(days=30)
UNPRICED = "nothing has a price here: declare [prices.default] in meguru.toml"
UNMEASURED = "{count} steps could not be measured: they ended before this was, or were ended from outside"
WHOLE = "versions are counted as if each were kept whole; files that several share are kept once"


@operation("cost.report", permission="cost:read", query=True)
def report(
    ctx: Context, *, by: str = "project", since: datetime | None = None, until: datetime | None = None
) -> CostReport:
    """Tell what was used and cost in a time, by project, pipeline, person, model, endpoint or dataset.

    By default the last 30 days. A step counts when it ends, a request in its minute, what is kept for as long
    as it was; a model costs what the run did that made it, and what keeping its versions does.

    Raises
    ------
    NotFound
        If it is not told by that.
    InvalidInput
        If the time ends before it begins.
    """
    if by not in BY:
        raise NotFound.of("line of costs", by, BY)
    end = until or ctx.now()
    begin = since or end - USUAL
    if begin >= end:
        raise InvalidInput("the time ends before it begins", field="since")
    ledger = CostLedger(ctx.tx)
    fill(ctx, ledger, by, begin, end)
    lines = ledger.lines
    whole = total(lines)
    notes = [UNPRICED] if lines and not whole.unit else []
    if whole.unmeasured:
        notes.append(UNMEASURED.format(count=f"{whole.unmeasured:,}"))
    if any(line.use.storage_gb_days for line in lines) and by in {"dataset", "project"}:
        notes.append(WHOLE)
    return CostReport(by=by, since=begin, until=end, lines=lines, total=whole, notes=notes)


@operation("cost.show", permission="cost:read", query=True, on="ref", refers={"ref": "*"})
def show(ctx: Context, *, ref: str) -> CostLine:
    """Tell what a run of a pipeline, or the run that made a version of a model, used and cost.

    Raises
    ------
    NotFound
        If there is no such run or version.
    InvalidInput
        If the version was made by no run of a pipeline.
    """
    return line_of(ctx.tx, ref, ctx.now())


def line_of(tx: Connection, ref: str, now: datetime) -> CostLine:
    """Return the same, for those who may not import this package (`run cost`)."""
    wanted = refs.parse(ref)
    if wanted.kind == "model":
        version = models.resolve(tx, ref)
        made = refs.parse(version.run_ref) if version.run_ref else None
        if made is None or made.kind != "pipeline_run":
            raise InvalidInput(f"{version.ref} was made by no run of a pipeline", field="ref")
        wanted = made
    if wanted.kind != "pipeline_run":
        hint = "meguru cost report --by endpoint"
        raise InvalidInput(f"the cost of {wanted.kind}s is told by time", field="ref", hint=hint)
    run = runs.get(tx, wanted.name)
    ledger = CostLedger(tx)
    unmeasured, use = usage.of_runs(tx, [run.id]).get(run.id, (0, ResourceUse()))
    at, project = run.finished_at or now, refs.project_of(run.pipeline)
    ledger.add(ref, use, project=project, at=at, runs=1, unmeasured=unmeasured)
    return ledger.lines[0]


@operation("budget.show", permission="budget:read", query=True, on="budget")
def show_budget(ctx: Context, *, budget: str) -> BudgetState:
    """Tell what of a budget is spent since its time began, as a server counted it last."""
    budget_state = store.find_budget(ctx.tx, refs.parse(budget, kind="budget").name)
    if budget_state is None:
        known = [each.name for each in store.budgets(ctx.tx, ctx.readable)]
        raise NotFound.of("budget", budget, known)
    return _with_prices(ctx, [budget_state])[0]


@operation("budget.list", permission="budget:read", query=True)
def list_budgets(ctx: Context) -> list[BudgetState]:
    """List budgets with what of each is spent."""
    return _with_prices(ctx, store.budgets(ctx.tx, ctx.visible))


def _with_prices(ctx: Context, found: list[BudgetState]) -> list[BudgetState]:
    """Return budgets that say when they limit nothing, as nothing has a price."""
    ledger, now = CostLedger(ctx.tx), ctx.now()
    return [
        msgspec.structs.replace(
            budget_state,
            is_priced=budget_state.spec.of != "money"
            or pricing.at(ledger.lists_of(refs.project_of(budget_state.name)), now) is not None,
        )
        for budget_state in found
    ]
