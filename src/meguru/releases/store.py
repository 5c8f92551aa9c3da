"""SQL of releases; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, tuple_, update

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.projects import condition
from meguru.releases.digest import hashes, identity
from meguru.releases.schema import release
from meguru.releases.types import (
    GateResult,
    Release,
    ReleaseContent,
    ReleaseOrigin,
    ReleasePart,
    ReleaseState,
)

MAX_NEAR = 1000
"""So many references are looked through for one that is spelled alike."""
MAX_DIGITS = 9


def add(tx: Connection, item: Release) -> None:
    """Write a new release."""
    tx.execute(insert(release).values(_values(item)))


def save(tx: Connection, item: Release) -> None:
    """Write what changed of a release."""
    here = (release.c.endpoint == item.endpoint) & (release.c.version == item.version)
    tx.execute(update(release).where(here).values(_values(item)))


def next_version(tx: Connection, endpoint: str) -> int:
    """Return the number of the next release; the endpoint's row must be locked."""
    newest = tx.execute(select(func.max(release.c.version)).where(release.c.endpoint == endpoint)).scalar()
    return (newest or 0) + 1


def get(tx: Connection, ref: str, *, lock: bool = False) -> Release:
    """Return the release ``release/ENDPOINT@N``; without a version, or with ``@latest``, the newest."""
    _, endpoint, version = refs.parse(ref, kind="release")
    query = select(release).where(release.c.endpoint == endpoint)
    if version not in {None, "latest"}:
        # A number that no column holds is an error of the driver, not of the question.
        if not str(version).isdecimal() or len(str(version)) > MAX_DIGITS:
            raise InvalidInput(f"{version!r} is not the number of a release", where=ref, field="release")
        query = query.where(release.c.version == int(str(version)))
    query = query.order_by(release.c.version.desc()).limit(1)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        same = condition(release.c.endpoint, {refs.project_of(endpoint)})
        near = select(release.c.endpoint, release.c.version).where(same)
        known = tx.execute(near.order_by(release.c.created_at.desc()).limit(MAX_NEAR)).all()
        raise NotFound.of(
            "release", ref, [refs.make("release", each.endpoint, each.version) for each in known]
        )
    return _release(row)


def get_many(tx: Connection, found: Iterable[str]) -> dict[str, Release]:
    """Return the releases of full references (``release/ENDPOINT@N``) that are there, by these."""
    places = [(each.name, int(str(each.version))) for each in map(refs.parse, found)]
    query = select(release).where(tuple_(release.c.endpoint, release.c.version).in_(places))
    return {each.ref: each for each in map(_release, tx.execute(query))}


def page(tx: Connection, endpoint: str, *, before: int | None, limit: int) -> list[Release]:
    """Return an endpoint's releases, newest first."""
    query = select(release).where(release.c.endpoint == endpoint)
    if before is not None:
        query = query.where(release.c.version < before)
    return [_release(row) for row in tx.execute(query.order_by(release.c.version.desc()).limit(limit))]


def newest(tx: Connection, endpoints: Sequence[str]) -> list[Release]:
    """Return the newest release of each of some endpoints that has one, by endpoint."""
    last = (
        select(release.c.endpoint, func.max(release.c.version).label("version"))
        .where(release.c.endpoint.in_(endpoints))
        .group_by(release.c.endpoint)
        .subquery()
    )
    is_last = (release.c.endpoint == last.c.endpoint) & (release.c.version == last.c.version)
    return [
        _release(row) for row in tx.execute(select(release).join(last, is_last).order_by(last.c.endpoint))
    ]


def of_model(
    tx: Connection, model: str, limit: int, *, projects: AbstractSet[str] | None = None
) -> list[Release]:
    """Return the releases of a model version at the endpoints of some projects (None: all), newest first."""
    query = select(release).where(release.c.model == model, condition(release.c.endpoint, projects))
    return [_release(row) for row in tx.execute(query.order_by(release.c.created_at.desc()).limit(limit))]


def newest_in_state(tx: Connection, endpoint: str, state: ReleaseState) -> Release | None:
    """Return an endpoint's release in a state, of several the one that went live last; None if there is none.

    An endpoint has one live release at most, and in time thousands that were superseded: these are not read.
    """
    query = select(release).where(release.c.endpoint == endpoint, release.c.state == state.value)
    row = tx.execute(query.order_by(release.c.live_at.desc(), release.c.version.desc()).limit(1)).first()
    return None if row is None else _release(row)


def received(tx: Connection, endpoint: str, what: str) -> Release | None:
    """Return the newest release of an endpoint that was sent here and carries this (its identity)."""
    query = select(release).where(
        release.c.endpoint == endpoint, release.c.identity == what, release.c.origin.is_not(None)
    )
    row = tx.execute(query.order_by(release.c.version.desc()).limit(1)).first()
    return None if row is None else _release(row)


def keep_origin(tx: Connection, item: Release, origin: ReleaseOrigin) -> Release:
    """Write where a release came from."""
    here = (release.c.endpoint == item.endpoint) & (release.c.version == item.version)
    tx.execute(update(release).where(here).values(origin=msgspec.to_builtins(origin)))
    return msgspec.structs.replace(item, origin=origin)


def _values(item: Release) -> dict[str, Any]:
    fields = msgspec.structs.asdict(item)
    for derived in ("hashes", "serving", "origin", "waivers"):
        del fields[derived]
    return fields | {"state": item.state.value, "model": item.model}


def _release(row: Row[Any]) -> Release:
    fields = dict(row._mapping)
    del fields["model"]
    content = msgspec.convert(fields["content"], ReleaseContent)
    results = msgspec.convert(fields["results"], list[GateResult])
    champion = msgspec.convert(fields["champion"], ReleasePart | None)
    known = {
        "content": content,
        "results": results,
        "champion": champion,
        "hashes": hashes(content, results),
        "identity": fields["identity"] or identity(content),
        "origin": msgspec.convert(fields["origin"], ReleaseOrigin | None),
    }
    return Release(**fields | known | {"state": ReleaseState(fields["state"])})
