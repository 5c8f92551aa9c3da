"""Operations that import models logged and registered elsewhere, with their numbers and times."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from meguru.base import digests, refs
from meguru.base.paths import check_foreign_path
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import in_projects
from meguru.mlflow.exchange.types import IDENTITY
from meguru.mlflow.logged_models import points as model_points
from meguru.mlflow.schema import logged_model, mlflow_version, stored_file
from meguru.registry import alias_moves, store
from meguru.registry import aliases as alias_store
from meguru.registry import tags_index as labels
from meguru.registry.schema import model_description, model_version
from meguru.registry.unverified import record_unverified
from meguru.tracking.experiments.store import key_of
from meguru.tracking.ownership import check_writer
from meguru.tracking.run_ids import from_hex
from meguru.tracking.schema import run

REASON = "it was imported; register it again as a new version to have it loaded and verified"
STAGES = ("Staging", "Production")


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a logged model, by its path within the model's folder."""

    path: str
    digest: str
    size: int = 0


class ImportedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement of a logged model by a run, perhaps on a dataset; `ms` is milliseconds since 1970."""

    key: str
    ms: int
    step: int
    run: str
    value: float | None
    dataset_name: str = ""
    dataset_digest: str = ""


class ImportedCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many files and points of a logged model were new."""

    files: int
    points: int


class ImportedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A logged model as it was elsewhere; `experiment` is the number of its experiment here."""

    id: str
    experiment: int
    name: str
    model_type: str = ""
    run: str = ""
    status: str
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    points: list[ImportedPoint] = []
    created: datetime
    updated: datetime


class ImportedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a registered model as it was elsewhere; `storage` is where its files can be fetched."""

    version: int
    source: str
    storage: str
    run: str = ""
    run_link: str = ""
    logged_model: str = ""
    description: str = ""
    tags: dict[str, str] = {}
    stage: str = "None"
    user: str = ""
    created: datetime
    updated: datetime


@operation("mlflow.bring_logged_model", permission="run:write")
def import_logged_model(
    ctx: Context, *, model: ImportedModel, files: list[StoredFile] | None = None, source: str = ""
) -> ImportedCounts:
    """Bring in a logged model under its own id, or the files and points that one here lacks."""
    if not IDENTITY.fullmatch(model.id):
        raise InvalidInput(f"{model.id[:80]!r} can't be the id of a logged model", field="model.id")
    known = ctx.tx.execute(select(logged_model.c.id).where(logged_model.c.id == model.id)).first()
    if known is None:
        fields = msgspec.structs.asdict(model)
        del fields["points"]
        times = {"created_at": fields.pop("created"), "updated_at": fields.pop("updated")}
        row = fields | times | {"experiment": str(model.experiment), "deleted": False}
        ctx.tx.execute(insert(logged_model).values(row))
        labels.keep(ctx.tx, labels.LOGGED, model.id, model.tags)
        labels.keep(ctx.tx, labels.PARAM, model.id, model.params)
    added = _keep_files(ctx, model, files or [])
    points = _keep_points(ctx, model)
    if known is None or added or points:
        ref = refs.make("logged_model", model.id)
        data = {"source": source, "name": model.name, "run": model.run, "files": added, "points": points}
        ctx.emit("logged_model.imported", ref, data=data, produced=[ref])
    return ImportedCounts(files=added, points=points)


@operation("mlflow.logged_model_files", permission="run:read", query=True)
def logged_model_files(ctx: Context, *, model: str) -> list[StoredFile]:
    """List the files of a logged model with their digests."""
    row = ctx.tx.execute(select(logged_model.c.experiment).where(logged_model.c.id == model)).first()
    if row is None or not in_projects(ctx.visible, key_of(ctx.tx, row.experiment)):
        return []
    return _files(ctx.tx, _folder(row.experiment, model))


@operation("mlflow.bring_registered_model", permission="model:write", on="name", refers={"name": "model"})
def import_registered_model(
    ctx: Context,
    *,
    name: str,
    description: str = "",
    tags: dict[str, str] | None = None,
    created: datetime,
    updated: datetime,
    versions: list[ImportedVersion] | None = None,
    aliases: dict[str, int] | None = None,
    source: str = "",
) -> int:
    """Bring in a registered model with its versions' own numbers; return how many versions were new.

    Versions and aliases that are here stay as they are. A version brought in is unverified: MLflow's clients
    load it, Meguru does not serve it.
    """
    if not name or len(name) > 256:
        raise InvalidInput(f"{name[:80]!r} can't name a registered model", field="name")
    _keep_name(ctx, name, description, tags or {}, created, updated)
    is_prompt = (tags or {}).get("mlflow.prompt.is_prompt", "").lower() == "true"
    store.lock(ctx.tx, name, created, is_prompt=is_prompt)
    known: set[int] = set()
    for table in (model_version, mlflow_version):
        known.update(ctx.tx.execute(select(table.c.version).where(table.c.name == name)).scalars())
    new = [version for version in versions or [] if version.version not in known]
    for version in new:
        _keep_version(ctx, name, version, source)
    numbers_here = known | {version.version for version in new}
    for alias, number in _pointers(ctx.tx, name, aliases or {}).items():
        if number in numbers_here:
            alias_moves.point(ctx, name, alias, number, reason="imported")
    return len(new)


