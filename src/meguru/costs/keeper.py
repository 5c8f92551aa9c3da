"""Counts what runs have used of budgets; warns, and stops what goes beyond."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import msgspec

from meguru.base import refs
from meguru.base.late import importing, load_ahead
from meguru.costs import store
from meguru.costs.kind import BUDGET
from meguru.costs.periods import begin_of, end_of
from meguru.costs.spent import SpentCounter
from meguru.costs.types import BudgetState
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace

MAX_NAMED = 1000
"""So many of what was stopped are named in the event."""


class BudgetKeeper(Follower):
    """Counts budgets as steps end; several servers may run one each: the database says what was told."""

    name = "budgets"
    idle = 30.0
    pace = 1.0

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._counter = SpentCounter()

    def step(self) -> int:
        """Count every budget; return how many were warned of, exceeded or renewed."""
        now = self.ws.clock.now()
        # Added up in a read: a write would hold up the runs that are counted.
        with self.ws.read() as tx:
            budgets = store.budgets(tx)
            spent = self._counter.all(tx, budgets, now)
        found = [
            (known, counted(known, each.amount, now), each.unit)
            for known, each in zip(budgets, spent, strict=True)
        ]
        if any(made.exceeded and not known.exceeded for known, made, _ in found):
            load_ahead("meguru.costs.stopping")
        return sum(
            _WATCH.commit(self.ws, partial(note, known=known, now=made, unit=unit))
            for known, made, unit in found
            if msgspec.structs.replace(made, counted_at=known.counted_at) != known
        )

    def wakes(self, type: str) -> bool:
        """Tell whether an event changes what is spent, or a budget."""
        return type.startswith(("budget.", "step_run."))


def note(ctx: Context, *, known: BudgetState, now: BudgetState, unit: str) -> int:
    """Write down what was counted of a budget, and do what follows; 1 if there was something to tell."""
    # Compare and set: what was counted in a read is written only over the state that it was counted from.
    if store.find_budget(ctx.tx, known.name, lock=True) != known:
        return 0  # it was declared anew, or another server was quicker: the next look tells
    told = _tell(ctx, known, now, unit)
    store.put_state(ctx.tx, now)
    return int(told)


def counted(known: BudgetState, spent: float, now: datetime) -> BudgetState:
    """Return a budget with what is spent of it now."""
    return msgspec.structs.replace(
        known,
        start=begin_of(known.spec.per, now),
        spent=spent,
        warned=spent >= known.spec.limit * known.spec.warn,
        exceeded=spent >= known.spec.limit,
        counted_at=now,
    )


def _tell(ctx: Context, known: BudgetState, now: BudgetState, unit: str) -> bool:
    """Tell of what changed since the last time, each once; at the limit, stop what runs."""
    ref, anew = refs.make("budget", known.name), known.start != now.start
    had = msgspec.structs.replace(known, warned=False, exceeded=False) if anew else known
    is_better = (known.exceeded and not now.exceeded) or (known.warned and not now.warned)
    if is_better:
        ctx.emit("budget.renewed", ref)
    if now.exceeded and not had.exceeded:
        with importing:
            from meguru.costs.stopping import running, stop
        things = running(ctx.tx, now) if now.spec.stop else []
        # The event first: what is stopped names it as its cause.
        event = ctx.emit(
            "budget.exceeded", ref, data=_facts(ctx, now, unit) | {"stopped": things[:MAX_NAMED]}
        )
        stop(ctx.with_(cause=event.id), things, f"{ref} is used up")
    elif now.warned and not had.warned and not now.exceeded:
        ctx.emit("budget.warned", ref, data=_facts(ctx, now, unit))
    else:
        return is_better
    return True


def _facts(ctx: Context, now: BudgetState, unit: str) -> dict[str, object]:
    start = now.start or ctx.now()
    until = f"{end_of(now.spec.per, start):%Y-%m-%d}"
    return {"spent": float(f"{now.spent:.6g}"), "limit": now.spec.limit, "unit": unit, "until": until}


_WATCH = InternalOperation(BUDGET, "watch")
