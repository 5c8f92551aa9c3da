"""What is spent of budgets: added up once, then by what ended since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection

from meguru.base import refs
from meguru.costs import pricing, store, usage
from meguru.costs.guard import covers
from meguru.costs.ledger import CostLedger, total
from meguru.costs.periods import begin_of
from meguru.costs.types import BudgetState, ResourceUse

UNITS = {"cpu_hours": "hours of processors", "gpu_hours": "hours of accelerators"}
SETTLED = timedelta(minutes=15)
"""What ended longer ago is taken for whole, until everything is added up again."""
STRIDE = timedelta(minutes=1)
ANEW = timedelta(minutes=30)
_HOUR = 3600.0
_TICK = timedelta(milliseconds=1)


class Spent(NamedTuple):
    """How much is spent of a budget since its time began, in which unit."""

    amount: float
    unit: str


class SpentCounter:
    """Adds up what budgets have spent; for one thread.

    A server asks each second while runs go on, and of a month of steps only the last minutes are new. What
    it keeps is a cache: a process that begins adds up everything, so nothing is lost with one that is
    killed, and each server has its own. Now and then each adds up everything again, for what was written
    late or removed.
    """

    def __init__(self) -> None:
        self._parts: dict[tuple[frozenset[str], datetime], _StepSums] = {}
        self._begun: datetime | None = None

    def all(self, tx: Connection, budgets: Sequence[BudgetState], now: datetime) -> list[Spent]:
        """Return what is spent of each budget, by what is written at `now`."""
        if self._begun is None or not timedelta(0) <= now - self._begun < ANEW:
            self._parts, self._begun = {}, now
        before, self._parts = self._parts, {}
        projects = frozenset(refs.project_of(budget_state.name) for budget_state in budgets)
        prices = store.prices(tx)
        ledger = CostLedger(tx, prices)
        found = []
        for budget in budgets:
            # What ended this very moment counts too.
            moments = ledger.moments(begin_of(budget.spec.per, now), now + _TICK)
            parts = []
            for begin, end in pairwise(moments):
                key = (projects, begin)
                if key not in self._parts:
                    step_sums = before.get(key)
                    # Prices that were declared of late may end a time before where it was counted to.
                    sums = step_sums if step_sums and step_sums.upto <= end else _StepSums(begin)
                    sums.go_on(tx, projects, end, now)
                    self._parts[key] = sums
                parts.append((begin, self._parts[key].sums()))
            found.append(_of(budget, parts, CostLedger(tx, prices)))
        return found


class _StepSums:
    """What steps used that ended since a moment, by pipeline and person.

    A step that is tried again stays among the fresh ones however long ago its last attempt ended: the next
    one writes into the same row, and what was added of it would count twice.
    """

    def __init__(self, begin: datetime) -> None:
        self.begin = self.upto = begin
        self._settled: dict[tuple[str, str], ResourceUse] = {}
        self._fresh: list[usage.StepSum] = []

    def go_on(self, tx: Connection, projects: frozenset[str], end: datetime, now: datetime) -> None:
        """Add what ended since it was asked last, before `end`."""
        whole = min(end, now - SETTLED)
        if whole - self.upto >= STRIDE:
            self._add(self._settled, usage.of_steps(tx, self.upto, whole, projects=projects, settled=True))
            self.upto = whole
        self._fresh = usage.of_steps(tx, self.upto, end, projects=projects, open_since=self.begin)

    def sums(self) -> dict[tuple[str, str], ResourceUse]:
        """Return what was used."""
        found = dict(self._settled)
        self._add(found, self._fresh)
        return found

    @staticmethod
    def _add(to: dict[tuple[str, str], ResourceUse], sums: Iterable[usage.StepSum]) -> None:
        for step_sum in sums:
            key = step_sum.pipeline, step_sum.person
            to[key] = to.get(key, ResourceUse()) + step_sum.use


def _of(
    budget: BudgetState, parts: list[tuple[datetime, dict[tuple[str, str], ResourceUse]]], ledger: CostLedger
) -> Spent:
    project = refs.project_of(budget.name)
    lists = ledger.lists_of(project)
    for begin, sums in parts:
        if budget.spec.of == "money" and pricing.at(lists, begin) is None:
            continue  # a sum in which a part has no price would be none, and never reach the limit
        for (pipeline, person), use in sums.items():
            if covers(budget.name, budget.spec, pipeline, person):
                ledger.add(pipeline, use, project=project, at=begin)
    whole = total(ledger.lines)
    if budget.spec.of == "money":
        return Spent(_rounded(whole.money or 0.0), whole.unit)
    seconds = whole.use.cpu_seconds if budget.spec.of == "cpu_hours" else whole.use.gpu_seconds
    return Spent(_rounded(seconds / _HOUR), UNITS[budget.spec.of])


def _rounded(amount: float) -> float:
    # Sums of the same steps in another order differ in their last digits: at its limit a budget would be told
    # as used up and as renewed by turns.
    return float(f"{amount:.10g}")
