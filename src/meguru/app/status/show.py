"""Look at everything once, in one read transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meguru.app.status.types import LiveLine, NeedLine, WorkLine, WorkspaceStatus
from meguru.backfills import store as backfills
from meguru.backfills.types import Backfill, BackfillState
from meguru.kernel.operations import Context, Operation, operation
from meguru.monitoring.show import list_monitors
from meguru.monitoring.types import MonitorStatus, ReportVerdict
from meguru.pipelines.approvals.decide import list_approvals
from meguru.pipelines.show import list_pipelines, list_runs
from meguru.pipelines.types import PipelineRunState
from meguru.releases.show import newest_releases
from meguru.releases.types import Release, ReleaseState
from meguru.serving.show import list_endpoints
from meguru.serving.types import Endpoint, EndpointState
from meguru.sweeps import store as sweeps
from meguru.sweeps.types import SweepState
from meguru.triggers.show import history
from meguru.triggers.types import FiringState

MAX_LINES = 100
"""Things of each kind that are looked at, and lines of each list that are shown."""
_UNSERVED = (EndpointState.FAILED, EndpointState.DOWN)
_WORST = (ReportVerdict.ALERT, ReportVerdict.UNKNOWN, ReportVerdict.OK)


@operation("status.show", permission="status:read", query=True)
def show(ctx: Context) -> WorkspaceStatus:
    """Show what is live, what is at work, what failed, and what waits for a person."""
    endpoints: list[Endpoint] = _ask(ctx, list_endpoints, limit=MAX_LINES).items
    monitors: list[MonitorStatus] = _ask(ctx, list_monitors)
    asked = [endpoint.name for endpoint in endpoints]
    releases: dict[str, Release] = {
        each.endpoint: each for each in _ask(ctx, newest_releases, endpoints=asked)
    }
    lists: dict[str, list[Any]] = {
        "live": [_live(endpoint, monitors) for endpoint in endpoints],
        "working": list(_working(ctx)),
        "failed": [*_alerts(monitors), *_failures(ctx), *_firings(ctx), *_unserved(endpoints)],
        "waiting": [*_questions(ctx), *_held(ctx)],
    }
    for endpoint in endpoints:
        for name, line in _releases(endpoint, releases.get(endpoint.name)):
            lists[name].append(line)
    more = [name for name, lines in lists.items() if len(lines) >= MAX_LINES]
    return WorkspaceStatus(
        at=ctx.now(), more=more, **{name: lines[:MAX_LINES] for name, lines in lists.items()}
    )


def _ask(ctx: Context, part: Operation[..., Any], **arguments: Any) -> Any:
    return ctx.execute(part, arguments)


def _live(endpoint: Endpoint, monitors: list[MonitorStatus]) -> LiveLine:
    verdicts = {
        monitor_status.last.verdict
        for monitor_status in monitors
        if monitor_status.last and monitor_status.monitor.endpoint == endpoint.name
    }
    serving = endpoint.serving
    return LiveLine(
        endpoint=endpoint.name,
        state=endpoint.state.value,
        model=endpoint.live.model_ref if endpoint.live else "",
        release=endpoint.live.release_ref if endpoint.live else "",
        since=endpoint.live.since if endpoint.live else None,
        verdict=next((verdict.value for verdict in _WORST if verdict in verdicts), ""),
        why=serving.why if serving else "",
    )


def _working(ctx: Context) -> Iterator[WorkLine]:
    for state in (PipelineRunState.RUNNING, PipelineRunState.QUEUED):
        for run in _ask(ctx, list_runs, state=state, limit=MAX_LINES).items:
            word = "interrupted" if run.interrupted else state.value
            done = run.ran + run.cached + run.skipped
            yield WorkLine(
                id=run.id, kind="pipeline_run", what=run.pipeline, state=word, since=run.created_at, done=done
            )
    # Asked by their state: what began long ago and still runs is not among the newest.
    running = SweepState.RUNNING.value
    for sweep in sweeps.page(
        ctx.tx, pipeline="", before="", limit=MAX_LINES, now=ctx.now(), projects=ctx.visible, state=running
    ):
        ended = sum(count for word, count in sweep.counts.items() if word not in {"running", "cancelled"})
        word = "interrupted" if sweep.interrupted else sweep.state.value
        yield WorkLine(
            id=sweep.id,
            kind="sweep",
            what=sweep.pipeline,
            state=word,
            since=sweep.created_at,
            done=ended,
            of=sweep.trials,
        )
    for backfill in _backfills(ctx, BackfillState.RUNNING):
        counts = backfill.counts
        yield WorkLine(
            id=backfill.id,
            kind="backfill",
            what=backfill.pipeline,
            state=backfill.state.value,
            since=backfill.created_at,
            done=counts.succeeded + counts.failed,
            of=counts.total,
        )


def _backfills(ctx: Context, state: BackfillState) -> list[Backfill]:
    return backfills.page(ctx.tx, before="", limit=MAX_LINES, projects=ctx.visible, state=state.value)


def _alerts(monitors: list[MonitorStatus]) -> Iterator[NeedLine]:
    for monitor_status in monitors:
        if monitor_status.last and monitor_status.last.verdict is ReportVerdict.ALERT:
            yield NeedLine(
                state="alert",
                what=f"monitor/{monitor_status.monitor.name}",
                since=monitor_status.last.at,
                why="; ".join(monitor_status.last.reasons[:3]),
                command=f"meguru monitor show {monitor_status.monitor.name}",
            )


def _failures(ctx: Context) -> Iterator[NeedLine]:
    """Yield the pipelines whose newest run failed: what went well since needs nobody."""
    for pipeline in _ask(ctx, list_pipelines, limit=MAX_LINES).items:
        if pipeline.last_run is None or pipeline.last_state != PipelineRunState.FAILED:
            continue
        failed = pipeline.last_failed
        step = f".{failed.step}" if failed else ""
        yield NeedLine(
            state="failed",
            what=f"pipeline/{pipeline.name}",
            since=pipeline.last_finished_at,
            why=f"{failed.step}: {failed.type}: {failed.message}" if failed else "",
            command=f"meguru runs log {pipeline.last_run}{step}",
        )


def _firings(ctx: Context) -> Iterator[NeedLine]:
    seen: set[str] = set()
    for firing in _ask(ctx, history, limit=MAX_LINES).items:
        if firing.trigger not in seen and firing.state is FiringState.FAILED:
            yield NeedLine(
                state="failed",
                what=f"trigger/{firing.trigger}",
                since=firing.at,
                why=firing.reason or "",
                command=f"meguru trigger history {firing.trigger}",
            )
        seen.add(firing.trigger)


def _unserved(endpoints: list[Endpoint]) -> Iterator[NeedLine]:
    for endpoint in endpoints:
        if endpoint.state in _UNSERVED:
            yield NeedLine(
                state=endpoint.state.value,
                what=f"endpoint/{endpoint.name}",
                since=endpoint.live.since if endpoint.live else None,
                why=endpoint.serving.why if endpoint.serving else "",
                command=f"meguru endpoint show {endpoint.name}",
            )


def _questions(ctx: Context) -> Iterator[NeedLine]:
    for question in _ask(ctx, list_approvals, limit=MAX_LINES).items:
        yield NeedLine(
            state="asking",
            what=f"pipeline/{question.pipeline}",
            since=question.asked_at,
            why=question.question,
            command=f"meguru runs approve {question.run}.{question.step}",
        )


def _held(ctx: Context) -> Iterator[NeedLine]:
    for run in _ask(ctx, list_runs, state=PipelineRunState.PAUSED, limit=MAX_LINES).items:
        yield NeedLine(
            state="paused",
            what=f"pipeline/{run.pipeline}",
            since=run.created_at,
            command=f"meguru runs resume {run.id}",
        )
    for backfill in _backfills(ctx, BackfillState.PAUSED):
        yield NeedLine(
            state="paused",
            what=f"backfill of {backfill.pipeline}",
            since=backfill.created_at,
            command=f"meguru backfill resume {backfill.id}",
        )


def _releases(endpoint: Endpoint, newest: Release | None) -> Iterator[tuple[str, NeedLine]]:
    """Yield what became of the newest release, unless somebody has seen it or it is live."""
    verbs = {
        ReleaseState.REFUSED: ("failed", "acknowledge"),
        ReleaseState.UNDECIDED: ("waiting", "check"),
        ReleaseState.PASSED: ("waiting", "promote"),
    }
    if newest is not None and newest.acknowledged_at is None and newest.state in verbs:
        name, verb = verbs[newest.state]
        why = "; ".join(newest.reasons[:3])
        command = f"meguru release {verb} {newest.ref.removeprefix('release/')}"
        yield (
            name,
            NeedLine(
                state=newest.state.value, what=newest.ref, since=newest.checked_at, why=why, command=command
            ),
        )
    elif endpoint.state is EndpointState.PENDING:
        command = f"meguru release create {endpoint.name} {endpoint.model}@N --promote"
        yield (
            "waiting",
            NeedLine(
                state="pending",
                what=f"endpoint/{endpoint.name}",
                since=endpoint.created_at,
                why="no model was promoted yet",
                command=command,
            ),
        )
