"""SQL of the model registry, on an open transaction."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.registry import aliases, outside
from meguru.registry.schema import mlflow_model, model_alias, model_version, registered_model
from meguru.registry.types import ModelVersion, RegisteredModel

_DERIVED = ("ref", "aliases")


def lock(tx: Connection, name: str, at: datetime) -> ModelVersion | None:
    """Hold a model until the transaction ends, making it if need be; return its newest version."""
    query = select(registered_model.c.latest).where(registered_model.c.name == name).with_for_update()
    row = tx.execute(query).first()
    if row is None:
        try:
            with tx.begin_nested():
                tx.execute(
                    insert(registered_model).values(
                        name=name, latest=0, created_at=at, told=exists().where(mlflow_model.c.name == name)
                    )
                )
        except IntegrityError:  # another server made it just now; wait for it
            row = tx.execute(query).one()
    return get(tx, name, row.latest) if row and row.latest else None


def add(tx: Connection, version: ModelVersion) -> None:
    """Write a new version and make it the latest."""
    values = msgspec.structs.asdict(version)
    for derived in _DERIVED:
        del values[derived]
    tx.execute(insert(model_version).values(values | {"task": version.task.value}))
    held = registered_model.c.name == version.name
    tx.execute(update(registered_model).where(held).values(latest=version.version))


def get(tx: Connection, name: str, version: int) -> ModelVersion:
    """Return one version; NotFound says which models or versions there are.

    Raises
    ------
    UnsafeModel
        If an MLflow client registered this version, and it could not be verified.
    """
    query = select(model_version).where(model_version.c.name == name, model_version.c.version == version)
    row = tx.execute(query).first()
    if row is None:
        raise outside.refusal(tx, name, version) or _missing(tx, name, version)
    return _from_rows(tx, name, [row])[0]


def resolve(tx: Connection, ref: str) -> ModelVersion:
    """Return the version meant by ``delay``, ``delay@latest``, ``delay@champion`` or ``model/delay@3``.

    Raises
    ------
    NotFound
        If there is no such model, version or alias; the message offers names that look like it.
    """
    parsed = refs.parse(ref, kind="model")
    if parsed.version in {None, "latest"}:
        newest = select(registered_model.c.latest).where(registered_model.c.name == parsed.name)
        return get(tx, parsed.name, tx.execute(newest).scalar() or 0)
    if str(parsed.version).isdecimal():
        return get(tx, parsed.name, _number(str(parsed.version), ref))
    pointed = aliases.version_of(tx, parsed.name, str(parsed.version))
    if pointed is not None:
        return get(tx, parsed.name, pointed)
    get(tx, parsed.name, 1)
    raise NotFound.of("alias", str(parsed.version), aliases.names(tx, parsed.name))


def check_name(tx: Connection, name: str) -> str:
    """Return the name of a model that there is or was, also one that only MLflow's clients load."""
    for table in (registered_model, mlflow_model, model_alias):
        if tx.execute(select(table.c.name).where(table.c.name == name).limit(1)).first():
            return name
    return resolve(tx, name).name


def versions(tx: Connection, name: str, *, before: int | None, limit: int) -> list[ModelVersion]:
    """Return versions of a model, newest first."""
    query = select(model_version).where(model_version.c.name == name)
    if before is not None:
        query = query.where(model_version.c.version < before)
    return _from_rows(tx, name, tx.execute(query.order_by(model_version.c.version.desc()).limit(limit)).all())


def page(tx: Connection, *, after: str, limit: int) -> list[RegisteredModel]:
    """Return models with their newest version, by name."""
    query = (
        select(registered_model)
        .where(registered_model.c.name > after, registered_model.c.latest > 0)
        .order_by(registered_model.c.name)
        .limit(limit)
    )
    return [
        RegisteredModel(name=row.name, created_at=row.created_at, latest=get(tx, row.name, row.latest))
        for row in tx.execute(query)
    ]


def names(tx: Connection) -> list[str]:
    """Return the names of all models."""
    query = select(registered_model.c.name).where(registered_model.c.latest > 0)
    return list(tx.execute(query.order_by(registered_model.c.name)).scalars())


def _missing(tx: Connection, name: str, version: int) -> NotFound:
    newest = tx.execute(select(registered_model.c.latest).where(registered_model.c.name == name)).scalar()
    if not newest:
        known = names(tx)
        hint = "" if known else "run a pipeline that produces one: @pipeline(produces=…)"
        return NotFound.of("model", name, known, hint=hint)
    why = f"{name} has the versions 1 to {newest}" if newest > 1 else f"{name} has only version 1"
    ref = refs.make("model", name, version)
    return NotFound(f"model {name!r} has no version {version}", where=ref, why=why)


def _number(version: str, ref: str) -> int:
    if len(version) > 9:
        raise InvalidInput(f"{ref[:200]!r} names no version", hint="write NAME@3 or NAME@latest", field="ref")
    return int(version)


def _from_rows(tx: Connection, name: str, rows: Any) -> list[ModelVersion]:
    pointing = aliases.by_version(tx, name)
    return [_from_row(row, pointing.get(row.version, [])) for row in rows]


def _from_row(row: Row[Any], pointing: list[str]) -> ModelVersion:
    fields = {str(name): value for name, value in row._mapping.items()}
    fields |= {"ref": refs.make("model", row.name, row.version), "aliases": pointing}
    return msgspec.convert(fields, ModelVersion)
