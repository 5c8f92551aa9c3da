"""The specs of feature views: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection

from meguru.base import digests, durations, refs
from meguru.datasets import store as datasets
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.features import dtypes, impact, spec_validation, store
from meguru.features.kind import FeatureViewSpec
from meguru.features.register import register_view
from meguru.features.renew import services_of
from meguru.features.types import ViewDefinition
from meguru.kernel.operations import Context

_ROWS = ("sources", "sql", "time", "created", "ttl", "push")
_MAX_SHOWN = 5
PUSHED_AT = "pushed_at"
"""Since when a pushed row is known, where the view names no column for it."""


def find(tx: Connection, name: str) -> FeatureViewSpec | None:
    """Return the present spec; None if there is no such view."""
    found = store.spec_of(tx, "feature_view", name)
    return None if found is None else msgspec.convert(found, FeatureViewSpec)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, FeatureViewSpec]:
    """Return the present specs of those of these names that are there."""
    found = store.specs(tx, "feature_view", None, names)
    return {name: msgspec.convert(spec, FeatureViewSpec) for name, spec in found.items()}


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return list(store.specs(tx, "feature_view", projects))


def check(ctx: Context, name: str, spec: FeatureViewSpec) -> FeatureViewSpec:
    """Return the spec with names in their usual form; refuse what could never be computed.

    Raises
    ------
    InvalidInput
        Naming the field that makes no sense.
    NotFound
        If an entity, a dataset or a view that it names is not there.
    """
    spec_validation.check_texts(spec)
    spec_validation.check_columns(spec.features, field="features", most=spec_validation.MAX_FEATURES)
    spec_validation.check_columns(spec.request, field="request", most=spec_validation.MAX_FEATURES)
    spec = msgspec.structs.replace(
        spec,
        entities=[entity.removeprefix("entity/") for entity in spec.entities],
        sources={key: each.removeprefix("dataset/") for key, each in spec.sources.items()},
        features={key: dtypes.check(each, field=f"features.{key}") for key, each in spec.features.items()},
        request={key: dtypes.check_field(each, field=f"request.{key}") for key, each in spec.request.items()},
    )
    if spec.inputs or spec.request:
        _check_on_demand(spec)
    else:
        _check_rows(spec)
    if spec.code:
        digests.check_digest(spec.code, field="code")
    if spec.ttl:
        durations.seconds(spec.ttl, field="ttl")
    if unknown := sorted(set(spec.defaults) - set(spec.features)) if spec.features else []:
        raise InvalidInput(f"there is no feature {unknown[0]!r}", field=f"defaults.{unknown[0]}")
    _see(ctx, name, spec)
    return spec


def _check_rows(spec: FeatureViewSpec) -> None:
    spec_validation.check_columns(spec.entities, field="entity", most=spec_validation.MAX_KEYS)
    if not spec.entities:
        hint = 'entity = "customer", and [entity.customer] key = "customer_id"'
        raise InvalidInput("a feature view is about an entity", field="entity", hint=hint)
    if not spec.sources:
        raise InvalidInput("a feature view has a source", field="source", hint='source = "a_dataset"')
    spec_validation.check_columns(spec.sources, field="sources", most=spec_validation.MAX_SOURCES)
    if spec.transform and spec.sql:
        raise InvalidInput("a view has a transform or a query, not both", field="sql")
    if len(spec.sources) > 1 and not (spec.transform or spec.sql):
        hint = 'transform = "features.py:FUNCTION", or sql = "SELECT …"'
        raise InvalidInput("several sources have to be made one", field="sources", hint=hint)
    if spec.mode != "frame":
        raise InvalidInput("only what is computed on demand takes one row", field="mode")
    for field in ("ttl", "created"):
        if getattr(spec, field) and not spec.time:
            why = f"{field} is told from it"
            raise InvalidInput("the view has no time", field=field, why=why, hint='time = "A_COLUMN"')
    if spec.push and not spec.time:
        why = "the newest pushed value holds"
        raise InvalidInput("a pushed view has a time", field="time", why=why, hint='time = "A_COLUMN"')
    if spec.incremental and len(spec.sources) > 1:
        why = "rows of the one are looked up for those of the other"
        raise InvalidInput("only a view of one source is incremental", field="incremental", why=why)
    if spec.incremental and spec.sql:
        why = "a query may look at many rows for one"
        raise InvalidInput("a query is not incremental", field="incremental", why=why)


def _check_on_demand(spec: FeatureViewSpec) -> None:
    if not spec.transform:
        hint = 'transform = "features.py:FUNCTION"'
        raise InvalidInput("what is computed on demand has a function", field="transform", hint=hint)
    if not spec.features:
        hint = 'features = { distance_km = "Float64" }'
        raise InvalidInput("say which features it returns", field="features", hint=hint)
    for field in _ROWS:
        if getattr(spec, field):
            why = "it is computed from inputs and request when somebody asks"
            raise InvalidInput(f"an on-demand view has no {field}", field=field, why=why)
    spec_validation.check_columns(spec.inputs, field="inputs", most=spec_validation.MAX_FEATURES)
    for index, text in enumerate(spec.inputs):
        spec_validation.parse_member(text, field=f"inputs[{index}]")


def _see(ctx: Context, name: str, spec: FeatureViewSpec) -> None:
    """Refuse a dataset, entity or view that is not there, or that who declares the view may not see."""
    project = refs.project_of(name)
    for dataset in spec.sources.values():
        full = refs.within(project, dataset)
        if refs.project_of(refs.parse(full, kind="dataset").name) != project:
            ctx.check_readable("dataset", full)
        if not spec.push and refs.parse(full, kind="dataset").name not in datasets.names(ctx.tx):
            known = datasets.names(ctx.tx, ctx.principal.projects("dataset:read"))
            raise NotFound.of("dataset", refs.parse(full, kind="dataset").name, known, hint="")
    for entity in spec.entities:
        full = refs.within(project, entity)
        if refs.project_of(full) != project:
            ctx.check_readable("entity", full)
        store.get(ctx.tx, "entity", full, ctx.readable)
    for index, text in enumerate(spec.inputs):
        view = refs.within(project, spec_validation.parse_member(text, field=f"inputs[{index}]").view)
        if refs.parse(view, kind="feature_view").name == name:
            raise InvalidInput("a view can't be its own input", field=f"inputs[{index}]")
        if refs.project_of(refs.parse(view, kind="feature_view").name) != project:
            ctx.check_readable("feature_view", view)
        store.get(ctx.tx, "feature_view", refs.parse(view, kind="feature_view").name, ctx.readable)


def uses(name: str, spec: FeatureViewSpec) -> list[str]:
    """Return the references of its entities, its datasets and the views that it takes values of."""
    project = refs.project_of(name)

    def full(kind: str, text: str) -> str:
        return refs.make(kind, refs.parse(refs.within(project, text), kind=kind).name)

    views = [spec_validation.parse_member(text, field="inputs").view for text in spec.inputs]
    return list(
        dict.fromkeys(
            [
                *(full("entity", entity) for entity in spec.entities),
                *(full("dataset", each) for each in spec.sources.values()),
                *(full("feature_view", view) for view in views),
            ]
        )
    )


def save(ctx: Context, name: str, spec: FeatureViewSpec) -> None:
    """Write the spec; a definition that no version has becomes the next one, and services follow."""
    if spec.code and store.code(ctx.tx, name, spec.code) is None:
        why = f"no code of feature_view/{name} has this digest"
        raise InvalidInput("the code was not brought along", field="code", why=why, hint="meguru apply")
    store.declare(ctx.tx, "feature_view", name, msgspec.to_builtins(spec), ctx.now())
    register_view(ctx, name, definition_of(ctx.tx, name, spec))


def definition_of(tx: Connection, name: str, spec: FeatureViewSpec) -> ViewDefinition:
    """Return what makes a version of what is said."""
    project = refs.project_of(name)
    keys = [
        column
        for entity in spec.entities
        for column in store.get(tx, "entity", refs.within(project, entity))["key"]
    ]
    fields = {
        field: getattr(spec, field)
        for field in ViewDefinition.__struct_fields__
        if field not in {"keys", "ttl"}
    }
    ttl = durations.seconds(spec.ttl, field="ttl") if spec.ttl else None
    if spec.push:  # what comes late was not known before it came
        fields["created"] = spec.created or PUSHED_AT
    return ViewDefinition(**fields, keys=list(dict.fromkeys(keys)), ttl=ttl)


def retire(ctx: Context, name: str) -> None:
    """Take the view out of use.

    Raises
    ------
    Conflict
        While services, or other views, pick from it.
    """
    if readers := services_of(ctx.tx, name):
        why = f"{', '.join(readers[:_MAX_SHOWN])} read it"
        raise Conflict(f"feature_view/{name} is in use", why=why, hint="take it out of those first")
    store.take_out(ctx.tx, "feature_view", name, ctx.now())


def touches(tx: Connection, name: str, after: FeatureViewSpec | None) -> list[str]:
    """Return in words who reads a view that would change: they stay with their version until they move."""
    if after is not None:
        number = store.latest(tx, "feature_view", name)
        now = store.number_of(tx, "feature_view", name, definition_of(tx, name, after).digest)
        if now is not None and now == number:
            return []  # who owns it, or what it is for
    return impact.describe(impact.readers(tx, name))
