"""Operations on runs as MLflow's clients mean them: an ended run may be written to, and started again."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, delete, select

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.kernel.principals import Principal
from meguru.mlflow.logged_models import points as model_points
from meguru.mlflow.tracking import experiment_operations as experiments
from meguru.storage import struct_rows
from meguru.storage.db import rowwise
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking import edit, milliseconds, schema, series, store
from meguru.tracking.client_schema import run_entry as table
from meguru.tracking.experiments.store import name_of
from meguru.tracking.ownership import check_writer
from meguru.tracking.run_ids import from_hex, to_hex
from meguru.tracking.states import STATES
from meguru.tracking.types import Run

_RUN = {"run": "run"}
_STAGE = "SELECT stage FROM mlflow_run WHERE run = ?"
MODELS = "mlflow.log-model.history"
"""The tag in which a client before MLflow 3 looks for the models of a run."""
MlflowRunStatus = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
_SHOWN = {state: status for status, state in STATES.items() if status != "SCHEDULED"}


def shown_status(state: str, status: str | None) -> str:
    """Return the status of a run in a state; `status` is the one that a client gave it, if one did."""
    return "SCHEDULED" if status == "SCHEDULED" and state == "running" else _SHOWN.get(state, "RUNNING")


@dataclass(frozen=True)
class LoggedBatch:
    """What one call logs to one run; `model` is the description of one, as JSON, that its history gets."""

    run: str
    points: dict[str, series.Columns] = field(default_factory=dict)
    of_models: list[model_points.ModelPoint] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    model: str = ""


class MadeRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was started: its MLflow id, and its experiment's number and place of artifacts."""

    run_id: str
    experiment: int
    artifact_location: str


class LockedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What those who change a run need of its row."""

    id: str
    name: str
    experiment: str
    state: str
    finished_at: datetime | None
    created_by: str


class LoggedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement; None stands for NaN."""

    key: str
    value: float | None
    timestamp: int
    step: int = 0


@operation(
    "mlflow.create_run",
    permission="run:write",
    door=experiments.DOOR,
    on="experiment",
    refers={"experiment": "experiment"},
)
def create(
    ctx: Context,
    *,
    experiment: str = "0",
    name: str,
    user: str = "",
    start: int,
    tags: dict[str, str] | None = None,
) -> MadeRun:
    """Start a run at a moment that the client tells."""
    found = experiments.find(ctx.tx, experiment, ctx.home)
    if found.stage != "active":
        raise InvalidInput(
            f"The experiment {experiment} must be in the 'active' state. Current state is {found.stage}."
        )
    identity, ref = _insert(ctx, found.experiment, name, milliseconds.moment(start))
    row = {"run": identity, "stage": "active", "status": "RUNNING", "user_id": user[:250]}
    rowwise.insert(ctx.tx, table, row)
    store.set_tags(ctx.tx, identity, tags or {})
    data = {"experiment": found.name, "name": name, "client": "mlflow"}
    ctx.emit("run.started", ref, data=data, produced=[ref], project=ctx.home)
    return MadeRun(run_id=to_hex(identity), experiment=found.id, artifact_location=found.artifact_location)


@operation("mlflow.update_run", permission="run:write", door=experiments.DOOR, on="run", refers=_RUN)
def change(
    ctx: Context,
    *,
    run: str,
    status: MlflowRunStatus | None = None,
    end: int | None = None,
    name: str | None = None,
) -> None:
    """End a run, start it again, or rename it."""
    row = lock_run(ctx.tx, ctx.principal, run, project=ctx.home)
    ref = refs.make("run", row.id)
    values: dict[str, Any] = {}
    if name:
        values["name"] = name[:250]
        store.set_tags(ctx.tx, row.id, {edit.NAME: name})
        if row.name != values["name"]:
            renamed = {"name": values["name"], "before": row.name}
            ctx.emit("run.renamed", ref, data=renamed, project=ctx.home)
    if status:
        state = STATES[status]
        values |= {"state": state, "alive_until": None}
        # When it ended, the client tells: a run that ended without is not known to have ended at any moment.
        before = None if state == "running" else row.finished_at
        values["finished_at"] = before if end is None else milliseconds.moment(end)
        _extend(ctx.tx, row.id, status=status)
        if row.state != state:
            data = {"state": state, "experiment": name_of(ctx.tx, row.experiment)}
            # What was the matter with the state before says nothing of this one; and a run whose error is
            # that it went silent takes what comes late, though a client has ended it since.
            values["error"] = ""
            told = "run.reopened" if state == "running" else "run.finished"
            ctx.emit(told, ref, data=data, used=[ref], project=ctx.home)
    elif end is not None:
        values["finished_at"] = milliseconds.moment(end)
    if values:
        rowwise.update(ctx.tx, schema.run, {"id": row.id}, values)
        if not ctx.emitted:
            ctx.emit("run.updated", ref, data={"fields": sorted(values)}, project=ctx.home)


