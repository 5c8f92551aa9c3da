"""Pipelines, and the components that they use, in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select

from meguru.artifacts.catalogue import MOST_USERS, Described, Detail
from meguru.base import refs
from meguru.compute.code.offers import offers
from meguru.kernel.operations import Context
from meguru.kernel.projects import condition
from meguru.pipelines import store
from meguru.pipelines.components.catalogue import list_components
from meguru.pipelines.components.uses import uses
from meguru.pipelines.schema import pipeline


def described(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield all pipelines of some projects (None: of all) with what people say of them."""
    query = select(pipeline.c.name, pipeline.c.spec).where(condition(pipeline.c.name, projects))
    for name, said in tx.execute(query):
        yield Described(name, (said or {}).get("description", ""), (said or {}).get("owner", ""))


def detailed(ctx: Context, name: str) -> Detail:
    """Return how a pipeline is: which version is deployed, and how its newest run ended."""
    (found,) = store.page(ctx.tx, limit=1, only=name)
    state = str(found.last_state or "never ran")
    health = f"@{found.deployed} deployed, {state}" if found.deployed else f"not deployed, {state}"
    made = (refs.make("model", found.produces),) if found.produces else ()
    return Detail(health, found.last_finished_at or found.created_at, made)


def described_components(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield the components that are installed, or that pipelines of some projects (None: of all) use."""
    for name in {point.name for point in offers()} | {name for _, name in uses(tx, projects)}:
        yield Described(name)


def detailed_component(ctx: Context, name: str) -> Detail:
    """Return which version of a component is installed, and which pipelines use it."""
    found = [each for each in ctx.execute(list_components, {}) if each.name == name]
    users = {refs.make("pipeline", use.pipeline): None for each in found for use in each.used_by}
    health = ", ".join(each.error or f"{each.distribution} {each.version}" for each in found)
    return Detail(health, None, tuple(users)[:MOST_USERS])
