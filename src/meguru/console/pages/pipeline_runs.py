"""Pipeline runs: a window of them, and one with its steps, times, cache reasons, log and cause."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from meguru.artifacts import why
from meguru.console.charts.gantt import WorkTime, lane, work_time
from meguru.console.page_request import PageFunction, Visit
from meguru.console.pages.pipelines import environments
from meguru.console.pages.runs import took
from meguru.console.reasons import reasons
from meguru.errors import InvalidInput
from meguru.pipelines import explain, show
from meguru.pipelines.approvals.decide import list_approvals
from meguru.pipelines.types import FINAL, PipelineRun, PipelineRunState, StepRun, StepState

WINDOW = 100
FEW_CALLS, MAX_CALLS = 10, 200
_TELLING = {StepState.FAILED, StepState.RUNNING}


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step as its page shows it."""

    step: StepRun
    lane: Markup
    reasons: list[str]
    done: int = 0
    hidden: int = 0


def listing(visit: Visit) -> Response:
    """Show a window of the runs, newest first."""
    pipeline, wanted, before = visit.asked("pipeline"), visit.asked("state"), visit.asked("before")
    if wanted and wanted not in set(PipelineRunState):
        raise InvalidInput(f"no run is {wanted[:40]!r}", field="state", hint=", ".join(PipelineRunState))
    state = PipelineRunState(wanted) if wanted else None
    found = show.list_runs(visit.ws, pipeline=pipeline, state=state, cursor=before, limit=WINDOW)
    return visit.render(
        "pipeline_runs.html",
        runs=found.items,
        older=found.next_cursor or "",
        before=before,
        pipeline=pipeline,
        wanted=wanted,
        states=list(PipelineRunState),
        pipelines=show.list_pipelines(visit.ws, limit=WINDOW).items,
        took=took,
        live="pipeline_run. step_run. pipeline.",
    )


def one(visit: Visit) -> Response:
    """Show one run."""
    run = show.show_run(visit.ws, ref=visit.named("id"))
    version = show.show_pipeline(visit.ws, ref=f"pipeline/{run.pipeline}@{run.version}")
    lines = _lines(run, visit.asked("calls"), visit.asked("step"))
    span = _span(run, visit.ws.clock.now())
    took_whole = (span[1] - span[0]).total_seconds()
    time = work_time((known for step in run.steps if (known := _at_work(step, span))), took_whole)
    return visit.render(
        "pipeline_run.html",
        run=run,
        version=version,
        environments=environments(version),
        rows=_rows(visit, run, lines, span, time),
        unfolded=visit.asked("calls"),
        questions=list_approvals(visit.ws, run=run.id).items,
        whole=time.whole,
        idle=bool(time.breaks),
        took=took,
        chain=why.show(visit.ws, ref=f"event/{run.event}").chain if run.event else [],
        reasons=reasons,
        live="pipeline_run. step_run." if run.state not in FINAL else "",
    )


def _span(run: PipelineRun, now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when the drawing of the steps goes."""
    start = run.started_at or run.created_at
    ends = [step.finished_at for step in run.steps if step.finished_at]
    over = run.state in {"failed", "cancelled"}
    return start, run.finished_at or (max(ends, default=start) if over else now)


class StepLine(NamedTuple):
    """A step that is shown; of a mapped one how many calls are done, and how many are not shown."""

    step: StepRun
    done: int = 0
    hidden: int = 0


def _lines(run: PipelineRun, unfolded: str, asked: str) -> list[StepLine]:
    """Choose what is shown: each step; of a mapped one's calls those that failed or run, or are asked for."""
    calls: dict[str, list[StepRun]] = {}
    for step in run.steps:
        if step.parent:
            calls.setdefault(step.parent, []).append(step)
    found = []
    for step in (step_run for step_run in run.steps if not step_run.parent):
        mine = calls.get(step.step, [])
        telling = [call for call in mine if call.state in _TELLING][:FEW_CALLS]
        shown = mine[:MAX_CALLS] if step.step == unfolded else telling
        shown += [call for call in mine if call.step == asked and call not in shown]
        done = sum(call.state in {StepState.SUCCEEDED, StepState.CACHED} for call in mine)
        found += [StepLine(step, done, len(mine) - len(shown)), *(StepLine(call) for call in shown)]
    return found


def _rows(
    visit: Visit, run: PipelineRun, lines: list[StepLine], span: tuple[datetime, datetime], time: WorkTime
) -> list[StepRow]:
    begun = [line.step for line in lines if line.step.started_at and line.step.state is not StepState.ASKING]
    told = explain.explain_run(visit.ws, ref=run.id, steps=[step.step for step in begun])
    why_each = {step_reasons.step: step_reasons.reasons for step_reasons in told}
    rows = []
    for step, done, hidden in lines:
        known = [step.reason] if step.reason else []
        rows.append(
            StepRow(
                step=step,
                lane=_lane(visit, step, span, time),
                reasons=known + why_each.get(step.step, []),
                done=done,
                hidden=hidden,
            )
        )
    return rows


def _lane(visit: Visit, step: StepRun, span: tuple[datetime, datetime], time: WorkTime) -> Markup:
    at_work = _at_work(step, span)
    mine = (time(at_work[0]), time(at_work[1])) if at_work else None
    return lane(mine, time.whole, step.state, visit.text("When step {step} ran", step=step.step))


def _at_work(step: StepRun, span: tuple[datetime, datetime]) -> tuple[float, float] | None:
    """Return from and to how many seconds after the run began a step was at work; None if it never was."""
    if step.started_at is None or step.state is StepState.ASKING:
        return None
    start, end = span
    return (step.started_at - start).total_seconds(), ((step.finished_at or end) - start).total_seconds()


PAGES: dict[str, PageFunction] = {
    "/ui/pipelines/runs": listing,
    "/ui/pipelines/runs/{id}": one,
}
