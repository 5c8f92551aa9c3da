"""SQL of registered models as MLflow's clients see them: what they said, and our own versions beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, delete, select, true, update

from meguru.base import refs
from meguru.base.timestamps import read_time
from meguru.mlflow.artifacts.proxy_paths import SCHEME, VERSIONS
from meguru.mlflow.registry.names import own_name
from meguru.mlflow.registry.topics import IS_PROMPT
from meguru.mlflow.schema import mlflow_version
from meguru.registry import store as native
from meguru.registry import tags_index as labels
from meguru.registry.schema import model_description, model_version, registered_model
from meguru.registry.types import VersionState
from meguru.storage import struct_rows
from meguru.storage.db import rowwise
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.run_ids import to_hex

NO_STAGE = "None"
AT_ONCE = 500
STAGE_PREFIX = "mlflow."
"""Aliases that stand for stages: ``mlflow.production``; MLflow's own can't have a dot."""


class ProtocolModel(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model as MLflow knows it."""

    name: str
    description: str
    tags: dict[str, str]
    created_at: datetime
    updated_at: datetime


class ProtocolVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as MLflow knows it; `storage` is where its files can be fetched.

    `reason` tells why Meguru does not vouch for it, and is empty when it does.
    """

    name: str
    version: int
    source: str
    storage: str
    run: str
    run_link: str
    logged_model: str
    description: str
    tags: dict[str, str]
    stage: str
    deleted: bool
    created_by: str
    created_at: datetime
    updated_at: datetime
    reason: str = ""


class _Native(NamedTuple):
    """What is shown of a version of our own."""

    name: str
    version: int
    run_ref: str
    note: str
    created_at: Any
    created_by: str
    reason: str


_NEWEST_TOLD = (
    "SELECT name, stage, max(version) FROM mlflow_version WHERE name IN ({names}) AND NOT deleted "
    "GROUP BY name, stage"
)
_NEWEST_OURS = (
    "SELECT n.name, 'None', max(n.version) FROM model_version n WHERE n.name IN ({names}) "
    "AND NOT n.has_mlflow_row AND NOT EXISTS (SELECT 1 FROM mlflow_version v WHERE v.name = n.name "
    "AND v.version = n.version) GROUP BY n.name"
)
_SAID = tuple(name for name in ProtocolVersion.__struct_fields__ if name != "reason")
_REASON = "LEFT JOIN model_version m ON m.name = t.name AND m.version = t.version"
_OURS = _Native._fields


def named(tx: Connection, names: Sequence[str]) -> list[ProtocolModel]:
    """Return models that there are, in the order of their names as given."""
    said = f"name IN ({marks(len(names))})"
    models = (
        struct_rows.select(RawSql(tx), ProtocolModel, model_description.name, said, names) if names else []
    )
    found = {each.name: each for each in models}
    found |= _native_models(tx, [name for name in names if name not in found])
    return [found[name] for name in names if name in found]


def newest_of(tx: Connection, names: Sequence[str]) -> dict[str, list[ProtocolVersion]]:
    """Return the newest version of each stage, of each model; a model that has none is left out."""
    raw = RawSql(tx)
    newest: dict[tuple[str, str], int] = {}
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        for sql in (_NEWEST_TOLD, _NEWEST_OURS):
            for name, stage, number in raw.execute(sql.format(names=marks(len(some))), some):
                newest[name, stage] = max(number, newest.get((name, stage), 0))
    pairs = sorted((name, number) for (name, _), number in newest.items())
    found: dict[str, list[ProtocolVersion]] = {}
    for version in picked(tx, pairs):
        found.setdefault(version.name, []).append(version)
    return found


def model(tx: Connection, name: str) -> ProtocolModel | None:
    """Return one registered model; None when MLflow's clients see none."""
    row = rowwise.first(tx, model_description, {"name": name})
    if row:
        return ProtocolModel(**row)
    return _native_models(tx, [name]).get(name) if has_native(tx, name) else None


def keep_model(tx: Connection, model: ProtocolModel) -> None:
    """Write a registered model over what was said of it before."""
    values = msgspec.structs.asdict(model)
    if not rowwise.update(tx, model_description, {"name": model.name}, values):
        rowwise.insert(tx, model_description, values)
    is_prompt = model.tags.get(IS_PROMPT, "").lower() == "true"
    native.lock(tx, model.name, model.created_at, is_prompt=is_prompt)
    _mark(tx, registered_model, model.name)
    labels.keep(tx, labels.MODEL, model.name, model.tags)


