"""What the steps of a run print, as they print it: the page, the lines that came since, and all as a text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from starlette.responses import Response, StreamingResponse

from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import moment
from meguru.errors import NotFound
from meguru.kernel.workspace import Workspace
from meguru.pipelines import show
from meguru.pipelines.logs.read import ALL, read_log
from meguru.pipelines.logs.types import MAX_LINES, LogPage
from meguru.pipelines.types import FINAL, PipelineRun, StepState

LINES = 1000
OVERLAP = timedelta(seconds=3)
"""Lines of several steps are written a second late, each step's on its own: so much is looked at again."""
UNBEGUN = {StepState.WAITING, StepState.SKIPPED}
GOING_ON = {StepState.RUNNING, StepState.WAITING, StepState.ASKING}


def of_run(visit: Visit) -> Response:
    """Show the end of the logs of a run or of one step, whose lines have some words; or what was before."""
    run = show.show_run(visit.ws, ref=visit.named("id"))
    step = _step(visit, run)
    before = moment(visit, "before")
    # A live page is brought up to date but for its lines: those come by themselves.
    page = None if visit.fragment else _read(visit, run, step, before=before, tail=LINES)
    return visit.render(
        "step_logs.html",
        run=run,
        step=step,
        steps=[step_run.step for step_run in run.steps if step_run.state not in UNBEGUN],
        words=visit.asked("words"),
        page=page,
        before=before,
        is_moving=before is None and _is_moving(run, step),
        most=LINES,
        live="pipeline_run. step_run.",
    )


def lines(visit: Visit) -> Response:
    """Show the lines that came after a moment, without a page around them."""
    run = show.show_run(visit.ws, ref=visit.named("id"))
    step, after = _step(visit, run), moment(visit, "after")
    if after and not step:
        after -= OVERLAP
    return visit.render("log_lines.html", page=_read(visit, run, step, after=after, limit=LINES), step=step)


def text(visit: Visit) -> Response:
    """Give all that was printed as a text, step by step."""
    run = show.show_run(visit.ws, ref=visit.named("id"))
    step = _step(visit, run)
    mapped = {step_run.parent for step_run in run.steps}  # its calls are steps themselves
    wanted = [
        step_run.step
        for step_run in run.steps
        if step_run.state not in UNBEGUN
        and step_run.step not in mapped
        and step in {"", step_run.step, step_run.parent}
    ]
    headers = {
        "Content-Disposition": f'attachment; filename="{run.id}.log"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    # It is sent when the page's moment is over: each piece is read at its own.
    return StreamingResponse(_pieces(visit.origin, run.id, wanted), headers=headers, media_type="text/plain")


def _pieces(ws: Workspace, run: str, steps: list[str]) -> Iterator[str]:
    for step in steps:
        after: datetime | None = None
        while True:
            page = read_log(ws, ref=f"{run}.{step}", after=after, attempt=ALL, limit=MAX_LINES)
            yield "".join(f"{line.at.isoformat()} {line.step} {line.text}\n" for line in page.lines)
            if not page.more:
                break
            after = page.lines[-1].at


def _step(visit: Visit, run: PipelineRun) -> str:
    step = visit.asked("step")
    if step and step not in {step_run.step for step_run in run.steps}:
        raise NotFound.of("step", step, [step_run.step for step_run in run.steps])
    return step


def _is_moving(run: PipelineRun, step: str) -> bool:
    """Tell whether more lines may come."""
    if run.state in FINAL:
        return False
    return not step or any(step_run.state in GOING_ON for step_run in run.steps if step_run.step == step)


def _read(
    visit: Visit,
    run: PipelineRun,
    step: str,
    *,
    after: datetime | None = None,
    before: datetime | None = None,
    tail: int = 0,
    limit: int = LINES,
) -> LogPage:
    if step and any(step_run.step == step and step_run.state in UNBEGUN for step_run in run.steps):
        return LogPage(lines=[], live=True)
    return read_log(
        visit.ws,
        ref=f"{run.id}.{step}" if step else run.id,
        after=after,
        before=before,
        grep=visit.asked("words"),
        attempt=ALL,
        tail=tail,
        limit=limit,
    )


PAGES: dict[str, PageFunction] = {
    "/ui/pipelines/runs/{id}/log": of_run,
    "/ui/pipelines/runs/{id}/log.txt": text,
    "/ui/pipelines/runs/{id}/log/lines": lines,
}