@operation("mlflow.move_run", permission="run:write", door=experiments.DOOR, on="run", refers=_RUN)
def move(ctx: Context, *, run: str, stage: Literal["active", "deleted"]) -> None:
    """Mark a run as deleted, or take the mark away; it stays where it is. What is so already stays so."""
    row = lock_run(ctx.tx, ctx.principal, run, project=ctx.home, stage="")
    if store.is_deleted(ctx.tx, row.id) is not (stage == "deleted"):
        edit.set_stage(ctx, row.id, stage)


@operation(
    "mlflow.log",
    permission="run:write",
    evented=False,
    alone=False,
    door=experiments.DOOR,
    on="run",
    refers=_RUN,
)
def log(
    ctx: Context,
    *,
    run: str,
    metrics: list[LoggedPoint] | None = None,
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """Log points, params and tags to a run that is not deleted: all of it, or nothing."""
    points: dict[str, list[tuple[int, int, float | None]]] = {}
    for each in metrics or []:
        points.setdefault(each.key, []).append((each.step, each.timestamp * 1000, each.value))
    columns = {key: series.Columns.of_points(some) for key, some in points.items()}
    entry = LoggedBatch(run, points=columns, params=params or {}, tags=tags or {})
    write(ctx.tx, entry, by=ctx.principal, project=ctx.home)


@operation(
    "mlflow.delete_tag",
    permission="run:write",
    evented=False,
    alone=False,
    door=experiments.DOOR,
    on="run",
    refers=_RUN,
)
def delete_tag(ctx: Context, *, run: str, key: str) -> None:
    """Take a tag off a run."""
    row, tags = lock_run(ctx.tx, ctx.principal, run, project=ctx.home), schema.run_tag
    if not ctx.tx.execute(delete(tags).where(tags.c.run == row.id, tags.c.key == key)).rowcount:
        raise NotFound(f"No tag with name: {key[:250]} in run with id {run}")


def write(tx: Connection, entry: LoggedBatch, *, by: Principal, project: str) -> None:
    """Log to a run of a project in an open transaction; that `by` may write to runs there was asked before.

    Raises
    ------
    Forbidden
        If the run is another's, and `by` lacks the right to change those.
    """
    run = _lock_run_raw(tx, by, entry.run, project)
    if entry.params:
        _add_params(tx, run, entry.params)
    if entry.points:
        series.append(tx, run, entry.points, once=True)
    if entry.of_models:
        model_points.add(tx, run, entry.of_models)
    if entry.model:
        _add_model(tx, run, entry.model)
    if entry.tags:
        store.set_tags(tx, run, entry.tags)
        if edit.NAME in entry.tags:
            name = entry.tags[edit.NAME][:250]
            rowwise.update(tx, schema.run, {"id": run}, {"name": name})


def lock_run(tx: Connection, by: Principal, run: str, *, project: str, stage: str = "active") -> LockedRun:
    """Return the row of a project's run, held until the transaction ends, for who may change it.

    It must be in the `stage`, unless that is empty.
    """
    identity, raw = from_hex(run), RawSql(tx)
    where = "id = ?" if raw.is_sqlite else "id = ? FOR UPDATE"
    row = next(iter(struct_rows.select(raw, LockedRun, "run", where, (identity,))), None)
    if row is None or refs.project_of(row.experiment) != project:
        raise _no_run(run)
    check_writer(by, row.created_by, run, project=project)
    if stage:
        found = raw.execute(_STAGE, (identity,)).fetchone()
        _check_stage(run, found[0] if found else "active", stage)
    return row


def check_here(tx: Connection, run: str, project: str) -> str:
    """Return the id of a project's run, given MLflow's id or ours.

    Raises
    ------
    NotFound
        If there is no such run in this project.
    """
    identity = from_hex(run)
    if not is_here(tx, identity, project):
        raise _no_run(run)
    return identity


def is_here(tx: Connection, identity: str, project: str) -> bool:
    """Tell whether there is a run of this id in a project: the key of its experiment tells."""
    known = RawSql(tx).execute("SELECT experiment FROM run WHERE id = ?", (identity,)).fetchone()
    return known is not None and refs.project_of(known[0]) == project


def _lock_run_raw(tx: Connection, by: Principal, run: str, project: str) -> str:
    """Return the id of an active run of a project that `by` may change, held until the transaction ends."""
    identity, raw = from_hex(run), RawSql(tx)
    # SQLite has one writer at a time, and no such clause.
    lock = "" if raw.is_sqlite else " FOR UPDATE"
    sql = f"SELECT created_by, experiment FROM run WHERE id = ?{lock}"  # noqa: S608 - no text of others
    known = raw.execute(sql, (identity,)).fetchone()
    if known is None or refs.project_of(known[1]) != project:
        raise _no_run(run)
    check_writer(by, known[0], run, project=project)
    row = raw.execute(_STAGE, (identity,)).fetchone()
    _check_stage(run, row[0] if row else "active", "active")
    return identity


def _no_run(run: str) -> NotFound:
    return NotFound(f"Run with id={run[:256]} not found", field="run_id")


def _check_stage(run: str, found: str, stage: str) -> None:
    if found != stage:
        raise InvalidInput(f"The run {run} must be in the '{stage}' state. Current state is {found}.")


def _add_model(tx: Connection, run: str, model: str) -> None:
    mine = schema.run_tag.c
    query = select(mine.value).where(mine.run == run, mine.key == MODELS)
    try:
        known = msgspec.json.decode(tx.execute(query).scalar() or "[]", type=list[Any])
    except msgspec.MsgspecError:  # a client may write the tag itself
        raise InvalidInput(
            f"The tag '{MODELS}' of run {to_hex(run)} is no JSON list.", field="run_id"
        ) from None
    value = msgspec.json.encode([*known, msgspec.json.decode(model)]).decode()
    store.set_tags(tx, run, {MODELS: value})


def _insert(ctx: Context, experiment: str, name: str, at: datetime) -> tuple[str, str]:
    identity = new_id("run")
    run = Run(
        ref=refs.make("run", identity),
        id=identity,
        name=name[:250],
        experiment=experiment,
        state="running",
        started_at=at,
        finished_at=None,
        created_by=ctx.principal.name,
        error="",
    )
    store.add_run(ctx.tx, run, experiment)
    return identity, run.ref


def _extend(tx: Connection, run: str, **values: Any) -> None:
    if not rowwise.update(tx, table, {"run": run}, values):
        rowwise.insert(tx, table, {"run": run, "stage": "active", "status": "", "user_id": ""} | values)


def _add_params(tx: Connection, run: str, params: dict[str, str]) -> None:
    raw = RawSql(tx)
    query = f"SELECT key, value FROM run_param WHERE run = ? AND key IN ({marks(len(params))})"  # noqa: S608
    known = dict(raw.execute(query, (run, *params)).fetchall())
    changed = [
        {"key": key, "old_value": known[key][:200], "new_value": value[:200]}
        for key, value in params.items()
        if known.get(key, value) != value
    ]
    if len(changed) == len(params) == 1:
        raise InvalidInput(
            f"Changing param values is not allowed. Param with key='{changed[0]['key']}' was already logged "
            f"with value='{changed[0]['old_value']}' for run ID='{to_hex(run)}'. Attempted logging new value "
            f"'{changed[0]['new_value']}'",
            field="params",
        )
    if changed:
        raise InvalidInput(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run "
            f"ID='{to_hex(run)}'",
            field="params",
        )
    new = [{"run": run, "key": key, "value": value} for key, value in params.items() if key not in known]
    if new:
        rowwise.insert(tx, schema.run_param, *new)
