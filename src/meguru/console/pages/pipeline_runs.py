"""Pipeline runs: a window of them, and one with its steps, times, cache reasons, log and cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from meguru.artifacts import why
from meguru.console.charts.gantt import lane
from meguru.console.pages.runs import took
from meguru.console.reasons import reasons
from meguru.console.visit import Visit
from meguru.errors import InvalidInput
from meguru.pipelines import explain, show
from meguru.pipelines.approvals.decide import list_approvals
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.types import FINAL, PipelineRun, PipelineVersion, RunState, StepRun, StepState

WINDOW = 100
FEW_CALLS, MOST_CALLS = 10, 200
_TELLING = {StepState.FAILED, StepState.RUNNING}
LOG_LINES = 200


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step as its page shows it."""

    step: StepRun
    lane: Markup
    reasons: list[str]
    log: str
    done: int = 0
    hidden: int = 0


def listing(visit: Visit) -> Response:
    """Show a window of the runs, newest first."""
    pipeline, wanted, before = visit.asked("pipeline"), visit.asked("state"), visit.asked("before")
    if wanted and wanted not in set(RunState):
        raise InvalidInput(f"no run is {wanted[:40]!r}", field="state", hint=", ".join(RunState))
    state = RunState(wanted) if wanted else None
    found = show.list_runs(visit.ws, pipeline=pipeline, state=state, cursor=before, limit=WINDOW)
    return visit.render(
        "pipeline_runs.html",
        runs=found.items,
        older=found.next_cursor or "",
        before=before,
        pipeline=pipeline,
        wanted=wanted,
        states=list(RunState),
        pipelines=show.list_pipelines(visit.ws, limit=WINDOW).items,
        took=took,
        live="pipeline_run. step_run. pipeline.",
    )


def one(visit: Visit) -> Response:
    """Show one run."""
    run = show.show_run(visit.ws, ref=visit.named("id"))
    unfolded = visit.asked("calls")
    version = show.show_pipeline(visit.ws, ref=f"pipeline/{run.pipeline}@{run.version}")
    start = run.started_at or run.created_at
    ends = [each.finished_at for each in run.steps if each.finished_at]
    now = visit.ws.clock.now()
    end = run.finished_at or (max(ends, default=start) if run.state in {"failed", "cancelled"} else now)
    whole = (end - start).total_seconds()
    return visit.render(
        "pipeline_run.html",
        run=run,
        version=version,
        environments=_environments(version),
        rows=list(_rows(visit, run, unfolded, (start, end))),
        unfolded=unfolded,
        questions=list_approvals(visit.ws, run=run.id).items,
        whole=whole,
        took=took,
        chain=why.show(visit.ws, ref=f"event/{run.event}").chain if run.event else [],
        reasons=reasons,
        live="pipeline_run. step_run." if _moving(run) else "",
    )


def _rows(
    visit: Visit, run: PipelineRun, unfolded: str, times: tuple[datetime, datetime]
) -> Iterator[StepRow]:
    """Yield a row for each step; of a mapped step's calls those that failed or run, unless it is unfolded."""
    calls: dict[str, list[StepRun]] = {}
    for step in run.steps:
        if step.parent:
            calls.setdefault(step.parent, []).append(step)
    for step in run.steps:
        if step.parent:
            continue
        mine = calls.get(step.step, [])
        telling = [call for call in mine if call.state in _TELLING]
        shown = mine[:MOST_CALLS] if step.step == unfolded else telling[:FEW_CALLS]
        done = sum(call.state in {StepState.SUCCEEDED, StepState.CACHED} for call in mine)
        row = _row(visit, step, *times)
        yield msgspec.structs.replace(row, done=done, hidden=len(mine) - len(shown))
        for call in shown:
            yield _row(visit, call, *times)


def _row(visit: Visit, step: StepRun, start: datetime, end: datetime) -> StepRow:
    span, whole = None, (end - start).total_seconds()
    told, log = [step.reason] if step.reason else [], ""
    if step.started_at and step.state is not StepState.ASKING:
        last = step.finished_at or end
        span = ((step.started_at - start).total_seconds(), (last - start).total_seconds())
        told += explain.explain(visit.ws, ref=step.id).reasons
    if step.log or step.state is StepState.RUNNING:
        log = "\n".join(line.text for line in read_log(visit.ws, ref=step.id, tail=LOG_LINES).lines)
    label = visit.text("When step {step} ran", step=step.step)
    return StepRow(step=step, lane=lane(span, whole, step.state, label), reasons=told, log=log)


def _moving(run: PipelineRun) -> bool:
    return run.state not in FINAL


def _environments(version: PipelineVersion) -> list[tuple[str, str]]:
    found = {(code.environment.python, _lock(code.environment.lock)) for code in version.codes.values()}
    return sorted(found)


def _lock(text: str) -> str:
    name, _, digest = text.partition(" ")
    return f"{name} {digest[:12]}".strip()
