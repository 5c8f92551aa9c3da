"""SQL of the model registry, on an open transaction."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, delete, func, select, tuple_, update

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.projects import condition
from meguru.registry import aliases
from meguru.registry.kind import ModelSpec, StageRule
from meguru.registry.schema import model_alias, model_description, model_version, registered_model
from meguru.registry.types import Alias, ModelVersion, RegisteredModel, VersionState
from meguru.registry.verified import check_verified
from meguru.storage.db import rowwise
from meguru.storage.db.raw import RawSql

_DERIVED = ("ref", "aliases", "claimed")
_SHOWN = 5
_ABOUT = (
    model_description.c.description.label("about_description"),
    model_description.c.tags.label("about_tags"),
    registered_model.c.owner.label("about_owner"),
    registered_model.c.use_case.label("about_group"),
    registered_model.c.baselines.label("about_baselines"),
    registered_model.c.stages.label("about_stages"),
)

# Each model and version that an MLflow client registers goes by these.
_LATEST = "SELECT latest FROM registered_model WHERE name = ?"
_COUNT_VERSION = (
    "UPDATE registered_model SET latest = CASE WHEN latest < ? THEN ? ELSE latest END, "
    "numbered = CASE WHEN numbered < ? THEN ? ELSE numbered END, retired_at = NULL WHERE name = ?"
)
_IS_VERIFIED = model_version.c.state == VersionState.VERIFIED.value


def lock(tx: Connection, name: str, at: datetime, *, is_prompt: bool = False) -> int:
    """Hold a model until the transaction ends, making it if need be; return its newest version, 0 if none."""
    raw = RawSql(tx)
    hold = _LATEST if raw.is_sqlite else f"{_LATEST} FOR UPDATE"
    row = raw.execute(hold, (name,)).fetchone()
    if row is None:
        # A row that is not there can't be locked. Of two servers that insert it, the second waits for the
        # first here, and holds what that one made.
        made = {"name": name, "latest": 0, "is_prompt": is_prompt, "created_at": at}
        made["has_mlflow_row"] = rowwise.has(tx, model_description, {"name": name})
        rowwise.insert(tx, registered_model, made, on_conflict=" ON CONFLICT (name) DO NOTHING")
        row = raw.execute(hold, (name,)).fetchone()
    return int(row[0])


def add(tx: Connection, version: ModelVersion) -> None:
    """Write a new version; the one of the highest number is the latest."""
    values = msgspec.structs.asdict(version)
    for derived in _DERIVED:
        del values[derived]
    values |= {"task": version.task or "", "state": version.state.value}
    rowwise.insert(tx, model_version, values)
    # An imported version keeps the number that it had elsewhere, and may be an older one than the latest.
    RawSql(tx).execute(_COUNT_VERSION, (*(version.version,) * 4, version.name))


def next_number(tx: Connection, name: str) -> int:
    """Return the number of a model's next version: none is used twice. The caller holds the model."""
    row = rowwise.first(tx, registered_model, {"name": name}, ("numbered",))
    return (row["numbered"] if row else 0) + 1


def remove_unverified(tx: Connection, name: str, version: int | None = None) -> None:
    """Remove a version that was never verified, or all such versions of a model."""
    mine = (model_version.c.name == name) & ~_IS_VERIFIED
    if version is not None:
        mine &= model_version.c.version == version
    tx.execute(delete(model_version).where(mine))
    newest = select(func.coalesce(func.max(model_version.c.version), 0)).where(model_version.c.name == name)
    held = registered_model.c.name == name
    tx.execute(update(registered_model).where(held).values(latest=newest.scalar_subquery()))


def rename(tx: Connection, old: str, new: str) -> None:
    """Give a model that has no verified version another name."""
    for table in (registered_model, model_version):
        tx.execute(update(table).where(table.c.name == old).values(name=new))
    aliases.rename(tx, old, new)


def forget(tx: Connection, name: str) -> None:
    """Forget a model and its unverified versions; one that has others stays with these."""
    remove_unverified(tx, name)
    tx.execute(
        delete(registered_model).where(registered_model.c.name == name, registered_model.c.latest == 0)
    )


def get(tx: Connection, name: str, version: int) -> ModelVersion:
    """Return one version; NotFound says which models or versions there are."""
    query = select(model_version).where(model_version.c.name == name, model_version.c.version == version)
    row = tx.execute(query).first()
    if row is None:
        raise _missing(tx, name, version)
    return _from_rows(tx, name, [row])[0]


def tree_digests(tx: Connection, found: Iterable[str]) -> dict[str, str]:
    """Return the digests of the folders of full references (``model/NAME@N``), by these."""
    mine = model_version.c
    places = [(each.name, int(str(each.version))) for each in map(refs.parse, found)]
    query = select(mine.name, mine.version, mine.tree_digest).where(
        tuple_(mine.name, mine.version).in_(places)
    )
    return {refs.make("model", row.name, row.version): row.tree_digest for row in tx.execute(query)}


