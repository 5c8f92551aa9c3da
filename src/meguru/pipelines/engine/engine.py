"""The loop: plan, commit, start, wait; until the run has ended or can only wait for people or time."""

from __future__ import annotations

import contextlib
import functools
import heapq
import queue
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from meguru.artifacts import trees
from meguru.base.ids import new_id
from meguru.base.names import quoted
from meguru.compute import executors
from meguru.compute.executors.work import Failure
from meguru.compute.materializers.unstorable import KeptObject
from meguru.compute.usage import StepUsage
from meguru.errors import InvalidInput, LostLease, is_our_fault
from meguru.kernel import jobs
from meguru.kernel.jobs import Job, Lease, Parked
from meguru.kernel.operations import Context
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.pipelines import lost_outputs, runs, store
from meguru.pipelines.engine.capacity import RunCapacity
from meguru.pipelines.engine.plan import RunPlan
from meguru.pipelines.engine.record import RunRecord, StepProgress
from meguru.pipelines.finish import fail, succeed
from meguru.pipelines.logs.tail import StepLogs, end_orphaned_logs
from meguru.pipelines.metrics_ingest import Reader
from meguru.pipelines.step_job import Active, job_of, preload_of
from meguru.pipelines.types import FINAL, Failed, PipelineRunState, StepRun, StepState

_LOOK_AHEAD = 20
"""Steps that are tried when the first ones that wait can't begin."""
_MAX_LOST = 3
"""How often a step is started again whose executor went away, without counting as one of its retries."""
_MAX_EVENT_FILES = 50
"""Files that the event of a step names; all are in its row."""
_CHECK_SECONDS = 1.0
_SHORT_SECONDS = 15.0
"""Waits up to this long are waited here; longer ones give the job back."""


