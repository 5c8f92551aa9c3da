"""What the steps of a run print, as they print it."""

from __future__ import annotations

from starlette.responses import Response

from meguru.console.visit import Visit
from meguru.errors import NotFound
from meguru.pipelines import show
from meguru.pipelines.logs.read import ALL, read_log
from meguru.pipelines.types import StepState

LINES = 1000


def of_run(visit: Visit) -> Response:
    """Show the end of the logs of a run, or of one step, whose lines have some words."""
    run = show.show_run(visit.ws, ref=visit.named("id"))
    step, words = visit.asked("step"), visit.asked("words")
    begun = [one.step for one in run.steps if one.state not in {StepState.WAITING, StepState.SKIPPED}]
    if step and step not in {one.step for one in run.steps}:
        raise NotFound.of("step", step, begun)
    wanted = step if step in begun else ""
    page = None
    if wanted or not step:
        ref = f"{run.id}.{wanted}" if wanted else run.id
        page = read_log(visit.ws, ref=ref, grep=words, attempt=ALL, tail=LINES)
    return visit.render(
        "step_logs.html",
        run=run,
        step=step,
        steps=begun,
        words=words,
        lines=page.lines if page else [],
        dropped=page.dropped if page else 0,
        moving=page.live if page else not step,
        many=not step,
        most=LINES,
        live="pipeline_run. step_run.",
    )
