"""The specs of collections: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from cronsim import CronSimError
from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.local_time import moments
from meguru.collections import store
from meguru.collections.kind import CollectionSpec
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.operations import Context

_ROWS = re.compile(r"([1-9][0-9_,]{0,12})\s+rows?")


def rows_of(every: str) -> int:
    """Return after how many outcomes a collection is due; 0 when the calendar says it."""
    found = _ROWS.fullmatch(every.strip())
    return int(found[1].replace(",", "").replace("_", "")) if found else 0


def find(tx: Connection, name: str) -> CollectionSpec | None:
    """Return the present spec; None if there is no such collection."""
    collection = store.find(tx, name)
    if collection is None:
        return None
    spec, project = msgspec.convert(collection, CollectionSpec, from_attributes=True), refs.project_of(name)
    return msgspec.structs.replace(
        spec,
        endpoint=refs.relative_to(project, spec.endpoint),
        dataset=refs.relative_to(project, spec.dataset),
    )


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [collection.name for collection in store.page(tx, projects)]


def check(ctx: Context, name: str, spec: CollectionSpec) -> CollectionSpec:
    """Return the spec in its usual form; refuse one that could never collect.

    Raises
    ------
    InvalidInput
        Naming the field that makes no sense.
    NotFound
        If there is no such endpoint.
    """
    project = refs.project_of(name)
    endpoint = refs.within(project, spec.endpoint.removeprefix("endpoint/"))
    dataset = refs.within(project, spec.dataset.removeprefix("dataset/"))
    full = refs.parse(endpoint, kind="endpoint").name
    ctx.require("prediction:read", project=refs.project_of(full), why=f"it would collect endpoint/{full}")
    ctx.require("dataset:write", project=refs.project_of(dataset), why=f"it would write dataset/{dataset}")
    check_endpoint(ctx.tx, full)
    if not spec.label.strip():
        raise InvalidInput("the outcome needs a column", field="label")
    _check_every(ctx, spec)
    return msgspec.structs.replace(
        spec, endpoint=refs.relative_to(project, full), dataset=refs.relative_to(project, dataset)
    )


def uses(name: str, spec: CollectionSpec) -> list[str]:
    """Return the endpoint that is collected."""
    return [refs.make("endpoint", refs.within(refs.project_of(name), spec.endpoint))]


def save(ctx: Context, name: str, spec: CollectionSpec) -> None:
    """Write the spec; its collections are made in the name of who declared it last."""
    project = refs.project_of(name)
    full = msgspec.structs.replace(
        spec, endpoint=refs.within(project, spec.endpoint), dataset=refs.within(project, spec.dataset)
    )
    store.declare(ctx.tx, name, full, at=ctx.now(), by=ctx.principal.name)


def retire(ctx: Context, name: str) -> None:
    """Take the collection out of use; its versions stay."""
    store.take_out(ctx.tx, name, ctx.now())


def check_endpoint(tx: Connection, name: str) -> None:
    """Raise NotFound unless there is such an endpoint."""
    event = events.latest(
        tx, subject=refs.make("endpoint", name), types=("endpoint.created", "endpoint.retired")
    )
    if event is None or event.type == "endpoint.retired":
        raise NotFound.of("endpoint", name)


def _check_every(ctx: Context, spec: CollectionSpec) -> None:
    if rows_of(spec.every):
        return
    hint = "'1000 rows', or a cron expression such as '0 2 * * *'"
    try:
        zone = ZoneInfo(spec.tz)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInput(f"there is no time zone {spec.tz[:60]!r}", field="tz") from error
    try:
        next(moments(spec.every, zone, ctx.now()))
    except (CronSimError, StopIteration) as error:
        what = f"{spec.every[:100]!r} does not say when to collect"
        raise InvalidInput(what, field="every", why=str(error), hint=hint) from None
