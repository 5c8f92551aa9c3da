"""Versions of feature services: which versions of views they mean, and the next one when a view has one."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.errors import InvalidInput
from meguru.features import spec_validation, store
from meguru.features.kind import FeatureServiceSpec
from meguru.features.types import FeatureServiceVersion, ServiceMember
from meguru.kernel.operations import Context


def register_service(ctx: Context, name: str, spec: FeatureServiceSpec) -> int:
    """Make what is said the service's newest version, unless its newest is that already."""
    members = members_of(ctx.tx, name, spec)
    digest = digests.of_value([msgspec.to_builtins(members), spec.full_names])
    # By content: members that come back are the version they were, which models may have been trained with.
    number = store.number_of(ctx.tx, "feature_service", name, digest)
    if number is None:
        number = store.next_number(ctx.tx, "feature_service", name)
        version = FeatureServiceVersion(
            ref=refs.make("feature_service", name, number),
            name=name,
            version=number,
            digest=digest,
            members=members,
            full_names=spec.full_names,
            created_at=ctx.now(),
            created_by=ctx.principal.name,
        )
        store.add_version(ctx.tx, "feature_service", version)
        views = [member.view for member in members]
        used = [*views, *([refs.make("feature_service", name, number - 1)] if number > 1 else [])]
        data = {"digest": digest, "views": views}
        ctx.emit("feature_service.registered", version.ref, data=data, used=used, produced=[version.ref])
    store.point_at(ctx.tx, "feature_service", name, number)
    return number


def members_of(tx: Connection, name: str, spec: FeatureServiceSpec) -> list[ServiceMember]:
    """Return the versions of views that a service means now, each once, in the order in which they stand.

    Raises
    ------
    InvalidInput
        If a view has no such feature, or stands there with two versions.
    """
    project = refs.project_of(name)
    picked: dict[str, list[str]] = {}
    for index, text in enumerate(spec.views):
        field = f"views[{index}]"
        named_feature = spec_validation.parse_member(text, field=field)
        version = store.view(tx, refs.within(project, named_feature.view))
        _check_feature(version.ref, version.features, named_feature.feature, field)
        if named_feature.feature:
            picked.setdefault(version.ref, []).append(named_feature.feature)
        else:
            picked[version.ref] = []
    by_view = [ref.partition("@")[0] for ref in picked]
    if len(set(by_view)) < len(by_view):
        raise InvalidInput("a view stands there with two versions", field="views")
    return [
        ServiceMember(view=ref, digest=store.view(tx, ref).digest, features=features)
        for ref, features in picked.items()
    ]


def services(ctx: Context, view: str) -> None:
    """Give each service that follows a view its next version."""
    for name in _following(ctx.tx, view):
        spec = msgspec.convert(store.spec_of(ctx.tx, "feature_service", name), FeatureServiceSpec)
        register_service(ctx, name, spec)


def services_of(tx: Connection, view: str) -> list[str]:
    """Return the references of the services, and the views, that pick from a view, whichever version."""
    readers = [refs.make("feature_service", name) for name in _readers(tx, "feature_service", "views", view)]
    return readers + [
        refs.make("feature_view", name) for name in _readers(tx, "feature_view", "inputs", view)
    ]


def _readers(tx: Connection, kind: str, field: str, view: str, *, following: bool = False) -> list[str]:
    found = []
    for name, spec in store.specs(tx, kind, None).items():
        for text in spec.get(field, []):
            feature = spec_validation.parse_member(text, field=field)
            full = refs.parse(refs.within(refs.project_of(name), feature.view), kind="feature_view").name
            if full == view and not (following and feature.is_pinned):
                found.append(name)
                break
    return found


def _following(tx: Connection, view: str) -> list[str]:
    return _readers(tx, "feature_service", "views", view, following=True)


def _check_feature(ref: str, features: dict[str, str], asked: str, field: str) -> None:
    if asked and features and asked not in features:
        known = ", ".join(list(features)[:10])
        raise InvalidInput(f"{ref} has no feature {asked[:80]!r}", field=field, hint=f"it has {known}")
