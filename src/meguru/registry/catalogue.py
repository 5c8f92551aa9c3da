"""Models in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select

from meguru.artifacts.catalogue import MOST_USERS, Described, Detail
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context
from meguru.kernel.projects import condition
from meguru.registry import store
from meguru.registry.schema import model_description, registered_model
from meguru.registry.usage import USERS


def described(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield all models of some projects (None: of all) with what people say of them; no prompts."""
    mine, said = registered_model.c, model_description.c
    query = (
        select(mine.name, said.description, mine.owner)
        .join(model_description, said.name == mine.name, isouter=True)
        .where(mine.retired_at.is_(None), mine.is_prompt.is_(False), condition(mine.name, projects))
    )
    for name, description, owner in tx.execute(query):
        yield Described(name, description or "", owner or "")


def detailed(ctx: Context, name: str) -> Detail:
    """Return how a model is: its newest version, and where its aliases point."""
    model = store.about(ctx.tx, name)
    family = provided(USERS)
    users = {use.ref: None for member in family.names() for use in family.load(member)(ctx.tx, name)}
    if model.latest is None:
        return Detail("no version yet", used_by=tuple(users)[:MOST_USERS])
    health = ", ".join([f"@{model.latest.version}", *(each.alias for each in model.aliases)])
    return Detail(health, model.latest.created_at, tuple(users)[:MOST_USERS])
