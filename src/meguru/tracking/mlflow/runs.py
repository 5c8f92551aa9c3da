"""Operations on runs as MLflow's clients mean them: an ended run may be written to, and started again."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.errors import InvalidInput, NotFound
from meguru.runtime.operations import Context, operation
from meguru.tracking import schema, store
from meguru.tracking.mlflow import experiments, moments, points
from meguru.tracking.mlflow.ids import from_hex, to_hex
from meguru.tracking.mlflow.schema import mlflow_run as table
from meguru.tracking.types import Run

Status = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
STATES = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "succeeded",
    "FAILED": "failed",
    "KILLED": "cancelled",
}


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement; None stands for NaN."""

    key: str
    value: float | None
    timestamp: int
    step: int = 0


@operation("mlflow.create_run", permission="run:write")
def create(
    ctx: Context,
    *,
    experiment: str = "0",
    name: str,
    user: str = "",
    start: int,
    tags: dict[str, str] | None = None,
) -> str:
    """Start a run at a moment that the client tells, and return its MLflow id."""
    found = experiments.find(ctx.tx, experiment)
    if found.stage != "active":
        raise InvalidInput(
            f"The experiment {experiment} must be in the 'active' state. Current state is {found.stage}."
        )
    identity, ref = _insert(ctx, found.experiment, name, moments.moment(start))
    row = {"run": identity, "stage": "active", "status": "RUNNING", "user_id": user[:250]}
    ctx.tx.execute(insert(table).values(row))
    store.set_tags(ctx.tx, identity, tags or {})
    data = {"experiment": found.experiment, "name": name, "client": "mlflow"}
    ctx.emit("run.started", ref, data=data, produced=[ref])
    return to_hex(identity)


@operation("mlflow.update_run", permission="run:write")
def change(
    ctx: Context, *, run: str, status: Status | None = None, end: int | None = None, name: str | None = None
) -> None:
    """End a run, start it again, or rename it."""
    row = hold(ctx.tx, run)
    ref = refs.make("run", row.id)
    values: dict[str, Any] = {}
    if name:
        values["name"] = name[:250]
        store.set_tags(ctx.tx, row.id, {"mlflow.runName": name})
        if row.name != values["name"]:
            ctx.emit("run.renamed", ref, data={"name": values["name"]})
    if status:
        state = STATES[status]
        values |= {"state": state, "alive_until": None}
        values["finished_at"] = None if state == "running" else _end(ctx, row, end)
        _extend(ctx.tx, row.id, status=status)
        data = {"state": state, "experiment": row.experiment}
        if row.state != state:
            ctx.emit("run.reopened" if state == "running" else "run.finished", ref, data=data, used=[ref])
    elif end is not None and row.state != "running":
        values["finished_at"] = moments.moment(end)
    if values:
        ctx.tx.execute(update(schema.run).where(schema.run.c.id == row.id).values(values))
        if not ctx.emitted:
            ctx.emit("run.updated", ref, data={"fields": sorted(values)})


@operation("mlflow.move_run", permission="run:write")
def move(ctx: Context, *, run: str, stage: Literal["active", "deleted"]) -> None:
    """Mark a run as deleted, or take the mark away; it stays where it is."""
    other = "deleted" if stage == "active" else "active"
    row = hold(ctx.tx, run, stage=other)
    _extend(ctx.tx, row.id, stage=stage, deleted_at=ctx.now() if stage == "deleted" else None)
    ctx.emit("run.restored" if stage == "active" else "run.deleted", refs.make("run", row.id))


@operation("mlflow.log", permission="run:write", evented=False, alone=False)
def log(
    ctx: Context,
    *,
    run: str,
    metrics: list[Point] | None = None,
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """Log points, params and tags to a run that is not deleted: all of it, or nothing."""
    rows = [points.Point(each.key, each.step, each.value, each.timestamp) for each in metrics or []]
    write(ctx.tx, run, rows, params or {}, tags or {})


@operation("mlflow.delete_tag", permission="run:write", evented=False, alone=False)
def delete_tag(ctx: Context, *, run: str, key: str) -> None:
    """Take a tag off a run."""
    row, tags = hold(ctx.tx, run), schema.run_tag
    if not ctx.tx.execute(delete(tags).where(tags.c.run == row.id, tags.c.key == key)).rowcount:
        raise NotFound(f"No tag with name: {key[:250]} in run with id {run}")


def write(
    tx: Connection, run: str, metrics: list[points.Point], params: dict[str, str], tags: dict[str, str]
) -> None:
    """Log to a run in an open transaction; nobody is asked for a permission here."""
    row = hold(tx, run)
    if params:
        _add_params(tx, row.id, params)
    if metrics:
        points.add(tx, row.id, metrics)
    store.set_tags(tx, row.id, tags)
    if "mlflow.runName" in tags:
        name = tags["mlflow.runName"][:250]
        tx.execute(update(schema.run).where(schema.run.c.id == row.id).values(name=name))


def hold(tx: Connection, run: str, *, stage: str = "active") -> Row[Any]:
    """Return a run's row, held until the transaction ends; raise unless it is in this stage."""
    ours, identity = schema.run, from_hex(run)
    row = tx.execute(select(ours).where(ours.c.id == identity).with_for_update()).first()
    if row is None:
        raise NotFound(f"Run with id={run[:256]} not found", field="run_id")
    found = tx.execute(select(table.c.stage).where(table.c.run == identity)).scalar() or "active"
    if found != stage:
        raise InvalidInput(f"The run {run} must be in the '{stage}' state. Current state is {found}.")
    return row


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
    store.add_run(ctx.tx, run)
    return identity, run.ref


def _extend(tx: Connection, run: str, **values: Any) -> None:
    if not tx.execute(update(table).where(table.c.run == run).values(values)).rowcount:
        row = {"run": run, "stage": "active", "status": "", "user_id": ""} | values
        tx.execute(insert(table).values(row))


def _end(ctx: Context, row: Row[Any], end: int | None) -> datetime:
    return moments.moment(end) if end is not None else (row.finished_at or ctx.now())


def _add_params(tx: Connection, run: str, params: dict[str, str]) -> None:
    mine = schema.run_param.c
    query = select(mine.key, mine.value).where(mine.run == run, mine.key.in_(list(params)))
    known = {row.key: row.value for row in tx.execute(query)}
    for key, value in params.items():
        if known.get(key, value) != value:
            raise InvalidInput(
                "Changing param values is not allowed. "
                f"Param with key='{key}' was already logged with value='{known[key][:200]}' for run ID="
                f"'{to_hex(run)}'. Attempted logging new value '{value[:200]}'.",
                field="params",
            )
    new = [{"run": run, "key": key, "value": value} for key, value in params.items() if key not in known]
    if new:
        tx.execute(insert(schema.run_param), new)
