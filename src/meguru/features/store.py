"""SQL of features, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.features.schema import (
    entity,
    feature_code,
    feature_profile,
    feature_service,
    feature_service_version,
    feature_view,
    feature_view_version,
)
from meguru.features.types import FeatureCode, FeatureServiceVersion, FeatureViewVersion, ViewRows
from meguru.kernel.projects import condition

_VERSIONS = {"feature_view": feature_view_version, "feature_service": feature_service_version}
_NOUNS = {"entity": entity, "feature_view": feature_view, "feature_service": feature_service}
_TITLES = {"entity": "entity", "feature_view": "feature view", "feature_service": "feature service"}


def spec_of(tx: Connection, kind: str, name: str) -> dict[str, Any] | None:
    """Return the present spec of an entity, a view or a service; None if there is none."""
    table = _NOUNS[kind]
    query = select(table.c.spec).where(table.c.name == name, table.c.retired_at.is_(None))
    found: dict[str, Any] | None = tx.execute(query).scalar()
    return found


def specs(
    tx: Connection, kind: str, projects: AbstractSet[str] | None, names: Iterable[str] | None = None
) -> dict[str, dict[str, Any]]:
    """Return by name the present specs of some projects (None: of all), or of some `names`, sorted."""
    table = _NOUNS[kind]
    query = select(table.c.name, table.c.spec).where(table.c.retired_at.is_(None), table.c.spec.is_not(None))
    if names is not None:
        query = query.where(table.c.name.in_(list(names)))
    rows = tx.execute(query.where(condition(table.c.name, projects)).order_by(table.c.name))
    return {row.name: row.spec for row in rows if row.spec is not None}


def is_kept_online(spec: dict[str, Any]) -> bool:
    """Tell whether values of a view that is so declared are brought online."""
    return bool(spec.get("online")) and not (spec.get("inputs") or spec.get("request"))


def specs_with_features(
    tx: Connection, projects: AbstractSet[str] | None
) -> Iterable[tuple[str, dict[str, Any], dict[str, str]]]:
    """Yield each view of some projects (None: of all), its spec, and the features of its version."""
    mine, theirs = feature_view.c, feature_view_version.c
    here = (theirs.name == mine.name) & (theirs.version == mine.latest)
    query = select(mine.name, mine.spec, theirs.features).join(feature_view_version, here)
    present = query.where(mine.retired_at.is_(None), mine.spec.is_not(None), condition(mine.name, projects))
    for name, spec, features in tx.execute(present.order_by(mine.name)):
        if spec is not None:
            yield name, spec, features


def declare(tx: Connection, kind: str, name: str, spec: dict[str, Any], at: datetime) -> None:
    """Write a spec: over the present one, over a retired one, or as a new one."""
    table = _NOUNS[kind]
    values: dict[str, Any] = {"spec": spec, "retired_at": None}
    if tx.execute(update(table).where(table.c.name == name).values(values)).rowcount == 0:
        new = values | {"name": name, "created_at": at} | ({} if kind == "entity" else {"latest": 0})
        tx.execute(insert(table).values(new))


def take_out(tx: Connection, kind: str, name: str, at: datetime) -> None:
    """Mark it as retired."""
    table = _NOUNS[kind]
    tx.execute(update(table).where(table.c.name == name).values(retired_at=at))


def get(tx: Connection, kind: str, name: str, projects: AbstractSet[str] | None = None) -> dict[str, Any]:
    """Return the present spec; NotFound, with names of `projects` that look like it, if there is none."""
    found = spec_of(tx, kind, name)
    if found is None:
        known = list(specs(tx, kind, projects))
        hint = "" if known else f"declare it in meguru.toml: [{kind}.{refs.bare(name)}]"
        raise NotFound.of(_TITLES[kind], name, known, hint=hint)
    return found


def next_number(tx: Connection, kind: str, name: str) -> int:
    """Return the number of the next version of a view or a service."""
    table = _VERSIONS[kind]
    return (tx.execute(select(func.max(table.c.version)).where(table.c.name == name)).scalar() or 0) + 1


def add_version(tx: Connection, kind: str, made: FeatureViewVersion | FeatureServiceVersion) -> None:
    """Write a version."""
    values = msgspec.to_builtins(made, builtin_types=(datetime,))
    del values["ref"]
    tx.execute(insert(_VERSIONS[kind]).values(values))


def point_at(tx: Connection, kind: str, name: str, version: int) -> None:
    """Write which version the present spec means."""
    table = _NOUNS[kind]
    tx.execute(update(table).where(table.c.name == name).values(latest=version))


def latest(tx: Connection, kind: str, name: str) -> int:
    """Return which version the present spec means; 0 if there is none."""
    table = _NOUNS[kind]
    return tx.execute(select(table.c.latest).where(table.c.name == name)).scalar() or 0


def number_of(tx: Connection, kind: str, name: str, digest: str) -> int | None:
    """Return the version that has a digest; None if none has."""
    table = _VERSIONS[kind]
    query = select(table.c.version).where(table.c.name == name, table.c.digest == digest)
    return tx.execute(query.order_by(table.c.version.desc()).limit(1)).scalar()


def view(tx: Connection, ref: str, projects: AbstractSet[str] | None = None) -> FeatureViewVersion:
    """Return the version meant by ``weather``, ``weather@latest``, ``weather@2`` or ``feature_view/…``.

    Raises
    ------
    NotFound
        If there is no such view or version; the message offers names of `projects` that look like it.
    """
    return _view(_resolved(tx, "feature_view", ref, projects))


def service(tx: Connection, ref: str, projects: AbstractSet[str] | None = None) -> FeatureServiceVersion:
    """Return the version of a service that a reference means; see `view`."""
    return _service(_resolved(tx, "feature_service", ref, projects))


def view_versions(tx: Connection, name: str, limit: int = 100) -> list[FeatureViewVersion]:
    """Return the versions of a view, newest first."""
    return [_view(row) for row in _newest(tx, "feature_view", name, limit)]


def present_views(tx: Connection, projects: AbstractSet[str] | None) -> list[FeatureViewVersion]:
    """Return of each view of some projects (None: of all) the version that holds, by name."""
    return [_view(row) for row in _present(tx, "feature_view", projects)]


def present_services(tx: Connection, projects: AbstractSet[str] | None) -> list[FeatureServiceVersion]:
    """Return of each service of some projects (None: of all) the version that holds, by name."""
    return [_service(row) for row in _present(tx, "feature_service", projects)]


def service_versions(tx: Connection, name: str, limit: int = 100) -> list[FeatureServiceVersion]:
    """Return the versions of a service, newest first."""
    return [_service(row) for row in _newest(tx, "feature_service", name, limit)]


def found_features(tx: Connection, name: str, version: int, features: dict[str, str]) -> None:
    """Write down which features a version of a view turned out to have."""
    here = (feature_view_version.c.name == name) & (feature_view_version.c.version == version)
    tx.execute(update(feature_view_version).where(here).values(features=features))


def code(tx: Connection, name: str, digest: str) -> FeatureCode | None:
    """Return the code of a view by its digest; None if nobody brought it along."""
    here = (feature_code.c.name == name) & (feature_code.c.digest == digest)
    row = tx.execute(select(feature_code).where(here)).first()
    return None if row is None else msgspec.convert(row, FeatureCode, from_attributes=True)


def add_code(tx: Connection, name: str, made: FeatureCode, at: datetime) -> bool:
    """Write the code of a view; False if it was there already."""
    if code(tx, name, made.digest) is not None:
        return False
    try:
        # A savepoint: on PostgreSQL a refused insert would end the whole transaction.
        with tx.begin_nested():
            tx.execute(
                insert(feature_code).values({**msgspec.to_builtins(made), "name": name, "created_at": at})
            )
    except IntegrityError:  # another server wrote it just now
        return False
    return True


def add_rows(tx: Connection, name: str, version: int, found: ViewRows, at: datetime) -> bool:
    """Write what rows of a version look like; False if that was known."""
    mine = feature_profile.c
    here = (mine.name == name) & (mine.version == version) & (mine.rows_digest == found.rows_digest)
    if tx.execute(select(mine.rows).where(here)).first() is not None:
        return False
    values = {field: getattr(found, field) for field in found.__struct_fields__ if field in mine}
    values |= {"name": name, "version": version, "created_at": at}
    try:
        with tx.begin_nested():
            tx.execute(insert(feature_profile).values(values))
    except IntegrityError:  # another server wrote it just now
        return False
    return True


def rows_of(tx: Connection, version: FeatureViewVersion, limit: int) -> list[ViewRows]:
    """Return what is known of the rows of a version, newest first."""
    mine = feature_profile.c
    query = select(feature_profile).where(mine.name == version.name, mine.version == version.version)
    rows = tx.execute(query.order_by(mine.created_at.desc()).limit(limit))
    more = {"ref": version.ref, "features": version.features}
    return [msgspec.convert(_fields(row) | more, ViewRows) for row in rows]


def _present(tx: Connection, kind: str, projects: AbstractSet[str] | None) -> Iterable[Row[Any]]:
    table, noun = _VERSIONS[kind], _NOUNS[kind]
    here = (table.c.name == noun.c.name) & (table.c.version == noun.c.latest)
    query = select(table).join(noun, here).where(noun.c.retired_at.is_(None), noun.c.spec.is_not(None))
    return tx.execute(query.where(condition(noun.c.name, projects)).order_by(noun.c.name))


def _newest(tx: Connection, kind: str, name: str, limit: int) -> Iterable[Row[Any]]:
    table = _VERSIONS[kind]
    query = select(table).where(table.c.name == name).order_by(table.c.version.desc())
    return tx.execute(query.limit(limit))


def _resolved(tx: Connection, kind: str, ref: str, projects: AbstractSet[str] | None) -> Row[Any]:
    parsed, table = refs.parse(ref, kind=kind), _VERSIONS[kind]
    if parsed.version in {None, "latest"}:
        get(tx, kind, parsed.name, projects)
        number = latest(tx, kind, parsed.name)
    elif not str(parsed.version).isdecimal() or len(str(parsed.version)) > 9:
        raise InvalidInput(f"{ref!r} names no version", hint="write NAME@3 or NAME@latest", field="ref")
    else:
        number = int(str(parsed.version))
    row = tx.execute(_one(table, parsed.name, number)).first()
    if row is None:
        known = list(specs(tx, kind, projects))
        title = f"version of the {_TITLES[kind]}"
        raise NotFound.of(title, f"{parsed.name}@{parsed.version or 'latest'}", known)
    return row


def _one(table: Table, name: str, version: int) -> Any:
    return select(table).where(table.c.name == name, table.c.version == version)


def _view(row: Row[Any]) -> FeatureViewVersion:
    made = refs.make("feature_view", row.name, row.version)
    return msgspec.convert(_fields(row) | {"ref": made}, FeatureViewVersion)


def _service(row: Row[Any]) -> FeatureServiceVersion:
    made = refs.make("feature_service", row.name, row.version)
    return msgspec.convert(_fields(row) | {"ref": made}, FeatureServiceVersion)


def _fields(row: Row[Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row._mapping.items()}
