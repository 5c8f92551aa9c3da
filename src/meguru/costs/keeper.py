"""Counts what runs have used of budgets; warns, and stops what goes beyond."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.costs import pricing, store, usage
from meguru.costs.guard import covers
from meguru.costs.kind import BUDGET
from meguru.costs.ledger import CostLedger, total
from meguru.costs.periods import begin_of, end_of
from meguru.costs.stopping import running, stop
from meguru.costs.types import BudgetState
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower

_UNITS = {"cpu_hours": "hours of processors", "gpu_hours": "hours of accelerators"}
_HOUR = 3600.0
MAX_NAMED = 1000
"""So many of what was stopped are named in the event."""
_TICK = timedelta(milliseconds=1)


class BudgetKeeper(Follower):
    """Counts budgets as steps end; several servers may run one each: the database says what was told."""

    name = "budgets"
    idle = 30.0
    pace = 1.0

    def step(self) -> int:
        """Count every budget; return how many were warned of, exceeded or renewed."""
        now = self.ws.clock.now()
        # Added up in a read: a write would hold up the runs that are counted.
        with self.ws.read() as tx:
            found = [(each, counted(tx, each, now)) for each in store.budgets(tx)]
        return sum(
            _WATCH.commit(self.ws, partial(note, known=known, now=made))
            for known, made in found
            if msgspec.structs.replace(made, counted_at=known.counted_at) != known
        )

    def wakes(self, type: str) -> bool:
        """Tell whether an event changes what is spent, or a budget."""
        return type.startswith(("budget.", "step_run."))


def note(ctx: Context, *, known: BudgetState, now: BudgetState) -> int:
    """Write down what was counted of a budget, and do what follows; 1 if there was something to tell."""
    # Compare and set: what was counted in a read is written only over the state that it was counted from.
    if store.find_budget(ctx.tx, known.name, lock=True) != known:
        return 0  # it was declared anew, or another server was quicker: the next look tells
    told = _tell(ctx, known, now)
    store.put_state(ctx.tx, now)
    return int(told)


def counted(tx: Connection, known: BudgetState, now: datetime) -> BudgetState:
    """Return a budget with what is spent of it now."""
    start = begin_of(known.spec.per, now)
    spent = _spent(tx, known, start, now)[0]
    warned = spent >= known.spec.limit * known.spec.warn
    return msgspec.structs.replace(
        known,
        start=start,
        spent=spent,
        warned=warned,
        exceeded=spent >= known.spec.limit,
        counted_at=now,
    )


def _tell(ctx: Context, known: BudgetState, now: BudgetState) -> bool:
    """Tell of what changed since the last time, each once; at the limit, stop what runs."""
    ref, anew = refs.make("budget", known.name), known.start != now.start
    had = msgspec.structs.replace(known, warned=False, exceeded=False) if anew else known
    is_better = (known.exceeded and not now.exceeded) or (known.warned and not now.warned)
    if is_better:
        ctx.emit("budget.renewed", ref)
    if now.exceeded and not had.exceeded:
        things = running(ctx.tx, now) if now.spec.stop else []
        # The event first: what is stopped names it as its cause.
        event = ctx.emit("budget.exceeded", ref, data=_facts(ctx, now) | {"stopped": things[:MAX_NAMED]})
        stop(ctx.with_(cause=event.id), things, f"{ref} is used up")
    elif now.warned and not had.warned and not now.exceeded:
        ctx.emit("budget.warned", ref, data=_facts(ctx, now))
    else:
        return is_better
    return True


def _facts(ctx: Context, now: BudgetState) -> dict[str, object]:
    start = now.start or ctx.now()
    unit = _spent(ctx.tx, now, start, ctx.now())[1]
    until = f"{end_of(now.spec.per, start):%Y-%m-%d}"
    return {"spent": float(f"{now.spent:.6g}"), "limit": now.spec.limit, "unit": unit, "until": until}


def _spent(tx: Connection, budget: BudgetState, start: datetime, now: datetime) -> tuple[float, str]:
    """Return what is spent since a moment, and in what; of money, what had a price when it was spent."""
    project, ledger = refs.project_of(budget.name), CostLedger(tx)
    lists = ledger.lists_of(project)
    # What ended this very moment counts too.
    moments = ledger.moments(start, now + _TICK)
    for begin, end in pairwise(moments):
        if budget.spec.of == "money" and pricing.at(lists, begin) is None:
            continue  # a sum in which a part has no price would be none, and never reach the limit
        for each in usage.of_steps(tx, begin, end, projects={project}):
            if covers(budget.name, budget.spec, each.pipeline, each.person):
                ledger.add(each.pipeline, each.use, project=project, at=begin)
    whole = total(ledger.lines)
    if budget.spec.of == "money":
        return whole.money or 0.0, whole.unit
    seconds = whole.use.cpu_seconds if budget.spec.of == "cpu_hours" else whole.use.gpu_seconds
    return seconds / _HOUR, _UNITS[budget.spec.of]


_WATCH = InternalOperation(BUDGET, "watch")
