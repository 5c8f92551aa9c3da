"""The specs of budgets: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from meguru.costs import store
from meguru.costs.kind import BudgetSpec
from meguru.costs.schema import budget
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context

MAX_PATTERNS = 50


def find(tx: Connection, name: str) -> BudgetSpec | None:
    """Return the present spec; None if there is no such budget."""
    budget_state = store.find_budget(tx, name)
    return None if budget_state is None else budget_state.spec


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [budget_state.name for budget_state in store.budgets(tx, projects)]


def check(ctx: Context, name: str, spec: BudgetSpec) -> BudgetSpec:
    """Return the spec; refuse a budget that could limit nothing.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    del ctx, name
    if not (math.isfinite(spec.limit) and spec.limit >= 0):
        raise InvalidInput("limit is a number from 0 on", field="limit", why=f"it is {spec.limit}")
    if not 0 < spec.warn <= 1:
        raise InvalidInput(
            "warn is a share of the limit, above 0 up to 1", field="warn", why=f"it is {spec.warn}"
        )
    for field in ("pipelines", "people"):
        given = getattr(spec, field)
        if len(given) > MAX_PATTERNS or not all(0 < len(each) <= 200 for each in given):
            raise InvalidInput(f"{field} are up to {MAX_PATTERNS} names", field=field)
    return spec


def uses(name: str, spec: BudgetSpec) -> list[str]:
    """Return nothing: a pattern names no thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: BudgetSpec) -> None:
    """Write the spec; the server counts anew what is spent of it."""
    store.put_budget(ctx.tx, name, spec)


def retire(ctx: Context, name: str) -> None:
    """Take the budget out of use; what was paused for it stays paused."""
    store.take_out(ctx.tx, budget, name, ctx.now())
