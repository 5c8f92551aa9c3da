"""The engine: brings one run to its end, step by step, each commit fenced by the job's lease.

What it promises: at least once for a step in flight, never a finished step twice. A step's output is in
the blob store before the transaction that marks the step done, and becomes visible by it.
"""

from __future__ import annotations

import queue
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.artifacts import trees
from meguru.base.ids import new_id
from meguru.errors import LostLease
from meguru.pipelines import executors, keys, runs, store
from meguru.pipelines.graph import needs, order
from meguru.pipelines.kept_metrics import Reader
from meguru.pipelines.launch import Active, job_of, preload_of
from meguru.pipelines.logs.tail import StepLogs, settle
from meguru.pipelines.materializers.base import Value
from meguru.pipelines.types import FINAL, Failed, RunState, StepRun, StepState
from meguru.runtime.jobs import Job, Lease
from meguru.runtime.operations import Context, Operation
from meguru.runtime.principals import system
from meguru.runtime.workspace import Workspace

PARALLEL = 2
_MAX_LOST = 3
_CHECK_SECONDS = 1.0

Progress = Callable[[StepRun], None]
EventDraft = tuple[str, str, dict[str, Any]]


class Engine:
    """One attempt at a run, in one thread; another process may have begun it and died."""

    def __init__(self, ws: Workspace, job: Job, lease: Lease, progress: Progress | None = None) -> None:
        self.lease, self.progress = lease, progress
        with ws.read() as tx:
            self.run = runs.get(tx, job.payload["run"])
            self.version = store.get(tx, self.run.pipeline, self.run.version)
            self.steps = runs.steps(tx, self.run.id)
        # What a run does is done by whoever started it, whichever worker carries it out.
        self.ws = ws.with_(principal=system(self.run.created_by))
        self.graph = {step.key: step for step in self.version.graph.steps}
        self.order = order(self.version.graph)
        self.outputs: dict[str, list[Value]] = {
            key: one.outputs for key, one in self.steps.items() if one.state in _DONE
        }
        self.active: dict[str, Active] = {}
        self.logs = StepLogs(ws, self.run.id)
        self.inbox: queue.SimpleQueue[tuple[str, executors.Ended]] = queue.SimpleQueue()
        self.metrics = Reader(self.ws, self.run.id, lease)
        self.failed: Failed | None = None
        self.lost = 0
        self._stored = {one.id for one in self.steps.values()}
        self._dirty: dict[str, StepRun] = {}
        self._events: list[EventDraft] = []
        self._reused: dict[str, str] = {}
        self._litter: list[Path] = []

    def go(self) -> None:
        """Run until the run has ended.

        Raises
        ------
        LostLease
            If the run was cancelled, or is another worker's now.
        Interrupted
            If this process drains; the run goes on later.
        """
        if self.run.state in FINAL:
            return
        if self.run.state is RunState.RUNNING:
            settle(self.ws, self.run.id)
        try:
            while True:
                self.lease.proceed()
                started = self._plan()
                self._save()
                for key in started:
                    self._launch(key)
                self._tidy()
                if not self.active:
                    break
                self._wait()
            self._finish()
        finally:
            for one in self.active.values():
                executors.of("process").kill(one.name)
            self.logs.end()
            shutil.rmtree(self.ws.cache_folder("steps") / self.run.id, ignore_errors=True)

    def _plan(self) -> list[str]:
        """Take over every kept output that still holds; return the steps to start now."""
        started: list[str] = []
        if self.failed is not None:
            return started
        with self.ws.read() as tx:
            again = True
            while again:
                again = False
                for key in self._ready(started):
                    if self._take_over(tx, key):
                        again = True
                    elif len(self.active) + len(started) < PARALLEL:
                        started.append(key)
        for key in started:
            was = self.steps[key]
            now = self.ws.clock.now()
            self._change(was, state=StepState.RUNNING, attempt=was.attempt + 1, started_at=now, failed=None)
        return started

    def _ready(self, started: list[str]) -> list[str]:
        return [
            key
            for key in self.order
            if key not in self.outputs
            and key not in self.active
            and key not in started
            and needs(self.graph[key]) <= self.outputs.keys()
        ]

    def _take_over(self, tx: Connection, key: str) -> bool:
        """Find out what a step depends on; use a kept output if there is one."""
        step = self.graph[key]
        one = self.steps.get(key)
        if one is None or not one.key:
            parts = keys.parts_of(step, self.version.codes[key], self.run, self.outputs)
            one = StepRun(
                id=f"{self.run.id}.{key}",
                run=self.run.id,
                pipeline=self.run.pipeline,
                step=key,
                state=StepState.WAITING,
                key=keys.key_of(step, parts),
                parts=parts,
            )
            self.steps[key] = one
        found = runs.kept(tx, one.key) if step.cache else None
        if found is None or not all(self.ws.blobs.has(value.digest) for value in found.outputs):
            return False
        now = self.ws.clock.now()
        self._change(
            one,
            state=StepState.CACHED,
            outputs=found.outputs,
            reused=found.id,
            started_at=now,
            finished_at=now,
        )
        self.outputs[key] = found.outputs
        self._reused[key] = found.id
        return True

    def _launch(self, key: str) -> None:
        one = self.steps[key]
        name = new_id("proc")
        scratch = self.ws.cache_folder("steps") / self.run.id / f"{key}-{one.attempt}-{name[-6:]}"
        scratch.mkdir(parents=True)
        folder = trees.fetch(
            self.ws.blobs, self.version.snapshot, self.ws.cache_folder("sources") / self.version.snapshot
        )
        limit = self.graph[key].timeout
        deadline = None if limit is None else time.monotonic() + limit
        self.active[key] = Active(name=name, scratch=scratch, log=scratch / "log.txt", deadline=deadline)
        self.logs.open(key, one.attempt, scratch / "log.txt")
        executors.of("process").start(
            name,
            job_of(
                self.graph,
                key,
                self.run,
                self.version,
                self.outputs,
                self.ws.blobs.url,
                folder,
                scratch,
                one.key,
            ),
            log=scratch / "log.txt",
            preload=preload_of(self.version),
            done=lambda ended: self.inbox.put((key, ended)),
        )

    def _wait(self) -> None:
        """Take in at least one step that ended."""
        while True:
            try:
                key, ended = self.inbox.get(timeout=self._patience())
            except queue.Empty:
                self._watch()
                continue
            self.logs.poll()
            self._take_in(key, ended)
            while not self.inbox.empty():
                self._take_in(*self.inbox.get())
            return

    def _patience(self) -> float:
        deadlines = [one.deadline for one in self.active.values() if one.deadline is not None]
        return max(0.01, min([_CHECK_SECONDS, *(deadline - time.monotonic() for deadline in deadlines)]))

    def _watch(self) -> None:
        self.lease.look()
        self.logs.poll()
        for key, one in self.active.items():
            self.metrics.take(key, self.steps[key].attempt, one.scratch)
            if one.deadline is not None and time.monotonic() > one.deadline and not one.timed_out:
                one.timed_out = True
                executors.of("process").kill(one.name)

    def _take_in(self, key: str, ended: executors.Ended) -> None:
        done = self.active.pop(key)
        log = self.logs.close(key)
        one = self.steps[key]
        self.metrics.take(key, one.attempt, done.scratch, ended=True)
        failure = ended.outcome.failure
        if failure is None:
            self.outputs[key] = ended.outcome.outputs
            now = self.ws.clock.now()
            one = self._change(
                one, state=StepState.SUCCEEDED, outputs=ended.outcome.outputs, log=log, finished_at=now
            )
            shown = [msgspec.to_builtins(value) for value in one.outputs]
            self._events.append(("step_run.succeeded", key, {"attempt": one.attempt, "outputs": shown}))
        elif ended.lost and self.lost < _MAX_LOST:
            self.lost += 1
            self._change(one, state=StepState.WAITING, log=log)
        else:
            message = failure.message
            if done.timed_out:
                message = f"it ran longer than its limit of {self.graph[key].timeout:g} s, and was ended"
            why = Failed(step=key, type=failure.type, message=message, traceback=failure.traceback)
            self._failed(one, why, log, again=not failure.explained)
        self._litter.append(done.scratch)

    def _failed(self, one: StepRun, why: Failed, log: str | None, *, again: bool) -> None:
        failures = one.failures + 1
        again = again and failures <= self.graph[one.step].retries
        state = StepState.WAITING if again else StepState.FAILED
        self._change(
            one, state=state, failures=failures, failed=why, log=log, finished_at=self.ws.clock.now()
        )
        data = {
            "attempt": one.attempt,
            "retried": again,
            "type": why.type,
            "message": why.message,
            "log": log,
        }
        self._events.append(("step_run.failed", one.step, data))
        if not again:
            self.failed = self.failed or why

    def _tidy(self) -> None:
        """Remove the files of ended steps, while the next ones run already."""
        while self._litter:
            shutil.rmtree(self._litter.pop(), ignore_errors=True)

    def _change(self, one: StepRun, **values: Any) -> StepRun:
        changed = msgspec.structs.replace(one, **values)
        self.steps[one.step] = self._dirty[one.step] = changed
        return changed

    def _save(self) -> None:
        """Commit what changed, with its events, unless the run is no longer ours."""
        if not self._dirty and self.run.state is RunState.RUNNING:
            return
        self._commit(self._write_steps)
        self.logs.wrote()
        self.run = msgspec.structs.replace(self.run, state=RunState.RUNNING)
        changed = list(self._dirty.values())
        self._stored |= {one.id for one in changed}
        self._dirty, self._events, self._reused = {}, [], {}
        if self.progress is not None:
            for one in changed:
                self.progress(one)

    def _write_steps(self, ctx: Context) -> None:
        if self.run.state is RunState.QUEUED:
            runs.change(ctx.tx, self.run.id, state=RunState.RUNNING, started_at=ctx.now())
        runs.put_steps(ctx.tx, list(self._dirty.values()), self._stored)
        self.logs.write(ctx)
        if self._reused:
            # One event for all that were taken over at once: a cached run should cost next to nothing.
            data = {"run": self.run.id, "pipeline": self.run.pipeline, "steps": self._reused}
            ctx.emit("step_run.cached", self.run.ref, data=data)
        for kind, key, data in self._events:
            ctx.emit(
                kind,
                f"step_run/{self.run.id}.{key}",
                data={"run": self.run.id, "step": key, "pipeline": self.run.pipeline, **data},
            )

    def _finish(self) -> None:
        from meguru.pipelines.finish import fail, succeed

        if self.failed is not None:
            why = self.failed
            self._commit(lambda ctx: fail(ctx, self.run, why))
            return
        try:
            self._commit(lambda ctx: succeed(ctx, self.run, self.version, self.steps))
        except LostLease:
            raise
        except Exception as error:  # noqa: BLE001 - the run must end, whatever its product's home thinks of it
            why = Failed(
                step="", type=type(error).__name__, message=f"its output could not be registered: {error}"
            )
            self._commit(lambda ctx: fail(ctx, self.run, why))

    def _commit(self, work: Callable[[Context], None]) -> None:
        def advance(ctx: Context) -> None:
            self.lease.check(ctx.tx)
            work(ctx)

        private: Operation[[], None] = Operation(
            advance, "pipeline_run.advance", "pipeline:write", query=False, evented=False
        )
        private(self.ws)


_DONE = (StepState.SUCCEEDED, StepState.CACHED)