def _keep_points(ctx: Context, model: ImportedModel) -> int:
    """Keep the points that are not here, of runs that are; return how many."""
    known = {
        (each["key"], each["timestamp"], each["step"], each["run_id"])
        for each in model_points.of_models(ctx.tx, [model.id]).get(model.id, [])
    }
    new: dict[str, list[model_points.ModelPoint]] = {}
    for imported_point in model.points:
        if (imported_point.key, imported_point.ms, imported_point.step, imported_point.run) not in known:
            point = model_points.ModelPoint(
                model.id,
                imported_point.key,
                imported_point.ms,
                imported_point.step,
                imported_point.value,
                imported_point.dataset_name,
                imported_point.dataset_digest,
            )
            new.setdefault(from_hex(imported_point.run), []).append(point)
    query = select(run.c.id, run.c.created_by).where(run.c.id.in_(list(new)))
    owners = {row.id: row.created_by for row in ctx.tx.execute(query)}
    runs = set(owners)
    for name in sorted(runs):
        check_writer(ctx.principal, owners[name], name)
        model_points.add(ctx.tx, name, new[name])
    return sum(len(new[name]) for name in runs)


def _keep_name(
    ctx: Context, name: str, description: str, tags: dict[str, str], created: datetime, updated: datetime
) -> None:
    row = ctx.tx.execute(select(model_description).where(model_description.c.name == name)).first()
    if row is None:
        values: dict[str, Any] = {"name": name, "description": description, "tags": tags}
        ctx.tx.execute(insert(model_description).values(**values, created_at=created, updated_at=updated))
    else:
        values = {"tags": tags | row.tags, "description": row.description or description}
        if values == {"tags": row.tags, "description": row.description}:
            return
        ctx.tx.execute(update(model_description).where(model_description.c.name == name).values(values))
    labels.keep(ctx.tx, labels.MODEL, name, values["tags"])
    ctx.emit("registered_model.imported", refs.make("model", name), data={"tags": sorted(tags)})


def _keep_version(ctx: Context, name: str, version: ImportedVersion, source: str) -> None:
    row: dict[str, Any] = msgspec.structs.asdict(version)
    row |= {"created_at": row.pop("created"), "updated_at": row.pop("updated")}
    row["created_by"] = row.pop("user")[:200] or ctx.principal.name
    used = [refs.make("logged_model", version.logged_model)] if version.logged_model else []
    record_unverified(
        ctx,
        name,
        number=version.version,
        event="model_version.imported",
        reason=REASON,
        source=source,
        used=used,
        claimed=used,  # nobody here saw it being made
        note=version.description,
        at=version.created,
        by=row["created_by"],
    )
    ctx.tx.execute(insert(mlflow_version).values(row | {"name": name, "deleted": False}))
    labels.keep(ctx.tx, labels.VERSION, name, version.tags, number=version.version)


def _pointers(tx: Connection, name: str, given: dict[str, int]) -> dict[str, int]:
    """Return the aliases to set: those that are not here, and those that stand for stages."""
    table = mlflow_version.c
    wanted = dict(given)
    for stage in STAGES:
        newest = select(func.max(table.version)).where(table.name == name, table.stage == stage)
        number = tx.execute(newest).scalar()
        if number is not None:
            wanted[f"mlflow.{stage.lower()}"] = number
    known = set(alias_store.names(tx, name))
    return {alias: number for alias, number in wanted.items() if alias not in known}


def _keep_files(ctx: Context, model: ImportedModel, files: list[StoredFile]) -> int:
    held = ctx.tx.execute(select(logged_model.c.experiment).where(logged_model.c.id == model.id)).scalar_one()
    folder = _folder(held, model.id)
    known = {each.path for each in _files(ctx.tx, folder)}
    rows = []
    for file in files:
        if check_foreign_path(file.path, field="files") not in known:
            size = ctx.blobs.size(digests.check_digest(file.digest))
            rows.append({"path": f"{folder}{file.path}", "digest": file.digest, "size": size})
    if rows:
        ctx.tx.execute(insert(stored_file), rows)
    return len(rows)


def _folder(experiment: str, model: str) -> str:
    return f"{experiment}/models/{model}/artifacts/"


def _files(tx: Connection, folder: str) -> list[StoredFile]:
    table = stored_file.c
    below = table.path.startswith(folder, autoescape=True)
    rows = tx.execute(select(table.path, table.digest, table.size).where(below).order_by(table.path))
    return [StoredFile(path=row.path.removeprefix(folder), digest=row.digest, size=row.size) for row in rows]
