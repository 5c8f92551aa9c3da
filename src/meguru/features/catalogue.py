"""Features in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from meguru.artifacts.catalogue import Described, Detail, users_of
from meguru.base import refs
from meguru.features import store
from meguru.features.renew import services_of
from meguru.kernel.operations import Context


def described_entities(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield the entities of some projects (None: of all) with what people say of them."""
    yield from _described(tx, "entity", projects)


def described_views(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield the feature views of some projects (None: of all) with what people say of them."""
    for name, spec, features in store.specs_with_features(tx, projects):
        named = ", ".join([*features, *spec.get("tags", [])])
        said = spec.get("description", "")
        yield Described(name, f"{said} ({named})" if said else named, spec.get("owner", ""))


def described_services(tx: Connection, projects: AbstractSet[str] | None) -> Iterator[Described]:
    """Yield the feature services of some projects (None: of all) with what people say of them."""
    yield from _described(tx, "feature_service", projects)


def detailed_entity(ctx: Context, name: str) -> Detail:
    """Return the key of an entity."""
    spec = store.get(ctx.tx, "entity", name)
    return Detail(f"by {', '.join(spec['key'])}", None, ())


def detailed_view(ctx: Context, name: str) -> Detail:
    """Return how a view is: its version, what it is about, and who reads it."""
    view_version = store.view(ctx.tx, name)
    about = ", ".join(view_version.definition.entities) or "each request"
    users = (*services_of(ctx.tx, name), *users_of(ctx.tx, refs.make("feature_view", name)))
    return Detail(
        f"@{view_version.version}, of {about}", view_version.created_at, tuple(dict.fromkeys(users))
    )


def detailed_service(ctx: Context, name: str) -> Detail:
    """Return how a service is: its version, and which views it has."""
    service_version = store.service(ctx.tx, name)
    views = ", ".join(member.view.partition("/")[2] for member in service_version.members[:10])
    return Detail(
        f"@{service_version.version}: {views}",
        service_version.created_at,
        users_of(ctx.tx, refs.make("feature_service", name)),
    )


def _described(tx: Connection, kind: str, projects: AbstractSet[str] | None) -> Iterator[Described]:
    for name, spec in store.specs(tx, kind, projects).items():
        yield Described(name, spec.get("description", ""), spec.get("owner", ""))
