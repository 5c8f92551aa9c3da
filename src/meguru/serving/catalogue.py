"""Endpoints in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select

from meguru.artifacts.catalogue import Described, Detail
from meguru.kernel.operations import Context
from meguru.kernel.projects import condition
from meguru.serving.schema import endpoint
from meguru.serving.show import show


def described(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield all endpoints of some projects (None: of all) with what people say of them."""
    mine = endpoint.c
    query = select(mine.name, mine.description).where(mine.retired_at.is_(None))
    for name, description in tx.execute(query.where(condition(mine.name, projects))):
        yield Described(name, description)


def detailed(ctx: Context, name: str) -> Detail:
    """Return how an endpoint is: its state, and the model that is live."""
    found = ctx.execute(show, {"name": name}).endpoint
    live = found.live
    health = f"{found.state.value} {live.model_ref}" if live else found.state.value
    return Detail(health, live.since if live else found.created_at, ())
