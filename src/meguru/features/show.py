"""Questions about features: which there are, what they say, how two versions differ, who reads them."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.base import refs
from meguru.features import impact, store
from meguru.features.code_diff import changed_lines
from meguru.features.types import (
    FeatureServiceVersion,
    FeatureViewVersion,
    RegisteredEntity,
    RegisteredService,
    RegisteredView,
    ViewImpact,
)
from meguru.kernel.declarations import FieldChange
from meguru.kernel.operations import Context, operation


class ViewDiff(msgspec.Struct, frozen=True, kw_only=True):
    """How two versions of a view differ: fields of the definition, and pieces of code that it reaches.

    `features` are the changes of values: by name, the types before and after (empty: not there). `code` are
    the lines that differ in the modules of the project, as a unified diff.
    """

    before: str
    after: str
    fields: list[FieldChange]
    features: dict[str, list[str]]
    code: list[str] = []


@operation("entity.list", permission="entity:read", query=True)
def list_entities(ctx: Context) -> list[RegisteredEntity]:
    """List the entities that are declared, by name."""
    found = store.specs(ctx.tx, "entity", ctx.visible)
    return [_entity(name, spec) for name, spec in found.items()]


@operation("entity.show", permission="entity:read", query=True, on="name")
def show_entity(ctx: Context, *, name: str) -> RegisteredEntity:
    """Show an entity: its key, and what is said of it."""
    parsed = refs.parse(name, kind="entity")
    return _entity(parsed.name, store.get(ctx.tx, "entity", parsed.name, ctx.readable))


def _entity(name: str, spec: dict[str, Any]) -> RegisteredEntity:
    return RegisteredEntity(name=name, ref=refs.make("entity", name), **spec)


@operation("feature_view.list", permission="feature_view:read", query=True)
def list_views(ctx: Context) -> list[RegisteredView]:
    """List the feature views that are declared, by name, each with the version that holds."""
    specs = store.specs(ctx.tx, "feature_view", ctx.visible)
    return [_registered(specs[each.name], each) for each in store.present_views(ctx.tx, ctx.visible)]


def _registered(spec: dict[str, Any], latest: FeatureViewVersion) -> RegisteredView:
    return RegisteredView(
        name=latest.name,
        ref=latest.ref,
        form=latest.definition.form,
        version=latest.version,
        online=spec["online"],
        description=spec["description"],
        owner=spec["owner"],
        tags=spec["tags"],
        latest=latest,
    )


@operation("feature_view.show", permission="feature_view:read", query=True, on="ref")
def show_view(ctx: Context, *, ref: str) -> FeatureViewVersion:
    """Show one version of a feature view: ``weather``, ``weather@latest`` or ``weather@2``."""
    return store.view(ctx.tx, ref, ctx.readable)


@operation("feature_view.versions", permission="feature_view:read", query=True, on="name")
def view_versions(ctx: Context, *, name: str, limit: int = 100) -> list[FeatureViewVersion]:
    """List the versions of a feature view, newest first."""
    known = store.view(ctx.tx, name, ctx.readable).name
    return store.view_versions(ctx.tx, known, limit)


@operation(
    "feature_view.diff",
    permission="feature_view:read",
    query=True,
    on="before",
    refers={"before": "feature_view", "after": "feature_view"},
)
def diff_views(ctx: Context, *, before: str, after: str) -> ViewDiff:
    """Compare two versions of a feature view: what is said, and which code it reaches."""
    old = store.view(ctx.tx, before, ctx.readable)
    ctx.check_readable("feature_view", after)
    new = store.view(ctx.tx, after, ctx.readable)
    was, now = (msgspec.structs.asdict(each.definition) for each in (old, new))
    return ViewDiff(
        before=old.ref,
        after=new.ref,
        fields=[
            FieldChange(field=field, before=was[field], after=value)
            for field, value in now.items()
            if was[field] != value
        ],
        features={
            name: [old.features.get(name, ""), new.features.get(name, "")]
            for name in dict.fromkeys([*old.features, *new.features])
            if old.features.get(name) != new.features.get(name)
        },
        code=changed_lines(
            ctx.blobs, *(store.code(ctx.tx, each.name, each.definition.code) for each in (old, new))
        ),
    )


@operation("feature_view.impact", permission="feature_view:read", query=True, on="name")
def impact_of(ctx: Context, *, name: str) -> ViewImpact:
    """Say who reads a feature view: services, models that were trained with it, endpoints that answer."""
    return impact.readers(ctx.tx, store.view(ctx.tx, name, ctx.readable).name)


@operation("feature_service.list", permission="feature_service:read", query=True)
def list_services(ctx: Context) -> list[RegisteredService]:
    """List the feature services that are declared, by name, each with the version that holds."""
    specs = store.specs(ctx.tx, "feature_service", ctx.visible)
    return [_service(specs[each.name], each) for each in store.present_services(ctx.tx, ctx.visible)]


def _service(spec: dict[str, Any], latest: FeatureServiceVersion) -> RegisteredService:
    return RegisteredService(
        name=latest.name,
        ref=latest.ref,
        version=latest.version,
        description=spec["description"],
        owner=spec["owner"],
        tags=spec["tags"],
        latest=latest,
    )


@operation("feature_service.show", permission="feature_service:read", query=True, on="ref")
def show_service(ctx: Context, *, ref: str) -> FeatureServiceVersion:
    """Show one version of a feature service: ``delay``, ``delay@latest`` or ``delay@2``."""
    return store.service(ctx.tx, ref, ctx.readable)


@operation("feature_service.versions", permission="feature_service:read", query=True, on="name")
def service_versions(ctx: Context, *, name: str, limit: int = 100) -> list[FeatureServiceVersion]:
    """List the versions of a feature service, newest first."""
    known = store.service(ctx.tx, name, ctx.readable).name
    return store.service_versions(ctx.tx, known, limit)
