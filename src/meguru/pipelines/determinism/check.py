"""Ask for a check, and read its results."""

from sqlalchemy import Connection

from meguru.base.ids import new_id
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events, jobs
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs, step_refs
from meguru.pipelines.determinism.types import (
    ASKED,
    CHECKED,
    KIND,
    DeterminismCheck,
    DeterminismVerdict,
    StepCheck,
)
from meguru.pipelines.types import PipelineRun, StepState

DONE = (StepState.SUCCEEDED, StepState.CACHED)


@operation("step_run.check", permission="pipeline:write", on="ref")
def check(ctx: Context, *, ref: str) -> DeterminismCheck:
    """Check whether a step is deterministic, RUN.STEP, or all finished steps of a run, RUN.

    A worker runs each step twice, with the code, the inputs and the seed that it had, and compares what they
    return with each other and with what was kept. No output is taken into a run or into the cache. A step
    that writes somewhere else does so again.

    Raises
    ------
    NotFound
        If there is no such run or step.
    Conflict
        If the step has not finished.
    """
    run_id, key = step_refs.split(ref)
    run = runs.get(ctx.tx, run_id)
    steps = _wanted(ctx.tx, run, key)
    check_id = new_id("check")
    asked = ctx.emit(
        ASKED, run.ref, data={"check": check_id, "run": run.id, "pipeline": run.pipeline, "steps": steps}
    )
    payload = {"check": check_id, "run": run.id, "steps": steps}
    job = jobs.enqueue(ctx, kind=KIND, key=check_id, payload=payload, cause=asked.id)
    return DeterminismCheck(id=check_id, run=run.id, job=job.id, steps=steps)


@operation("step_run.check_result", permission="pipeline:read", query=True)
def check_result(ctx: Context, *, job: str) -> DeterminismCheck:
    """Show what a check has found so far."""
    found = jobs.find(ctx.tx, job)
    if found.kind != KIND:
        raise InvalidInput(f"{job} is no check", field="job")
    try:
        ctx.check_readable("pipeline_run", found.payload["run"], "pipeline:read")
    except NotFound:
        raise NotFound.of("job", job) from None
    check_id, run, steps = found.payload["check"], found.payload["run"], found.payload["steps"]
    results = results_of(ctx.tx, run, check_id, steps)
    return DeterminismCheck(
        id=check_id,
        run=run,
        job=job,
        steps=steps,
        done=len(results) == len(steps),
        results=list(results.values()),
    )


def results_of(tx: Connection, run: str, check_id: str, steps: list[str]) -> dict[str, StepCheck]:
    """Return the results of a check that are there, by step."""
    checks: dict[str, StepCheck] = {}
    for step in steps:
        for event in events.read(
            tx, subject=f"step_run/{run}.{step}", types=[CHECKED], limit=100, newest_first=True
        ):
            if event.data["check"] == check_id:
                checks[step] = read(event)
                break
    return checks


def latest(tx: Connection, *step_runs: str) -> StepCheck | None:
    """Return the newest result about any of some step runs."""
    told = [
        one for ref in step_runs if (one := events.latest(tx, subject=f"step_run/{ref}", types=[CHECKED]))
    ]
    return read(max(told, key=lambda one: one.seq)) if told else None


def read(told: events.Event) -> StepCheck:
    """Read a result from its event."""
    data = told.data
    return StepCheck(
        step=data["step"],
        verdict=DeterminismVerdict(data["verdict"]),
        declared=data["declared"],
        seed=data["seed"],
        differences=data["differences"],
        at=told.at,
    )


def _wanted(tx: Connection, run: PipelineRun, key: str) -> list[str]:
    begun = runs.steps(tx, run.id)
    if not key:
        found = [step for step, one in begun.items() if one.state in DONE and not one.parent]
        if not found:
            raise Conflict(f"no step of {run.id} has finished", where=run.ref)
        return found
    if key not in begun:
        raise NotFound.of("step that has begun", key, begun)
    if begun[key].state not in DONE:
        raise Conflict(
            f"step {key} of {run.id} is {begun[key].state}",
            where=run.ref,
            hint="a step can be checked when it has finished",
        )
    return [key]
