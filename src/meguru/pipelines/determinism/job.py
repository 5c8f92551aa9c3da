"""The job handler of checks: runs steps twice, outside of any run."""

from __future__ import annotations

import queue
import shutil
import time
from typing import Any

from meguru.artifacts import trees
from meguru.base import digests
from meguru.base.ids import new_id
from meguru.base.names import quoted
from meguru.compute import executors
from meguru.compute.executors.base import Ended
from meguru.compute.graph import Step
from meguru.compute.materializers.base import Value, ValueStore
from meguru.errors import Busy, Interrupted, LostLease, MeguruError
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.pipelines import keys, runs, store
from meguru.pipelines.determinism.check import results_of
from meguru.pipelines.determinism.compare import differences
from meguru.pipelines.determinism.types import CHECKED, DeterminismVerdict, StepCheck
from meguru.pipelines.engine import maps
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.step_job import job_of, preload_of
from meguru.pipelines.step_kind import STEP_RUN
from meguru.pipelines.types import PipelineRun, PipelineVersion, StepRun

_LOOK_SECONDS = 1.0
_TELL = InternalOperation(STEP_RUN, "tell_check", evented=True)


class RerunFailed(Exception):
    """A step that was run again failed."""


class CheckHandler:
    """Does checks; a result that is there is not made again."""

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Check the steps that have no result yet."""
        with ws.read() as tx:
            run = runs.get(tx, job.payload["run"])
            done = results_of(tx, run.id, job.payload["check"], job.payload["steps"])
            begun = runs.steps(tx, run.id)
            version = store.get(tx, run.pipeline, run.version)
        bench = _Bench(ws, lease, run, version, begun)
        try:
            for key in job.payload["steps"]:
                if key not in done:
                    check = bench.check(key)
                    _commit(ws, job, run, check, lease)
        finally:
            shutil.rmtree(bench.folder, ignore_errors=True)

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Say of the steps without a result that they have none."""
        with ws.read() as tx:
            run = runs.get(tx, job.payload["run"])
            done = results_of(tx, run.id, job.payload["check"], job.payload["steps"])
        for key in job.payload["steps"]:
            if key not in done:
                _commit(
                    ws,
                    job,
                    run,
                    StepCheck(step=key, verdict=DeterminismVerdict.FAILED, differences=[why]),
                    None,
                )


class _Bench:
    """Runs the steps of one run again, without a trace in it."""

    def __init__(
        self,
        ws: Workspace,
        lease: Lease,
        run: PipelineRun,
        version: PipelineVersion,
        begun: dict[str, StepRun],
    ) -> None:
        self.ws, self.lease, self.run, self.version, self.begun = ws, lease, run, version, begun
        self.graph = {step.key: step for step in version.graph.steps}
        self.folder = ws.cache_folder("steps") / new_id("check")
        # What the run's steps returned then: each is checked by itself, whatever others return today.
        self.outputs = Outputs(ws.blobs)
        for key, one in begun.items():
            self.outputs[key] = one.outputs

    def check(self, key: str) -> StepCheck:
        """Run a step twice and compare."""
        parent = self.begun[key].parent
        step = self.graph[parent or key]
        seed = keys.seed_of(self.begun[key].key) if self.begun[key].key else 0
        step_check = StepCheck(
            step=key, verdict=DeterminismVerdict.EQUAL, declared=step.deterministic, seed=seed
        )
        if step.kind == "approval":
            return _with(step_check, DeterminismVerdict.SKIPPED, ["people answered it"])
        try:
            calls = self._calls(step, key if parent else "")
            said: list[str] = []
            changed: list[str] = []
            for call in calls:
                first, second = self._twice(call)
                mark = f"{call.key}: " if len(calls) > 1 else ""
                place = ValueStore(self.ws.blobs, self.folder)
                said += [mark + text for text in differences(first, second, place)]
                kept = self.begun[call.key].outputs if call.key in self.begun else first
                changed += [mark + text for text in differences(kept, first, place)]
        except (LostLease, Interrupted, Busy):
            raise
        except (RerunFailed, MeguruError) as error:
            return _with(step_check, DeterminismVerdict.FAILED, [str(error)])
        if said:
            return _with(step_check, DeterminismVerdict.DIFFERS, said)
        return _with(step_check, DeterminismVerdict.CHANGED, changed) if changed else step_check

    def _calls(self, step: Step, only: str) -> list[Step]:
        if step.kind != "map":
            return [step]
        return [call for call in maps.calls_of(step, self.run.params, self.outputs) if only in {"", call.key}]

    def _twice(self, step: Step) -> tuple[list[Value], list[Value]]:
        return self._once(step, "first"), self._once(step, "second")

    def _once(self, step: Step, turn: str) -> list[Value]:
        scratch = self.folder / f"{quoted(step.key)[:100]}-{digests.of_value(step.key)[:8]}-{turn}"
        scratch.mkdir(parents=True)
        sources = trees.fetch(
            self.ws.blobs, self.version.snapshot, self.ws.cache_folder("sources") / self.version.snapshot
        )
        graph = self.graph | {step.key: step}
        job = job_of(
            graph,
            step.key,
            self.run,
            self.version,
            self.outputs,
            self.ws,
            sources,
            scratch,
            self._key_of(step),
        )
        executor, name = executors.of(step.isolation), new_id("proc")
        ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        executor.start(name, job, log=scratch / "log.txt", preload=preload_of(self.version), done=ended.put)
        try:
            outcome = self._wait(ended, step.timeout).outcome
        except BaseException:
            executor.kill(name)
            raise
        if outcome.failure is not None:
            message = f"the {turn} time it failed: {outcome.failure.type}: {outcome.failure.message}"
            raise RerunFailed(message)
        return outcome.outputs

    def _key_of(self, step: Step) -> str:
        run = self.begun.get(step.key)
        if run is not None and run.key:
            return run.key
        code = self.version.codes.get(step.key.partition(".")[0])
        return keys.key_of(step, keys.parts_of(step, code, self.run, self.outputs))

    def _wait(self, ended: queue.SimpleQueue[Ended], timeout: float | None) -> Ended:
        limit = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return ended.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self.lease.poll()
                if limit is not None and time.monotonic() > limit:
                    raise RerunFailed(f"it ran longer than its limit of {timeout:g} s") from None


def _with(made: StepCheck, verdict: DeterminismVerdict, said: list[str]) -> StepCheck:
    return StepCheck(
        step=made.step, verdict=verdict, declared=made.declared, seed=made.seed, differences=said
    )


def _commit(ws: Workspace, job: Job, run: PipelineRun, found: StepCheck, lease: Lease | None) -> None:
    def tell(ctx: Context) -> None:
        data: dict[str, Any] = {
            "check": job.payload["check"],
            "run": run.id,
            "pipeline": run.pipeline,
            "step": found.step,
            "verdict": found.verdict.value,
            "declared": found.declared,
            "seed": found.seed,
            "differences": found.differences,
        }
        ctx.emit(CHECKED, f"step_run/{run.id}.{found.step}", data=data, used=[run.ref])

    acting = ws.with_(principal=system(run.created_by))
    if lease is None:  # nobody has the job any more
        _TELL.commit(acting, tell)
    else:
        lease.commit(acting, _TELL, tell)


HANDLER = CheckHandler()
