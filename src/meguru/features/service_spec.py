"""The specs of feature services: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.features import impact, renew, spec_validation, store
from meguru.features.kind import FeatureServiceSpec
from meguru.kernel.operations import Context


def find(tx: Connection, name: str) -> FeatureServiceSpec | None:
    """Return the present spec; None if there is no such service."""
    found = store.spec_of(tx, "feature_service", name)
    return None if found is None else msgspec.convert(found, FeatureServiceSpec)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, FeatureServiceSpec]:
    """Return the present specs of those of these names that are there."""
    found = store.specs(tx, "feature_service", None, names)
    return {name: msgspec.convert(spec, FeatureServiceSpec) for name, spec in found.items()}


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return list(store.specs(tx, "feature_service", projects))


def check(ctx: Context, name: str, spec: FeatureServiceSpec) -> FeatureServiceSpec:
    """Return the spec with names in their usual form; refuse views and features that are not there.

    Raises
    ------
    InvalidInput
        If a view has no such feature, or there are none.
    NotFound
        If there is no such view.
    """
    spec_validation.check_texts(spec)
    spec_validation.check_columns(spec.views, field="views", most=spec_validation.MAX_FEATURES)
    if not spec.views:
        hint = 'views = ["weather", "plane:age"]'
        raise InvalidInput("a service has views", field="views", hint=hint)
    spec = msgspec.structs.replace(spec, views=[each.removeprefix("feature_view/") for each in spec.views])
    for index, text in enumerate(spec.views):
        view = refs.within(
            refs.project_of(name), spec_validation.parse_member(text, field=f"views[{index}]").view
        )
        if refs.project_of(full := refs.parse(view, kind="feature_view").name) != refs.project_of(name):
            ctx.check_readable("feature_view", full)
        store.get(ctx.tx, "feature_view", full, ctx.readable)
    renew.members_of(ctx.tx, name, spec)
    return spec


def uses(name: str, spec: FeatureServiceSpec) -> list[str]:
    """Return the references of its views."""
    project = refs.project_of(name)
    views = [
        refs.within(project, spec_validation.parse_member(text, field="views").view) for text in spec.views
    ]
    return list(
        dict.fromkeys(refs.make("feature_view", refs.parse(each, kind="feature_view").name) for each in views)
    )


def save(ctx: Context, name: str, spec: FeatureServiceSpec) -> None:
    """Write the spec, and the version that it means."""
    store.declare(ctx.tx, "feature_service", name, msgspec.to_builtins(spec), ctx.now())
    renew.register_service(ctx, name, spec)


def retire(ctx: Context, name: str) -> None:
    """Take the service out of use; its versions stay for who was trained with them."""
    store.take_out(ctx.tx, "feature_service", name, ctx.now())


def touches(tx: Connection, name: str, after: FeatureServiceSpec | None) -> list[str]:
    """Return in words who was trained with a service that would change or go."""
    del after
    return impact.describe(impact.readers_of_service(tx, name))
