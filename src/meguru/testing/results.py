"""What a test sees of a run of a pipeline."""

from __future__ import annotations

import sys
import tempfile
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import GenericAlias, ModuleType
from typing import Any

from meguru.compute import materializers, snapshot
from meguru.compute.graph import FromStep, Step
from meguru.compute.matching import output_types
from meguru.compute.materializers import ValueStore
from meguru.errors import NotFound, StepFailed
from meguru.kernel.workspace import Workspace
from meguru.pipelines.explain import explain
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.types import PipelineRun, PipelineVersion, StepRun, StepState
from meguru.tracking import show as tracking


class Result:
    """A run of a pipeline, ended or waiting for people, as a test asks about it.

    Attributes
    ----------
    run
        The run, with its steps.
    version
        The pipeline as it was registered for it.
    """

    def __init__(self, ws: Workspace, run: PipelineRun, version: PipelineVersion, modules: Modules) -> None:
        self._ws, self._modules = ws, modules
        self.run, self.version = run, version

    @property
    def state(self) -> str:
        """How it ended: ``succeeded``, ``failed`` or ``cancelled``; ``waiting`` if it asks somebody."""
        return self.run.state.value

    @property
    def ran(self) -> frozenset[str]:
        """The steps that were run, to a good end or not."""
        return self._steps(StepState.SUCCEEDED, StepState.FAILED)

    @property
    def cached(self) -> frozenset[str]:
        """The steps whose output of an earlier run still held."""
        return self._steps(StepState.CACHED)

    @property
    def skipped(self) -> frozenset[str]:
        """The steps that a gate or a failure left out."""
        return self._steps(StepState.SKIPPED)

    @property
    def failed(self) -> frozenset[str]:
        """The steps that failed."""
        return self._steps(StepState.FAILED)

    @property
    def asking(self) -> frozenset[str]:
        """The steps that wait for a person's answer."""
        return self._steps(StepState.ASKING)

    @property
    def output(self) -> Any:
        """What the pipeline returned.

        Raises
        ------
        StepFailed
            If the run did not succeed; it shows why, with the traceback and what the step printed.
        """
        if self.state != "succeeded":
            raise StepFailed(f"the run {self.state}, so it has no output", why=self._why_not())
        result = self.version.graph.result
        if not isinstance(result, FromStep):
            raise NotFound(f"pipeline {self.run.pipeline} returns no single step's output")
        made = self.output_of(result.step)
        return made if result.index is None else made[result.index]

    def output_of(self, step: str) -> Any:
        """Return what a step returned, run now or cached."""
        run = self._step(step)
        if not run.outputs:
            raise StepFailed(f"step {step} has no output: it is {run.state.value}", why=self._why_not())
        drawn = self._drawn(step)
        with tempfile.TemporaryDirectory(prefix="meguru-") as folder, self._modules.of(self.version):
            returned = _annotation(drawn.function)
            kinds = (output_types(returned) if drawn.many_outputs else None) or [returned] * len(run.outputs)
            if drawn.kind == "map" and step == drawn.key:
                kinds = [GenericAlias(list, kind) for kind in kinds]
            place = ValueStore(self._ws.blobs, Path(folder))
            made = [
                materializers.load(each, kind, place) for each, kind in zip(run.outputs, kinds, strict=True)
            ]
            return tuple(made) if drawn.many_outputs else made[0]

    def log(self, step: str) -> str:
        """Return what a step printed and logged, its newest attempt."""
        self._step(step)
        return "".join(f"{line.text}\n" for line in read_log(self._ws, ref=f"{self.run.id}.{step}").lines)

    def why(self, step: str) -> list[str]:
        """Return the reasons why a step ran, or was cached."""
        return explain(self._ws, ref=self._step(step).id).reasons

    def logged(self, metric: str) -> list[tuple[int, float | None]]:
        """Return (step, value) of what `meguru.log` was called with."""
        if self.run.tracked is None:
            return []
        found = tracking.metric(self._ws, run=self.run.tracked, key=metric)
        return [(point.step, point.value) for point in found.items]

    def __repr__(self) -> str:
        names = ("ran", "cached", "skipped", "failed", "asking")
        told = [f"{name}={sorted(found)}" for name in names if (found := getattr(self, name))]
        text = f"<{self.run.pipeline} {self.state}: {', '.join(told) or 'no steps'}>"
        return f"{text}\n{self._why_not()}" if self.run.failed else text

    def _steps(self, *states: StepState) -> frozenset[str]:
        return frozenset(run.step for run in self.run.steps if run.state in states and not run.parent)

    def _step(self, name: str) -> StepRun:
        for run in self.run.steps:
            if run.step == name:
                return run
        raise NotFound.of("step", name, [step_run.step for step_run in self.run.steps])

    def _drawn(self, name: str) -> Step:
        steps = {step.key: step for step in self.version.graph.steps}
        return steps[self._step(name).parent or name]

    def _why_not(self) -> str:
        failed = self.run.failed
        if failed is None:
            return ""
        told = f"{failed.step}: {failed.type}: {failed.message}".removeprefix(": ")
        printed = self.log(failed.step) if failed.step else ""
        parts = [told, failed.traceback.rstrip(), f"it printed:\n{printed}" if printed else ""]
        return "\n".join(part for part in parts if part)[-3500:]


class Modules:
    """The modules of pipelines, as the test's process knows them: those that the test imported are used."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, ModuleType]] = {}

    @contextmanager
    def of(self, version: PipelineVersion) -> Iterator[None]:
        """Let a version's modules be imported in this block, each once; afterwards all is as before."""
        finder = snapshot.finder_of(Path(version.folder), version.sources)
        names = [name for name, file in finder.files.items() if not _is_from(name, file)]
        before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
        sys.modules.update(self._kept.get(version.snapshot, {}))
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            found = {name: sys.modules.pop(name) for name in names if name in sys.modules}
            self._kept.setdefault(version.snapshot, {}).update(found)
            sys.modules.update(before)


def _is_from(name: str, file: str) -> bool:
    return getattr(sys.modules.get(name), "__file__", None) == file


def _annotation(function: str) -> Any:
    module, _, name = function.partition(":")
    found = getattr(import_module(module), name)
    plain = getattr(found, "function", found)
    try:
        return typing.get_type_hints(plain).get("return", Any)
    except (NameError, TypeError):
        return Any
