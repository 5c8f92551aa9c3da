"""How a run and its steps begin, take over outputs and succeed, and the events that tell of it.

Pure decisions, the same for the engine and for a run whose steps are all cached; nobody writes here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.compute.graph import FromStep, Graph, Step
from meguru.compute.materializers.base import Value
from meguru.compute.reads.current import holds
from meguru.pipelines import keys
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.types import Pinned, PipelineRun, PipelineRunState, StepCode, StepRun, StepState

if TYPE_CHECKING:
    from meguru.storage.blobs import BlobStore


class RunEvent(TypedDict):
    """An event of a run, as those who append it take it."""

    type: str
    subject: str
    data: dict[str, Any]
    used: list[str]
    produced: list[str]
    project: str


def new_run(
    pipeline: str,
    version: int,
    values: dict[str, Any],
    pinned: dict[str, Pinned],
    *,
    at: datetime,
    by: str,
    **more: Any,
) -> PipelineRun:
    """Return a run that is queued, without job and event; `more` are other fields of it."""
    run_id = new_id("prun")
    return PipelineRun(
        ref=refs.make("pipeline_run", run_id),
        id=run_id,
        pipeline=pipeline,
        version=version,
        state=PipelineRunState.QUEUED,
        params=values,
        pinned=pinned,
        job="",
        event="",
        created_at=at,
        created_by=by,
        **more,
    )


def new_step(
    run: PipelineRun, step: Step, code: StepCode | None, outputs: Outputs, state: StepState, parent: str = ""
) -> StepRun:
    """Return a step of a run with its cache key: all that it needs must be among the outputs."""
    parts = keys.parts_of(step, code, run, outputs)
    return StepRun(
        id=f"{run.id}.{step.key}",
        run=run.id,
        pipeline=run.pipeline,
        step=step.key,
        state=state,
        parent=parent,
        key=keys.key_of(step, parts),
        parts=parts,
    )


def usable(candidates: Iterable[StepRun], blobs: BlobStore, names: Collection[str]) -> StepRun | None:
    """Return the first step run whose outputs are there, and whose files are what they were.

    `names` are the texts that the step is given, as in `holds`.
    """
    return next(
        (
            candidate
            for candidate in candidates
            if all(blobs.has(value.digest) for value in candidate.outputs) and holds(candidate.files, names)
        ),
        None,
    )


def taken_over(computed: StepRun, at: datetime) -> dict[str, Any]:
    """Return what changes of a step run when it takes over what another one computed."""
    return {
        "state": StepState.CACHED,
        "outputs": computed.outputs,
        "items": computed.items,
        "files": computed.files,
        "reused": computed.id,
        "started_at": at,
        "finished_at": at,
    }


def result_of(graph: Graph, steps: Mapping[str, StepRun]) -> Value | None:
    """Return the value that the pipeline returned, if it is one step's single output."""
    return _value(graph.result, steps) if isinstance(graph.result, FromStep) else None


def products_of(graph: Graph, steps: Mapping[str, StepRun]) -> Iterator[tuple[str, Value | None]]:
    """Yield name and value of what is to be registered; of what a gate has skipped, nothing.

    The value is None where a step returned several and no single one is meant.
    """
    wanted = [(product.name, product.result) for product in graph.also]
    if graph.produces and isinstance(graph.result, FromStep):
        wanted.append((graph.produces, graph.result))
    for name, source in wanted:
        if steps[source.step].state is not StepState.SKIPPED:
            yield name, _value(source, steps)


def _value(source: FromStep, steps: Mapping[str, StepRun]) -> Value | None:
    outputs = steps[source.step].outputs
    if source.index is not None:
        return outputs[source.index] if source.index < len(outputs) else None
    return outputs[0] if len(outputs) == 1 else None


def metrics_of(result: Value | None) -> dict[str, float]:
    """Return the metrics of what a pipeline returned: those of a model."""
    return dict(result.info.get("metrics", {})) if result else {}


def started(run: PipelineRun) -> RunEvent:
    """Return the event of a new run; what its pins stand for is told as used, one by one."""
    data = _about(run) | {name: getattr(run, name) for name in ("origin", "partition") if getattr(run, name)}
    if run.retry_of:
        data |= {"retry_of": run.retry_of, "again": run.rerun_steps}
    pins = [ref for pin in run.pinned.values() for ref in pin.uses or [pin.ref]]
    return _event("pipeline_run.started", run, data, pins)


def succeeded(run: PipelineRun, graph: Graph, result: Value | None, counts: Mapping[str, int]) -> RunEvent:
    """Return the event of a run that ended well; `counts` says how many steps ran, were cached or skipped."""
    data = _about(run) | {
        **counts,
        "metrics": metrics_of(result),
        "produces": graph.produces,
        "output": result.digest if result else None,
    }
    return _event("pipeline_run.succeeded", run, data, [pin.ref for pin in run.pinned.values()])


def steps_cached(run: PipelineRun, reused: Mapping[str, str]) -> RunEvent:
    """Return the one event of all steps that took over outputs at once: the step runs, by step."""
    # One for all of them: a cached run should cost next to nothing.
    return RunEvent(
        type="step_run.cached",
        subject=run.ref,
        data={"run": run.id, "pipeline": run.pipeline, "steps": dict(reused)},
        used=[],
        produced=[],
        project=refs.project_of(run.pipeline),
    )


def _event(type: str, run: PipelineRun, data: dict[str, Any], pins: list[str]) -> RunEvent:
    version = refs.make("pipeline", run.pipeline, run.version)
    return RunEvent(
        type=type,
        subject=run.ref,
        data=data,
        used=list(dict.fromkeys([version, *pins])),
        produced=[run.ref],
        project=refs.project_of(run.pipeline),
    )


def _about(run: PipelineRun) -> dict[str, Any]:
    return {"pipeline": run.pipeline, "version": run.version, "params": run.params}