def of_tree(tx: Connection, name: str, tree: str) -> ModelVersion | None:
    """Return the newest verified version of a model that has this folder."""
    query = select(model_version).where(
        model_version.c.name == name, model_version.c.tree_digest == tree, _IS_VERIFIED
    )
    row = tx.execute(query.order_by(model_version.c.version.desc()).limit(1)).first()
    return None if row is None else _from_rows(tx, name, [row])[0]


def resolve(tx: Connection, ref: str) -> ModelVersion:
    """Return the version meant by ``delay``, ``delay@latest``, ``delay@champion`` or ``model/delay@3``.

    Raises
    ------
    NotFound
        If there is no such model, version or alias; the message offers names that look like it.
    """
    parsed = refs.parse(ref, kind="model")
    if parsed.version in {None, "latest"}:
        return _newest(tx, parsed.name)
    if str(parsed.version).isdecimal():
        return get(tx, parsed.name, _number(str(parsed.version), ref))
    pointed = aliases.version_of(tx, parsed.name, str(parsed.version))
    if pointed is not None:
        return get(tx, parsed.name, pointed)
    # It raises when the model itself is not there: that is told rather than the alias.
    _newest(tx, parsed.name)
    raise NotFound.of("alias", str(parsed.version), aliases.names(tx, parsed.name))


def resolve_verified(tx: Connection, ref: str) -> ModelVersion:
    """Return the version meant by a reference, if it may be loaded and served.

    Raises
    ------
    NotFound
        As `resolve`.
    UnsafeModel
        If the version is unverified.
    """
    version = resolve(tx, ref)
    if not version.is_verified:
        check_verified(version, newest=newest_verified(tx, version.name))
    return version


def newest_verified(tx: Connection, name: str) -> str:
    """Return a reference to the newest version of a model that is verified; empty if none is."""
    newest = select(func.max(model_version.c.version)).where(model_version.c.name == name, _IS_VERIFIED)
    number = tx.execute(newest).scalar()
    return refs.make("model", name, number) if number else ""


def check_name(tx: Connection, name: str) -> str:
    """Return the name of a model that there is or was."""
    for table in (registered_model, model_alias):
        if tx.execute(select(table.c.name).where(table.c.name == name).limit(1)).first():
            return name
    return resolve(tx, name).name


def versions(tx: Connection, name: str, *, before: int | None, limit: int) -> list[ModelVersion]:
    """Return versions of a model, newest first."""
    query = select(model_version).where(model_version.c.name == name)
    if before is not None:
        query = query.where(model_version.c.version < before)
    return _from_rows(tx, name, tx.execute(query.order_by(model_version.c.version.desc()).limit(limit)).all())


def page(
    tx: Connection, *, after: str, limit: int, projects: AbstractSet[str] | None = None
) -> list[RegisteredModel]:
    """Return models of some projects (None: of all) with their newest version, by name; no prompts."""
    query = (
        _listing()
        .where(registered_model.c.name > after, registered_model.c.is_prompt.is_(False))
        .where(registered_model.c.retired_at.is_(None), condition(registered_model.c.name, projects))
        .order_by(registered_model.c.name)
        .limit(limit)
    )
    rows = tx.execute(query).all()
    pointing = aliases.of_models(tx, [row.model for row in rows])
    return [_listed(row, pointing.get(row.model, [])) for row in rows]


def about(tx: Connection, name: str) -> RegisteredModel:
    """Return a model with what people say of it; also a retired one."""
    row = tx.execute(_listing().where(registered_model.c.name == name)).first()
    if row is None:
        raise _missing(tx, name, 0)
    return _listed(row, aliases.of_models(tx, [name]).get(name, []))


def of_group(tx: Connection, group: str, projects: AbstractSet[str] | None) -> list[RegisteredModel]:
    """Return the models of a use case, or the one of this name, in some projects (None: in all)."""
    mine = registered_model.c
    query = _listing().where((mine.use_case == group) | (mine.name == group), mine.is_prompt.is_(False))
    rows = tx.execute(query.where(condition(mine.name, projects)).order_by(mine.name)).all()
    pointing = aliases.of_models(tx, [row.model for row in rows])
    return [_listed(row, pointing.get(row.model, [])) for row in rows]


