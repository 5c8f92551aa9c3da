"""What changed since the last commit, and the commit: step runs with their events, under the lease."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from meguru.base import digests, refs
from meguru.errors import LostLease
from meguru.kernel.jobs import Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.pipelines import runs, transitions
from meguru.pipelines.kind import PIPELINE_RUN
from meguru.pipelines.logs.tail import StepLogs
from meguru.pipelines.types import PipelineRun, PipelineRunState, StepRun
from meguru.storage.blobs import pending

StepProgress = Callable[[StepRun], None]
EventDraft = tuple[str, str, dict[str, Any]]
_ADVANCE = InternalOperation(PIPELINE_RUN, "advance")


class RunRecord:
    """The step runs of one run, those of them that are not written yet, and what is to be told of them."""

    def __init__(
        self,
        ws: Workspace,
        run: PipelineRun,
        steps: dict[str, StepRun],
        lease: Lease,
        progress: StepProgress | None,
        logs: StepLogs,
    ) -> None:
        self.ws, self.run, self.steps, self.lease, self.progress = ws, run, steps, lease, progress
        self.logs = logs
        self._stored = {step_run.id for step_run in steps.values()}
        self._dirty: dict[str, StepRun] = {}
        self._events: list[EventDraft] = []
        self._reused: dict[str, str] = {}
        self._also: list[Callable[[Context], None]] = []

    def change(self, one: StepRun, **values: Any) -> StepRun:
        """Note a new state of a step."""
        changed = msgspec.structs.replace(one, **values)
        self.steps[one.step] = self._dirty[one.step] = changed
        return changed

    def add_event(self, kind: str, key: str, data: dict[str, Any]) -> None:
        """Note an event about a step."""
        self._events.append((kind, key, data))

    def note_cached(self, key: str, source: str) -> None:
        """Note that a step took over the output of another step run."""
        self._reused[key] = source

    def on_commit(self, write: Callable[[Context], None]) -> None:
        """Let `write` take part in the next commit."""
        self._also.append(write)

    def persist_blobs(self, blobs: dict[str, bytes]) -> None:
        """Let small blobs that steps put become durable with the next commit."""

        def write(ctx: Context) -> None:
            for digest, data in blobs.items():
                # They come from the user's own code: a wrong one would stand in the way of all others who put
                # the bytes of this digest.
                if digests.of_bytes(data) == digest:
                    pending.record(ctx.tx, ctx.blobs, digest, data)

        if blobs:
            self.on_commit(write)

    def save(self) -> None:
        """Commit what changed, with its events, unless the run is no longer ours."""
        if not self._dirty and not self._also and self.run.state is PipelineRunState.RUNNING:
            return
        self.commit(self._write)
        self.logs.wrote()
        self.run = msgspec.structs.replace(self.run, state=PipelineRunState.RUNNING)
        # Forgotten only after the commit: if that failed, the next one writes all of it.
        changed = list(self._dirty.values())
        self._stored |= {step_run.id for step_run in changed}
        self._dirty, self._events, self._reused, self._also = {}, [], {}, []
        if self.progress is not None:
            for run in changed:
                self.progress(run)

    def commit(self, work: Callable[[Context], None]) -> None:
        """Do some work in one transaction; LostLease if the run is no longer ours."""
        self.lease.commit(self.ws, _ADVANCE, work)

    def _write(self, ctx: Context) -> None:
        if self.run.state is not PipelineRunState.RUNNING:
            started = {} if self.run.started_at else {"started_at": ctx.now()}
            if not runs.change(ctx.tx, self.run.id, state=PipelineRunState.RUNNING, **started):
                raise LostLease(f"run {self.run.id} has ended")
        runs.put_steps(ctx.tx, list(self._dirty.values()), self._stored)
        self.logs.write(ctx)
        for write in self._also:
            write(ctx)
        project = refs.project_of(self.run.pipeline)
        if self._reused:
            ctx.emit(**transitions.steps_cached(self.run, self._reused))
        for kind, key, data in self._events:
            ctx.emit(
                kind,
                f"step_run/{self.run.id}.{key}",
                data={"run": self.run.id, "step": key, "pipeline": self.run.pipeline, **data},
                project=project,
            )
