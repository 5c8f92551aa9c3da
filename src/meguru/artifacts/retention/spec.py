"""The specs of rules of retention: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection, delete, insert

from meguru.artifacts.retention.kind import RetentionSpec
from meguru.artifacts.retention.rules import NAME, RECORDS, days, rules
from meguru.artifacts.retention.schema import retention
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context


def find(tx: Connection, name: str) -> RetentionSpec | None:
    """Return the present rule; None if there is none of this name."""
    return rules(tx).get(name)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of all rules: every project shares them."""
    del projects
    return list(rules(tx))


def check(ctx: Context, name: str, spec: RetentionSpec) -> RetentionSpec:
    """Return the rule as it is; refuse one that is shorter than the law asks, its own or the workspace's."""
    with ctx.ws.read() as tx:
        above = rules(tx).get(NAME) if name != NAME else None
    for field, least in [*spec.least.items(), *(above.least.items() if above else ())]:
        if field not in RECORDS:
            raise InvalidInput(f"nothing is called {field[:50]!r}", field="least", hint=", ".join(RECORDS))
        said = getattr(spec, field)
        if said and days(said, field=field) < days(least, field=f"least.{field}"):
            why = f"{said} is shorter than {least}"
            raise InvalidInput(f"{field} must be kept longer", field=field, why=why)
    for field in RECORDS:
        if said := getattr(spec, field):
            days(said, field=field)
    return spec


def uses(name: str, spec: RetentionSpec) -> list[str]:
    """Return nothing: a rule names no other thing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: RetentionSpec) -> None:
    """Write the rule; it is applied within the hour."""
    retire(ctx, name)
    ctx.tx.execute(insert(retention).values(name=name, spec=msgspec.to_builtins(spec)))


def retire(ctx: Context, name: str) -> None:
    """Take the rule away."""
    ctx.tx.execute(delete(retention).where(retention.c.name == name))
