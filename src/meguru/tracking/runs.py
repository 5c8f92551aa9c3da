"""Operations that change runs."""

from datetime import datetime

from meguru.artifacts.provenance import check_claims
from meguru.artifacts.sight import Sight
from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.base.names import check_title
from meguru.base.paths import check_path
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.tracking import lease as leases
from meguru.tracking import series, store
from meguru.tracking.experiments import names
from meguru.tracking.experiments import store as experiments
from meguru.tracking.experiments.change import ensure
from meguru.tracking.experiments.store import name_taken
from meguru.tracking.keys import check_points, check_texts
from meguru.tracking.run_ids import OURS
from meguru.tracking.types import EndState, MetricPoint, Run, RunArtifact

MAX_ERROR = 20_000


@operation(
    "run.start", permission="run:write", on="experiment", refers={"experiment": "experiment", "used": "*"}
)
def start(
    ctx: Context,
    *,
    experiment: str = "default",
    name: str = "",
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    used: list[str] | None = None,
    lease: float | None = None,
    id: str = "",
    at: datetime | None = None,
) -> Run:
    """Start a run in an experiment, which is created if need be; `used` names what the run starts from.

    A client may choose the run's `id` and tell `at` which moment it began: if it starts the run again,
    nothing happens.

    `lease` is for a client that beats (``run.beat``): if nothing is heard of the run for so many seconds, it
    is interrupted. Without one, a run is running until it is finished.

    What it used must exist, and is kept as claimed: nobody but the client saw it.

    Raises
    ------
    InvalidInput
        If `used` names what there is not.
    Conflict
        If the experiment is deleted; the error names the ways out.
    """
    claimed = check_claims(ctx.tx, used or [], field="used", sight=Sight(ctx.tx, ctx.readable))
    return begin(
        ctx,
        experiment=experiment,
        name=name,
        params=params or {},
        tags=tags or {},
        used=claimed,
        claimed=claimed,
        lease=lease,
        id=id,
        at=at,
    )


def begin(
    ctx: Context,
    *,
    experiment: str,
    name: str,
    params: dict[str, str],
    tags: dict[str, str],
    used: list[str],
    claimed: list[str] | None = None,
    lease: float | None = None,
    id: str = "",
    at: datetime | None = None,
    even_deleted: bool = False,
) -> Run:
    """Start a run as a part of another operation; `even_deleted` is for one that has no choice of its own."""
    check_texts("param", params)
    check_texts("tag", tags)
    leases.check_lease(lease)
    name = check_title("run", name) if name else ""
    if id and (known := _started(ctx, id, experiment)):
        return known
    where = ensure(ctx, experiment)
    if where.stage != "active" and not even_deleted:
        raise name_taken(where)
    identity, now, shown = id or new_id("run"), ctx.now(), names.write(where.project, where.name)
    run = Run(
        ref=refs.make("run", identity),
        id=identity,
        name=name,
        experiment=shown,
        project=where.project,
        state="running",
        started_at=min(at or now, now),
        finished_at=None,
        created_by=ctx.principal.name,
        error="",
        lease=lease,
        alive_until=leases.end_of(lease, now),
        params=params,
        tags=tags,
    )
    store.add_run(ctx.tx, run, where.experiment)
    store.add_params(ctx.tx, identity, params)
    store.set_tags(ctx.tx, identity, tags)
    data = {"experiment": shown, "name": name, "params": params}
    ctx.emit("run.started", run.ref, data=data, used=used, produced=[run.ref], claimed=claimed or [])
    return run


@operation("run.log", permission="run:write", evented=False, alone=False, on="run")
def log(
    ctx: Context,
    *,
    run: str,
    metrics: list[MetricPoint] | None = None,
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    late: bool = False,
) -> None:
    """Log a batch of metric points, params and tags to a running run: all of it, or nothing.

    A run that is logged to is alive: its lease starts anew. `late` is for what could not be sent in time:
    a run that was ended only because it was silent takes it too.
    """
    check_points(metrics or [])
    check_texts("param", params or {})
    check_texts("tag", tags or {})
    row = store.lock_running(ctx.tx, ctx.principal, run, late=late)
    if store.is_deleted(ctx.tx, row.id):
        raise store.deleted(row.id)
    if row.state == "running":
        leases.prolong(ctx.tx, row, ctx.now())
    identity = row.id
    series.add(ctx.tx, identity, metrics or [], ctx.now())
    store.add_params(ctx.tx, identity, params or {})
    store.set_tags(ctx.tx, identity, tags or {})


@operation("run.artifact", permission="run:write", on="run")
def add_artifact(ctx: Context, *, run: str, path: str, digest: str, late: bool = False) -> RunArtifact:
    """Keep an uploaded blob as an artifact of a running run, under a name; `late` is as for logging."""
    check_path(path, field="path")
    digests.check_digest(digest)
    identity = store.lock_running(ctx.tx, ctx.principal, run, late=late).id
    # In the transaction: nothing is freed while it is open.
    artifact = RunArtifact(path=path, digest=digest, size=ctx.blobs.size(digest))
    if store.add_artifact(ctx.tx, identity, artifact):
        ctx.emit("run.artifact_added", refs.make("run", identity), data={"path": path, "digest": digest})
    return artifact


@operation("run.finish", permission="run:write", on="run", refers={"produced": "*"})
def finish(
    ctx: Context,
    *,
    run: str,
    state: EndState = "succeeded",
    error: str = "",
    produced: list[str] | None = None,
    late: bool = False,
    at: datetime | None = None,
) -> Run:
    """End a run; ending it again in the same state changes nothing. `produced` names what the run made.

    That must exist and not be older than the run, and is kept as claimed, unless the operation that made it
    told the same. `late` is as for logging, and `at` tells when the run ended, if that was earlier.

    Raises
    ------
    InvalidInput
        If `produced` names what there is not, or what was there before the run began.
    """
    known = store.get(ctx.tx, run, ctx.now())
    if known.state == state and known.error != leases.SILENT:
        return known
    end = max(known.started_at, min(at or ctx.now(), ctx.now()))
    row = store.lock_running(ctx.tx, ctx.principal, run, late=late)
    store.finish(ctx.tx, row.id, state=state, error=error[:MAX_ERROR], at=end)
    data = {"state": state, "error": error[:500], "experiment": known.experiment}
    sight = Sight(ctx.tx, ctx.readable)
    claimed = check_claims(ctx.tx, produced or [], field="produced", after=known.ref, sight=sight)
    ctx.emit("run.finished", known.ref, data=data, used=[known.ref], produced=claimed, claimed=claimed)
    return store.get(ctx.tx, run, ctx.now())


def _started(ctx: Context, identity: str, experiment: str) -> Run | None:
    """Return the run that was started under this id, if there is one; raise Conflict if it is another."""
    if not OURS.fullmatch(identity):
        raise InvalidInput(
            f"{identity[:80]!r} can't be the id of a run", why="run- and 26 letters", field="id"
        )
    run = store.find(ctx.tx, identity, ctx.now())
    if run is None:
        return None
    where = experiments.called(ctx.tx, experiment)
    is_same = where is not None and names.write(where.project, where.name) == run.experiment
    if run.created_by != ctx.principal.name or not is_same:
        raise Conflict(f"the id {identity} belongs to another run", where=identity)
    return run
