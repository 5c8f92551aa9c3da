"""SQL of price lists and budgets, on an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert, select, update

from meguru.costs.kind import BudgetSpec, PriceListSpec
from meguru.costs.schema import budget, price_list
from meguru.costs.types import BudgetState
from meguru.kernel.projects import condition

_BUDGET = [each for each in budget.c if each.name != "retired_at"]
_NEW_BUDGET = {"start": None, "spent": 0.0, "warned": False, "exceeded": False, "counted_at": None}


def find_prices(tx: Connection, name: str) -> PriceListSpec | None:
    """Return a price list; None if there is none of this name."""
    query = select(price_list.c.spec).where(price_list.c.name == name, price_list.c.retired_at.is_(None))
    found = tx.execute(query).scalar()
    return None if found is None else msgspec.convert(found, PriceListSpec)


def prices(tx: Connection, projects: AbstractSet[str] | None = None) -> dict[str, PriceListSpec]:
    """Return the price lists of some projects (None: of all), by name."""
    where = price_list.c.retired_at.is_(None) & condition(price_list.c.name, projects)
    rows = tx.execute(select(price_list.c.name, price_list.c.spec).where(where).order_by("name"))
    return {row.name: msgspec.convert(row.spec, PriceListSpec) for row in rows}


def put_prices(tx: Connection, name: str, spec: PriceListSpec) -> None:
    """Write a price list: over the present one, over a retired one, or as a new one."""
    _put(tx, price_list, name, msgspec.to_builtins(spec), {})


def find_budget(tx: Connection, name: str, *, lock: bool = False) -> BudgetState | None:
    """Return a budget; None if there is none of this name."""
    query = select(*_BUDGET).where(budget.c.name == name, budget.c.retired_at.is_(None))
    row = tx.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _state(row)


def budgets(tx: Connection, projects: AbstractSet[str] | None = None) -> list[BudgetState]:
    """Return the budgets of some projects (None: of all), by name."""
    where = budget.c.retired_at.is_(None) & condition(budget.c.name, projects)
    return [_state(row) for row in tx.execute(select(*_BUDGET).where(where).order_by("name"))]


def put_budget(tx: Connection, name: str, spec: BudgetSpec) -> None:
    """Write a budget's spec: over the present one, over a retired one, or as a new one's."""
    _put(tx, budget, name, msgspec.to_builtins(spec), _NEW_BUDGET)


def put_state(tx: Connection, item: BudgetState) -> None:
    """Write what is spent of a budget."""
    values = {name: getattr(item, name) for name in _NEW_BUDGET}
    tx.execute(update(budget).where(budget.c.name == item.name).values(**values))


def take_out(tx: Connection, table: Table, name: str, at: datetime) -> None:
    """Mark a price list or a budget as retired."""
    tx.execute(update(table).where(table.c.name == name).values(retired_at=at))


def _put(tx: Connection, table: Table, name: str, spec: Any, fresh: dict[str, Any]) -> None:
    mine, present = table.c.name == name, table.c.retired_at.is_(None)
    if tx.execute(update(table).where(mine, present).values(spec=spec)).rowcount:
        return
    values = {"spec": spec, "retired_at": None, **fresh}
    if not tx.execute(update(table).where(mine).values(**values)).rowcount:
        tx.execute(insert(table).values(name=name, **values))


def _state(row: Any) -> BudgetState:
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, BudgetState)