def touch(tx: Connection, name: str, at: datetime) -> None:
    """Say that a registered model was changed."""
    if not rowwise.update(tx, model_description, {"name": name}, {"updated_at": at}):
        known = model(tx, name)
        if known:
            keep_model(tx, msgspec.structs.replace(known, updated_at=at))


def versions(tx: Connection, name: str | None = None, number: int | None = None) -> list[ProtocolVersion]:
    """Return versions that MLflow's clients see, of one model if one is named, by name and number."""
    if name is None:
        return _versions(tx, lambda _: true())
    where = {"name": name} if number is None else {"name": name, "version": number}
    found = {row["version"]: ProtocolVersion(**row) for row in rowwise.select(tx, mlflow_version, where)}
    for row in rowwise.select(tx, model_version, where, _OURS):
        known = found.get(row["version"])
        found[row["version"]] = (
            msgspec.structs.replace(known, reason=row["reason"]) if known else _native_version(_Native(**row))
        )
    return [found[key] for key in sorted(found) if not found[key].deleted]


def picked(tx: Connection, pairs: Sequence[tuple[str, int]]) -> list[ProtocolVersion]:
    """Return versions by their names and numbers, in the order given."""
    raw = RawSql(tx)
    columns = ", ".join([*(f"t.{name}" for name in _SAID), "m.reason"])
    found = _rows(raw, columns, f"mlflow_version t {_REASON}", pairs)
    ours = ", ".join(f"t.{name}" for name in _OURS)
    beside = _rows(raw, ours, "model_version t", [pair for pair in pairs if pair not in found])
    versions = {pair: _version(*row) for pair, row in found.items()}
    versions |= {pair: _native_version(_Native(*row)) for pair, row in beside.items()}
    return [versions[pair] for pair in pairs if pair in versions]


def _rows(
    raw: RawSql, columns: str, source: str, pairs: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], Sequence[Any]]:
    """Return rows by name and number of a table `t`, whose first columns these are."""
    found: dict[tuple[str, int], Sequence[Any]] = {}
    at_once = AT_ONCE * 4 // 5  # two parameters each: SQLite before 3.32 takes 999
    for start in range(0, len(pairs), at_once):
        some = pairs[start : start + at_once]
        # Joined from the list, in this order: with (name, version) IN (…) SQLite would read the whole table.
        sql = (
            f"WITH wanted (n, v) AS (VALUES {', '.join(['(?, ?)'] * len(some))}) "  # noqa: S608 - names of ours
            f"SELECT {columns} FROM wanted CROSS JOIN {source} WHERE t.name = n AND t.version = v"
        )
        for row in raw.execute(sql, [value for pair in some for value in pair]):
            found[row[0], row[1]] = row
    return found


def _versions(tx: Connection, wanted: Callable[[Table], ColumnElement[bool]]) -> list[ProtocolVersion]:
    said = select(mlflow_version).where(wanted(mlflow_version))
    ours = select(*(model_version.c[column] for column in _OURS)).where(wanted(model_version))
    found = {(row.name, row.version): ProtocolVersion(**row._mapping) for row in tx.execute(said)}
    for row in tx.execute(ours):
        found.setdefault((row.name, row.version), _native_version(row))
    return [found[key] for key in sorted(found) if not found[key].deleted]


def keep_version(tx: Connection, version: ProtocolVersion) -> None:
    """Write a version over what was said of it before."""
    values = msgspec.structs.asdict(version)
    del values["reason"]
    same = {"name": version.name, "version": version.version}
    if not rowwise.update(tx, mlflow_version, same, values):
        rowwise.insert(tx, mlflow_version, values)
    _mark(tx, model_version, version.name, number=version.version)
    labels.keep(tx, labels.VERSION, version.name, version.tags, number=version.version)


def has_native(tx: Connection, name: str) -> bool:
    """Tell whether Meguru itself has a version of this model that it vouches for."""
    return rowwise.has(tx, model_version, {"name": name, "state": VersionState.VERIFIED.value})


def rename(tx: Connection, old: str, new: str) -> None:
    """Give a model that has no version of our own another name."""
    for table in (model_description, mlflow_version):
        tx.execute(update(table).where(table.c.name == old).values(name=new))
    native.rename(tx, old, new)
    labels.rename(tx, old, new)


