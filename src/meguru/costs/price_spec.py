"""The specs of price lists: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from datetime import date

import msgspec
from sqlalchemy import Connection

from meguru.costs import store
from meguru.costs.kind import PriceListSpec
from meguru.costs.schema import price_list
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context

MAX_UNIT = 20
_TEXTS = frozenset({"unit", "since"})


def find(tx: Connection, name: str) -> PriceListSpec | None:
    """Return the present spec; None if there is no such list."""
    return store.find_prices(tx, name)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return list(store.prices(tx, projects))


def check(ctx: Context, name: str, spec: PriceListSpec) -> PriceListSpec:
    """Return the spec; refuse prices that are none.

    Raises
    ------
    InvalidInput
        Naming the field.
    """
    del ctx, name
    if not 0 < len(spec.unit.strip()) <= MAX_UNIT:
        raise InvalidInput("prices have a unit", field="unit", hint='unit = "JPY"')
    if spec.since:
        day_of(spec.since)
    for field in (each for each in spec.__struct_fields__ if each not in _TEXTS):
        value = getattr(spec, field)
        least = 1.0 if field == "overhead" else 0.0
        if not (math.isfinite(value) and value >= least):
            raise InvalidInput(f"{field} is a number from {least:g} on", field=field, why=f"it is {value}")
    return msgspec.structs.replace(spec, unit=spec.unit.strip())


def uses(name: str, spec: PriceListSpec) -> list[str]:
    """Return nothing: it names no thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: PriceListSpec) -> None:
    """Write the spec."""
    store.put_prices(ctx.tx, name, spec)


def retire(ctx: Context, name: str) -> None:
    """Take the list out of use."""
    store.take_out(ctx.tx, price_list, name, ctx.now())


def day_of(text: str) -> date:
    """Return the day that is written; InvalidInput if it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text[:40]!r} is no day", field="since", hint='since = "2026-04-01"') from error
