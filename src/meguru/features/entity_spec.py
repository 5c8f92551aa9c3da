"""The specs of entities: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import Conflict, InvalidInput
from meguru.features import spec_validation, store
from meguru.features.kind import EntitySpec
from meguru.kernel.operations import Context


def find(tx: Connection, name: str) -> EntitySpec | None:
    """Return the present spec; None if there is no such entity."""
    found = store.spec_of(tx, "entity", name)
    return None if found is None else msgspec.convert(found, EntitySpec)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, EntitySpec]:
    """Return the present specs of those of these names that are there."""
    found = store.specs(tx, "entity", None, names)
    return {name: msgspec.convert(spec, EntitySpec) for name, spec in found.items()}


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return list(store.specs(tx, "entity", projects))


def check(ctx: Context, name: str, spec: EntitySpec) -> EntitySpec:
    """Return the spec; refuse one without a key, and another key under views that have the present one."""
    spec_validation.check_texts(spec)
    spec_validation.check_columns(spec.key, field="key", most=spec_validation.MAX_KEYS)
    if not spec.key:
        raise InvalidInput("an entity needs a key", field="key", hint='key = "customer_id"')
    before = find(ctx.tx, name)
    if before is not None and before.key != spec.key and (readers := _views(ctx.tx, name)):
        raise InvalidInput(
            f"entity/{name} has the key {', '.join(before.key)}",
            why=f"{', '.join(readers[:5])} have values by it",
            hint="declare another entity, and move the views to it",
            field="key",
        )
    return spec


def uses(name: str, spec: EntitySpec) -> list[str]:
    """Return nothing: an entity is made from nothing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: EntitySpec) -> None:
    """Write the spec."""
    store.declare(ctx.tx, "entity", name, msgspec.to_builtins(spec), ctx.now())


def retire(ctx: Context, name: str) -> None:
    """Take the entity out of use.

    Raises
    ------
    Conflict
        While feature views are about it.
    """
    if readers := _views(ctx.tx, name):
        why = f"{', '.join(readers[:5])} have values by it"
        raise Conflict(f"entity/{name} is in use", why=why, hint="retire those first")
    store.take_out(ctx.tx, "entity", name, ctx.now())


def _views(tx: Connection, name: str) -> list[str]:
    found = store.specs(tx, "feature_view", None)
    return [
        refs.make("feature_view", view)
        for view, spec in found.items()
        if name in {refs.within(refs.project_of(view), each) for each in spec.get("entities", [])}
    ]
