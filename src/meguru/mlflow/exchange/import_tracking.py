"""Operations that import what was tracked elsewhere: under its own ids, with its own times."""

from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from meguru.base import digests, refs
from meguru.base.paths import check_foreign_path
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.mlflow.exchange.types import IDENTITY
from meguru.mlflow.tracking import experiment_operations as experiments
from meguru.mlflow.tracking import inputs
from meguru.mlflow.tracking import run_operations as runs
from meguru.tracking import milliseconds, schema, store
from meguru.tracking.client_schema import experiment_entry, experiment_tag, run_entry
from meguru.tracking.ownership import check_writer
from meguru.tracking.run_ids import from_hex
from meguru.tracking.states import STATES
from meguru.tracking.types import Run, RunArtifact

Stage = Literal["active", "deleted"]
MAX_NUMBER = 10**18 - 10**9
"""Numbers have up to 18 digits, as MLflow's file store gives them; new ones follow the highest."""


class ImportedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it was tracked elsewhere; moments are milliseconds since 1970."""

    id: str
    experiment: int
    name: str
    user: str = ""
    status: runs.MlflowRunStatus
    start: int
    end: int | None = None
    stage: Stage = "active"
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    datasets: list[inputs.DatasetInput] = []
    models: list[inputs.ModelLink] = []
    outputs: list[inputs.ModelLink] = []


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose bytes are among the workspace's blobs already."""

    path: str
    digest: str


@operation("mlflow.bring_experiment", permission="experiment:write")
def import_experiment(
    ctx: Context,
    *,
    name: str,
    number: str = "",
    stage: Stage = "active",
    created: int,
    updated: int,
    tags: dict[str, str] | None = None,
    source: str = "",
) -> int:
    """Bring in an experiment and return its number here; one of the same name only gets the tags it lacks.

    It keeps its number if that is free here.
    """
    if experiments.needs_adoption(ctx.tx, ctx.home):
        ctx.execute(experiments.adopt, {})
    table = experiment_entry
    same = (table.c.name == name) & (table.c.project == ctx.home)
    row = ctx.tx.execute(select(table.c.id, table.c.experiment).where(same)).first()
    if row is None:
        given = ctx.execute(experiments.create, {"name": name})
        here = _wanted(ctx.tx, number, given)
        times = {"created_at": milliseconds.moment(created), "updated_at": milliseconds.moment(updated)}
        changed = update(table).where(table.c.id == given).values(id=here, stage=stage, **times)
        ctx.tx.execute(changed)
    else:
        here = row.id
    new = _lacking(ctx.tx, here, tags or {})
    if new:
        ctx.tx.execute(
            insert(experiment_tag),
            [{"experiment": here, "key": key, "value": value} for key, value in new.items()],
        )
    if row is None or new:
        slug = ctx.tx.execute(select(table.c.experiment).where(table.c.id == here)).scalar_one()
        data = {"name": name, "number": here, "source": source, "tags": sorted(new)}
        ctx.emit("experiment.imported", refs.make("experiment", slug), data=data)
    return int(here)


@operation("mlflow.bring_run", permission="run:write")
def import_run(
    ctx: Context,
    *,
    run: ImportedRun,
    points: list[runs.LoggedPoint] | None = None,
    files: list[ImportedFile] | None = None,
    whole: bool = True,
    source: str = "",
) -> None:
    """Bring in a run under its own id, or what a run that is here lacks; nothing that is here is overwritten.

    Until it is brought `whole`, the run is running; then it gets the state, the end and the stage it had.
    """
    if not IDENTITY.fullmatch(run.id):
        raise InvalidInput(f"{run.id[:80]!r} can't be the id of a run", field="run.id")
    where = experiments.find(ctx.tx, str(run.experiment), ctx.home)
    identity = from_hex(run.id)
    row = ctx.tx.execute(select(schema.run).where(schema.run.c.id == identity).with_for_update()).first()
    if row is None:
        row = _insert(ctx, run, identity, where.experiment)
    check_writer(ctx.principal, row.created_by, run.id)
    if row.experiment != where.experiment:
        why = f"it belongs to {row.experiment!r}, not to {where.experiment!r}"
        raise Conflict(f"run {run.id} is here, in another experiment", why=why, where=identity)
    _describe(ctx, run, row, whole=whole)
    if points:
        ctx.execute(runs.log, {"run": run.id, "metrics": points})
    added = [_file(ctx, identity, each) for each in files or []]
    if whole:
        _end(ctx, run, identity)
    data = {"source": source, "experiment": where.name, "name": run.name, "whole": whole}
    data |= {"points": len(points or []), "files": sum(added)}
    ref = refs.make("run", identity)
    ctx.emit("run.imported", ref, data=data, produced=[ref])


def _wanted(tx: Connection, number: str, given: int) -> int:
    if not number.isascii() or not number.isdecimal() or len(number) > 18 or int(number) > MAX_NUMBER:
        return given
    wanted = int(number)
    taken = tx.execute(select(experiment_entry.c.id).where(experiment_entry.c.id == wanted)).first()
    return given if taken else wanted


def _lacking(tx: Connection, number: int, tags: dict[str, str]) -> dict[str, str]:
    table = experiment_tag
    known = set(tx.execute(select(table.c.key).where(table.c.experiment == number)).scalars())
    return {key[:250]: value for key, value in tags.items() if key[:250] not in known}


def _insert(ctx: Context, run: ImportedRun, identity: str, experiment: str) -> Row[Any]:
    made = Run(
        ref=refs.make("run", identity),
        id=identity,
        name=run.name[:250],
        experiment=experiment,
        state="running",
        started_at=milliseconds.moment(run.start),
        finished_at=None,
        created_by=ctx.principal.name,
        error="",
    )
    store.add_run(ctx.tx, made, experiment)
    beside = {"run": identity, "stage": "active", "status": "RUNNING", "user_id": run.user[:250]}
    ctx.tx.execute(insert(run_entry).values(beside))
    return ctx.tx.execute(select(schema.run).where(schema.run.c.id == identity)).one()


def _describe(ctx: Context, run: ImportedRun, row: Row[Any], *, whole: bool) -> None:
    known = store.get(ctx.tx, row.id, ctx.now())
    params = {key: value for key, value in run.params.items() if key not in known.params}
    store.add_params(ctx.tx, row.id, params)
    unfinished = row.state == "running"
    tags = {key: value for key, value in run.tags.items() if unfinished or key not in known.tags}
    store.set_tags(ctx.tx, row.id, tags)
    if whole and (run.datasets or run.models or run.outputs):
        links = {"datasets": run.datasets, "models": run.models, "outputs": run.outputs}
        ctx.execute(inputs.log_inputs, {"run": run.id, **links})


def _file(ctx: Context, identity: str, given: ImportedFile) -> bool:
    check_foreign_path(given.path, field="files")
    digests.check_digest(given.digest)
    size = ctx.blobs.size(given.digest)
    return store.add_artifact(ctx.tx, identity, RunArtifact(path=given.path, digest=given.digest, size=size))


def _end(ctx: Context, run: ImportedRun, identity: str) -> None:
    state = STATES[run.status]
    end = None if run.end is None or state == "running" else milliseconds.moment(run.end)
    values = {"state": state, "finished_at": end, "alive_until": None, "name": run.name[:250]}
    ctx.tx.execute(update(schema.run).where(schema.run.c.id == identity).values(values))
    beside = {
        "stage": run.stage,
        "status": run.status,
        "deleted_at": ctx.now() if run.stage == "deleted" else None,
    }
    ctx.tx.execute(update(run_entry).where(run_entry.c.run == identity).values(beside))