def groups(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the use cases that models of some projects are for, and those models."""
    mine = registered_model.c
    here = condition(mine.name, projects) & mine.is_prompt.is_(False)
    rows = tx.execute(select(mine.use_case, mine.name).where(here).limit(1000)).all()
    return sorted({name for row in rows for name in row if name})


def of_models(
    tx: Connection, models: Sequence[RegisteredModel], *, limit: int
) -> list[tuple[ModelVersion, RegisteredModel]]:
    """Return the newest verified versions of some models, each with its model."""
    by_name = {model.name: model for model in models}
    query = select(model_version).where(model_version.c.name.in_(by_name), _IS_VERIFIED)
    order = (model_version.c.created_at.desc(), model_version.c.name, model_version.c.version.desc())
    rows = tx.execute(query.order_by(*order).limit(limit)).all()
    return [(_from_row(row, _at(row, by_name[row.name].aliases)), by_name[row.name]) for row in rows]


def _listing() -> Select[Any]:
    newest = (model_version.c.name == registered_model.c.name) & (
        model_version.c.version == registered_model.c.latest
    )
    named = (
        registered_model.c.name.label("model"),
        registered_model.c.created_at.label("since"),
        *_ABOUT,
    )
    return (
        select(*named, model_version)
        .select_from(registered_model)
        .join(model_version, newest, isouter=True)
        .join(model_description, model_description.c.name == registered_model.c.name, isouter=True)
    )


def newest(tx: Connection, models: Sequence[str]) -> list[ModelVersion]:
    """Return the newest version of each of some models, by name."""
    is_newest = (model_version.c.name == registered_model.c.name) & (
        model_version.c.version == registered_model.c.latest
    )
    query = select(model_version).join(registered_model, is_newest).where(model_version.c.name.in_(models))
    rows = tx.execute(query.order_by(model_version.c.name)).all()
    pointing = aliases.of_models(tx, [row.name for row in rows])
    return [_from_row(row, _at(row, pointing.get(row.name, []))) for row in rows]


def names(tx: Connection, project: str) -> list[str]:
    """Return the names of a project's models."""
    here = condition(registered_model.c.name, {project})
    query = select(registered_model.c.name).where(registered_model.c.is_prompt.is_(False), here)
    return list(tx.execute(query.order_by(registered_model.c.name)).scalars())


def _newest(tx: Connection, name: str) -> ModelVersion:
    latest = select(registered_model.c.latest).where(registered_model.c.name == name)
    return get(tx, name, tx.execute(latest).scalar() or 0)


def _missing(tx: Connection, name: str, version: int) -> NotFound:
    newest = tx.execute(select(registered_model.c.latest).where(registered_model.c.name == name)).scalar()
    if newest == 0:
        hint = "register one: meguru model add NAME FILE"
        return NotFound(f"model {name!r} has no version yet", where=refs.make("model", name), hint=hint)
    if newest is None:
        known = names(tx, refs.project_of(name))
        hint = "" if known else "run a pipeline that produces one: @pipeline(produces=…)"
        return NotFound.of("model", name, known, hint=hint)
    query = select(model_version.c.version).where(model_version.c.name == name)
    numbers = tx.execute(query.order_by(model_version.c.version.desc()).limit(_SHOWN)).scalars().all()
    shown = ", ".join(str(number) for number in numbers)
    why = f"the newest of {name} are {shown}" if len(numbers) > 1 else f"{name} has only version {shown}"
    ref = refs.make("model", name, version)
    return NotFound(f"model {name!r} has no version {version}", where=ref, why=why)


def _number(version: str, ref: str) -> int:
    # More digits than an INTEGER of PostgreSQL surely holds: it would refuse the statement, not find nothing.
    if len(version) > 9:
        raise InvalidInput(f"{ref[:200]!r} names no version", hint="write NAME@3 or NAME@latest", field="ref")
    return int(version)


def _from_rows(tx: Connection, name: str, rows: Any) -> list[ModelVersion]:
    pointing = aliases.by_version(tx, name)
    return [_from_row(row, pointing.get(row.version, [])) for row in rows]


def _listed(row: Row[Any], pointing: list[Alias]) -> RegisteredModel:
    latest = None if row.version is None else _from_row(row, _at(row, pointing))
    said = {field: getattr(row, f"about_{field}") for field in ModelSpec.__struct_fields__}
    said |= {"description": said["description"] or "", "tags": said["tags"] or {}}
    said["stages"] = msgspec.convert(said["stages"], list[StageRule])
    return RegisteredModel(name=row.model, created_at=row.since, latest=latest, aliases=pointing, **said)


def _at(row: Row[Any], pointing: Sequence[Alias]) -> list[str]:
    return [each.alias for each in pointing if aliases.number_of(each) == row.version]


def _from_row(row: Row[Any], pointing: list[str]) -> ModelVersion:
    fields = {str(name): value for name, value in row._mapping.items()}
    fields |= {
        "ref": refs.make("model", row.name, row.version),
        "aliases": pointing,
        "task": row.task or None,
    }
    return msgspec.convert(fields, ModelVersion)