class Engine:
    """One attempt at a run, in one thread; another process may have begun it and died."""

    def __init__(self, ws: Workspace, job: Job, lease: Lease, progress: StepProgress | None = None) -> None:
        self.job, self.lease = job, lease
        with ws.read() as tx:
            run = runs.get(tx, job.payload["run"])
            self.version = store.get(tx, run.pipeline, run.version)
            steps = runs.steps(tx, run.id)
        # What a run does is done by whoever started it, whichever worker carries it out: so says the log, and
        # so are the rights that its product needs.
        self.ws = ws.with_(principal=system(run.created_by))
        self.logs = StepLogs(ws, run.id)
        self.record = RunRecord(self.ws, run, steps, lease, progress, self.logs)
        self.plan = RunPlan(self.version, self.record)
        self.paused = run.paused
        self.active: dict[str, Active] = {}
        self.inbox: queue.SimpleQueue[tuple[str, executors.Ended] | None] = queue.SimpleQueue()
        self.places = RunCapacity(self.record, job, call=lambda: self.inbox.put(None))
        self.metrics = Reader(self.ws, run.id, lease)
        self.lost: Counter[str] = Counter()
        self._litter: list[Path] = []

    def go(self) -> None:
        """Run until the run has ended.

        Raises
        ------
        LostLease
            If the run was cancelled, or is another worker's now.
        Interrupted
            If this process drains; the run goes on later.
        Parked
            If it waits for people, or for a moment; it goes on when it is called back.
        """
        if self.record.run.state in FINAL:
            return
        if self.record.run.state is PipelineRunState.RUNNING:
            # Another process ran it and died: the logs of its steps end before ours begin.
            end_orphaned_logs(self.ws, self.record.run.id)
        try:
            while True:
                self.lease.raise_if_stopped()
                started = self._plan()
                # Committed before a process is started: no step ever runs that the database does not know of.
                self.record.save()
                for key in started:
                    self._launch(key)
                self._tidy()
                self.logs.poll()
                self.metrics.poll(self._running())
                if self.active:
                    self._wait()
                elif not self._is_idle():
                    break
            self._finish()
        finally:
            # However this ends, no step goes on without an engine: the next one may start it again.
            for active in self.active.values():
                executors.of(active.isolation).kill(active.name)
            self.places.close()
            self.logs.end()
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _plan(self) -> list[str]:
        """Decide what can be decided; return the steps to start now."""
        if not self.paused and self.plan.failed is None and self.plan.has_news():
            with self.ws.read() as tx:
                self.plan.decide(tx)
        return [] if self.paused or self.plan.failed is not None else self._chosen()

    @functools.cached_property
    def sources(self) -> Path:
        """The unpacked source of the pipeline."""
        snapshot = self.version.snapshot
        return trees.fetch(self.ws.blobs, snapshot, self.ws.cache_folder("sources") / snapshot)

    @functools.cached_property
    def preload(self) -> list[str]:
        """What the steps' processes will import."""
        return preload_of(self.version)

    def _chosen(self) -> list[str]:
        """Choose the steps to start now of those that can run."""
        # What was refused in the last round may have been given back meanwhile.
        self.places.retry_refused()
        started: list[str] = []
        later: list[str] = []
        now = self.ws.clock.now()
        while self.plan.runnable and len(later) < _LOOK_AHEAD:
            _, key = heapq.heappop(self.plan.runnable)
            one = self.record.steps[key]
            if (one.due_at is not None and one.due_at > now) or not self._has_place(key):
                later.append(key)
                continue
            if self.plan.failed is not None:
                break
            started.append(key)
            self.record.change(
                one,
                state=StepState.RUNNING,
                attempt=one.attempt + 1,
                started_at=now,
                due_at=None,
                failed=None,
            )
        for key in later:
            self.plan.wait(key)
        return started

    def _has_place(self, key: str) -> bool:
        step = self.plan.board.steps[key]
        try:
            return self.places.take(step)
        except InvalidInput as error:
            self.plan.fault(step, error)
            return True

    def _launch(self, key: str) -> None:
        one, step = self.record.steps[key], self.plan.board.steps[key]
        # A new name each time: the process of an earlier attempt may be told of after this one began.
        name = new_id("proc")
        scratch = self._scratch / f"{quoted(key)[:100]}-{one.attempt}-{name[-6:]}"
        scratch.mkdir(parents=True)
        active = Active(
            name=name,
            isolation=step.isolation,
            scratch=scratch,
            log=scratch / "log.txt",
            deadline=None if step.timeout is None else time.monotonic() + step.timeout,
        )
        self.active[key] = active
        self.logs.open(key, one.attempt, active.log)
        executors.of(step.isolation).start(
            name,
            job_of(
                self.plan.board.steps,
                key,
                self.record.run,
                self.version,
                self.plan.outputs,
                self.ws,
                self.sources,
                scratch,
                one.key,
                self.places.devices(step),
                soon=True,
            ),
            log=active.log,
            preload=self.preload,
            done=lambda ended: self.inbox.put((key, ended)),
        )

    def _wait(self) -> None:
        """Take in at least one step that ended, or return because there may be something to plan."""
        while True:
            try:
                came = self.inbox.get(timeout=self._next_timeout())
            except queue.Empty:
                if self._watch():
                    return
                continue
            self._take_in(came)
            # All that ended meanwhile is planned, and committed, together.
            while not self.inbox.empty():
                self._take_in(self.inbox.get())
            return

    def _next_timeout(self) -> float:
        # Not until the first deadline alone: the lease must be kept, and the logs be shown, in any case.
        deadlines = [active.deadline for active in self.active.values() if active.deadline is not None]
        return max(0.01, min([_CHECK_SECONDS, *(deadline - time.monotonic() for deadline in deadlines)]))

    def _watch(self) -> bool:
        """Look around while steps run; tell whether there may be something to plan."""
        self.lease.poll()
        self.logs.poll()
        self.metrics.poll(self._running())
        for active in self.active.values():
            if active.deadline is not None and time.monotonic() > active.deadline and not active.timed_out:
                active.timed_out = True
                executors.of(active.isolation).kill(active.name)
        with self.ws.read() as tx:
            self.paused = runs.get(tx, self.record.run.id).paused
        return bool(self.plan.questions.open or self.plan.runnable)

    def _running(self) -> Iterator[tuple[str, int, Path]]:
        """Yield every running step with its attempt and its folder."""
        for key, one in self.active.items():
            yield key, self.record.steps[key].attempt, one.scratch

    def _take_in(self, came: tuple[str, executors.Ended] | None) -> None:
        if came is None:  # a place is free
            return
        key, ended = came
        done = self.active.pop(key)
        self.places.give(self.plan.board.steps[key])
        self._litter.append(done.scratch)
        failure = ended.outcome.failure
        if failure is not None:
            failure = self._timed_out(key, failure) if done.timed_out else failure
            failure = self._kept(key, failure, ended.outcome.kept)
            self.logs.add(key, failure.as_log_text())
        log = self.logs.close(key)
        self._count(key, ended.outcome.used)
        self.metrics.take(key, self.record.steps[key].attempt, done.scratch, ended=True)
        if failure is None:
            # In the commit of the step's success: no output is recorded whose bytes a power cut could still
            # take.
            self.record.persist_blobs(ended.outcome.soon)
            one = self.plan.finish(key, ended.outcome.outputs, log, ended.outcome.files)
            self.record.add_event("step_run.succeeded", key, _event_data(one))
        # What ran the step went away; nothing is known of the step itself, which is not to blame.
        elif ended.lost and self.lost[key] < _MAX_LOST:
            self.lost[key] += 1
            self.record.change(self.record.steps[key], state=StepState.WAITING, log=log)
            self.plan.wait(key)
        else:
            why = Failed(step=key, type=failure.type, message=failure.message, traceback=failure.traceback)
            self.plan.fail(key, why, log, again=not failure.explained)

    def _count(self, key: str, used: StepUsage | None) -> None:
        """Note what an attempt used; of one that was ended from outside only its time is known."""
        one, step = self.record.steps[key], self.plan.board.steps[key]
        if used is None and one.started_at is not None:
            seconds = max(0.0, (self.ws.clock.now() - one.started_at).total_seconds())
            used = StepUsage(seconds=seconds)
        if used is not None:
            self.record.steps[key] = one.with_usage(used, step.resources.gpu if step.resources else 0.0)

    def _kept(self, key: str, failure: Failure, kept: KeptObject | None) -> Failure:
        """Keep what a step returned and nothing could store, in the commit of its failure; say so in it."""
        if kept is None:
            return failure
        draft = lost_outputs.keep(self.ws, self.version.graph, self.record.run, key, kept)
        if draft.write is not None:
            self.record.on_commit(draft.write)
        return lost_outputs.explained(failure, draft)

    def _timed_out(self, key: str, failure: Failure) -> Failure:
        limit = self.plan.board.steps[key].timeout
        message = f"it ran longer than its limit of {limit:g} s, and was ended"
        return msgspec.structs.replace(failure, message=message)

    def _is_idle(self) -> bool:
        """Wait a moment, or give the job back, if only people or time can bring the run on."""
        plan = self.plan
        if plan.failed is not None or not (self.paused or plan.questions.open or plan.runnable):
            return False
        now = self.ws.clock.now()
        due = [one.due_at for _, key in plan.runnable if (one := self.record.steps[key]).due_at]
        until = min([*due, *filter(None, [plan.questions.deadline()])], default=None)
        soon = 2 * _SHORT_SECONDS if until is None else (until - now).total_seconds()
        if len(due) < len(plan.runnable):  # a step waits for a place: somebody will give one back
            soon = min(soon, _CHECK_SECONDS)
        if self.paused or soon >= _SHORT_SECONDS:
            self._park(None if self.paused else until)
            return True
        with contextlib.suppress(queue.Empty):
            self.inbox.get(timeout=max(0.01, min(_CHECK_SECONDS, soon)))
        self._watch()
        return True

    def _park(self, until: datetime | None) -> None:
        """Give the job back until somebody calls for it; unless what is waited for came meanwhile."""
        parked = []

        def park(ctx: Context) -> None:
            # Asked again while the job is locked: an answer that came after the last plan would else be slept
            # over.
            self.paused = runs.get(ctx.tx, self.record.run.id).paused
            if self.paused or not self.plan.questions.is_answered(ctx.tx):
                state = PipelineRunState.PAUSED if self.paused else PipelineRunState.WAITING
                runs.change(ctx.tx, self.record.run.id, state=state)
                parked.append(jobs.park(ctx.tx, self.job, until))

        self.record.commit(park)
        if parked:
            raise Parked

    def _tidy(self) -> None:
        """Remove the files of ended steps, while the next ones run already."""
        while self._litter:
            shutil.rmtree(self._litter.pop(), ignore_errors=True)

    @functools.cached_property
    def _scratch(self) -> Path:
        return self.ws.cache_folder("steps") / self.record.run.id

    def _finish(self) -> None:
        run, steps = self.record.run, self.record.steps
        if self.plan.failed is not None:
            why = self.plan.failed
            self.record.commit(lambda ctx: fail(ctx, run, why))
            return
        try:
            self.record.commit(lambda ctx: succeed(ctx, run, self.version, steps))
        except LostLease:
            raise
        except Exception as error:  # the run must end, whatever its product's home thinks of it
            if is_our_fault(error):
                raise  # the job is tried again; its steps are done
            why = Failed(
                step="",
                type=type(error).__name__,
                message=f"its output could not be registered: {error}",
                traceback="".join(traceback.format_exception(error)),
            )
            self.record.commit(lambda ctx: fail(ctx, run, why))


def _event_data(run: StepRun) -> dict[str, Any]:
    files = {use.path: use.digest for use in run.files[:_MAX_EVENT_FILES] if use.digest}
    told = {"attempt": run.attempt, "outputs": msgspec.to_builtins(run.outputs)}
    return told | ({"files": files} if files else {})
