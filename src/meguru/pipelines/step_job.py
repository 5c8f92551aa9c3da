"""From a step of the graph to the job of its process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meguru.base import refs
from meguru.compute.executors.work import (
    Argument,
    DatasetArgument,
    FeaturesArgument,
    ListArgument,
    PlainArgument,
    StepArgument,
    StepJob,
)
from meguru.compute.graph import Constant, FromParameter, FromStep, Input, Resources, Step
from meguru.kernel.workspace import Workspace
from meguru.pipelines import keys, lockfiles
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.parameters import PINNED
from meguru.pipelines.types import PipelineRun, PipelineVersion

PRELOADABLE = ("numpy", "polars", "pandas", "scipy", "sklearn", "skops", "pyarrow", "meguru")
"""Libraries whose import leaves nothing that a fork could break."""


@dataclass
class Active:
    """A step's process that has not ended."""

    name: str
    isolation: str
    scratch: Path
    log: Path
    deadline: float | None
    timed_out: bool = False


def job_of(
    graph: Mapping[str, Step],
    key: str,
    run: PipelineRun,
    version: PipelineVersion,
    outputs: Outputs,
    ws: Workspace,
    folder: Path,
    scratch: Path,
    cache_key: str,
    devices: Sequence[int] = (),
    *,
    soon: bool = False,
) -> StepJob:
    """Return everything that a step's process needs; its seed follows from its cache key.

    With `soon`, whoever takes in the outcome makes its small outputs durable.
    """
    step = graph[key]
    needed = step.resources or Resources()
    env_name, env = lockfiles.split(step.env)
    return StepJob(
        function=step.function,
        arguments={name: _argument(given, graph, run, outputs, ws) for name, given in step.inputs.items()},
        many_outputs=step.many_outputs,
        split=step.split,
        folder=str(folder),
        sources=version.sources,
        blobs=ws.blobs.url,
        scratch=str(scratch),
        seed=keys.seed_of(cache_key),
        snapshot=version.snapshot,
        cpu=needed.cpu if step.resources else 0.0,
        memory=needed.memory or 0,
        gpu=needed.gpu,
        devices=list(devices),
        env=env,
        env_name=env_name,
        max_output=ws.settings.max_output,
        max_file=ws.settings.max_file,
        parent=run.ref,
        project=refs.project_of(run.pipeline),
        keep_most=0 if ws.settings.quarantine == "forbid" else ws.settings.quarantine_max,
        soon=soon,
    )


def preload_of(version: PipelineVersion) -> list[str]:
    """Return the modules that the steps' processes will need, to be imported once, before the fork."""
    # A pipeline's module imports `step` and `pipeline`: in the child of each step anew, unless they are here.
    found = ["meguru.pipelines.authoring", *version.imports]
    if any(parameter.type in PINNED for parameter in version.graph.parameters):
        found += ["polars", "meguru.datasets.reading"]
    if any("Model" in step.outputs for step in version.graph.steps):
        found += ["skops.io", "meguru.flavors.bundle", "meguru.flavors.sklearn", "meguru.flavors.skopsfile"]
    return [name for name in dict.fromkeys(found) if name.partition(".")[0] in PRELOADABLE]


def _argument(
    given: Input, graph: Mapping[str, Step], run: PipelineRun, outputs: Outputs, ws: Workspace
) -> Argument:
    if isinstance(given, Constant):
        return PlainArgument(value=given.value)
    if isinstance(given, FromParameter):
        pin = run.pinned.get(given.name)
        if pin is not None and pin.uses:
            folder = str(ws.cache_folder("features"))
            return FeaturesArgument(ref=pin.ref, digest=pin.digest, folder=folder)
        if pin is not None:
            return DatasetArgument(ref=pin.ref, digest=pin.digest)
        return PlainArgument(value=run.params[given.name])
    if isinstance(given, FromStep):
        source = graph[given.step]
        return StepArgument(
            values=outputs.of(given),
            function=source.function,
            index=given.index,
            many=source.many_outputs,
            mapped=source.kind == "map",
            item=given.item is not None,
        )
    return ListArgument(items=[_argument(item, graph, run, outputs, ws) for item in given.items])