def forget(tx: Connection, name: str) -> None:
    """Forget a model's name and its unverified versions; those of our own are only no longer shown.

    Where its aliases pointed, and who moved them, stays.
    """
    # Marked, and not removed: a verified version stays in our registry, and a row that says "deleted" is what
    # keeps it from being shown to MLflow's clients as one that nobody has said anything of.
    for version in versions(tx, name):
        keep_version(tx, msgspec.structs.replace(version, deleted=True))
    tx.execute(delete(model_description).where(model_description.c.name == name))
    _mark(tx, registered_model, name, described=False)
    labels.forget(tx, name)
    native.forget(tx, name)
    if not has_native(tx, name):
        tx.execute(delete(mlflow_version).where(mlflow_version.c.name == name))


def aliases(tx: Connection, name: str) -> dict[str, int]:
    """Return where the aliases of a model point, without those that stand for stages."""
    return aliases_of(tx, [name])[name]


def aliases_of(tx: Connection, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return where the aliases of some models point, without those that stand for stages."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    every, raw = list(found), RawSql(tx)
    query = "SELECT name, alias, version FROM model_alias WHERE until IS NULL AND name IN "
    for start in range(0, len(every), AT_ONCE):
        some = every[start : start + AT_ONCE]
        sql = f"{query} ({marks(len(some))}) ORDER BY alias"
        for name, alias, number in raw.execute(sql, some).fetchall():
            if not alias.startswith(STAGE_PREFIX):
                found[name][alias] = number
    return found


def verified_storage(name: str, version: int) -> str:
    """Return where the files of a verified version can be fetched, exactly as they were verified."""
    return f"{SCHEME}{VERSIONS}/{own_name(name)}/{version}"


def below_proxy(storage: str) -> str:
    """Return the path below the artifact proxy of an ``mlflow-artifacts:`` address."""
    found = re.fullmatch(r"mlflow-artifacts:(?://[^/]*)?/*(.*)", storage)
    return found[1].strip("/") if found else ""


def _mark(
    tx: Connection, table: Table, name: str, *, number: int | None = None, described: bool = True
) -> None:
    """Note of one of our own that MLflow's clients said something of it, or no longer do."""
    mine = {"name": name} if number is None else {"name": name, "version": number}
    rowwise.update(tx, table, mine | {"has_mlflow_row": not described}, {"has_mlflow_row": described})


def _native_models(tx: Connection, names: Sequence[str]) -> dict[str, ProtocolModel]:
    """Return those of our own that MLflow's clients see: they have a version that is shown."""
    if not names:
        return {}
    newest = newest_of(tx, names)
    query = select(registered_model.c.name, registered_model.c.created_at)
    return {
        name: ProtocolModel(
            name=name, description="", tags={}, created_at=made, updated_at=newest[name][-1].updated_at
        )
        for name, made in tx.execute(query.where(registered_model.c.name.in_(newest)))
    }


def _version(*row: Any) -> ProtocolVersion:
    """Return a version of a row as the database has it: the columns of `_SAID`, and the reason."""
    (
        name,
        version,
        source,
        storage,
        run,
        link,
        logged,
        description,
        tags,
        stage,
        deleted,
        by,
        made,
        changed,
        why,
    ) = row
    return ProtocolVersion(
        name=name,
        version=version,
        source=source,
        storage=storage,
        run=run,
        run_link=link,
        logged_model=logged,
        description=description,
        tags=msgspec.json.decode(tags),
        stage=stage,
        deleted=bool(deleted),
        created_by=by,
        created_at=read_time(made),
        updated_at=read_time(changed),
        reason=why or "",
    )


def _native_version(row: Any) -> ProtocolVersion:
    made_at = read_time(row.created_at) if isinstance(row.created_at, str) else row.created_at
    source = verified_storage(row.name, row.version)
    made_by = refs.parse(row.run_ref) if row.run_ref else None
    return ProtocolVersion(
        name=row.name,
        version=row.version,
        source=source,
        storage=source,
        run=to_hex(made_by.name) if made_by and made_by.kind == "run" else "",
        run_link="",
        logged_model="",
        description=row.note,
        tags={},
        stage=NO_STAGE,
        reason=row.reason,
        deleted=False,
        created_by=row.created_by,
        created_at=made_at,
        updated_at=made_at,
    )
