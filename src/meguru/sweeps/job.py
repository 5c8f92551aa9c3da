"""The job handler of sweeps: keeps trials running until there is a reason to end."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import Busy, MeguruError
from meguru.kernel import events
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.pipelines import runs
from meguru.pipelines.types import FINAL, PipelineRun, PipelineRunState
from meguru.sweeps import objective, store, suggest
from meguru.sweeps.commits import ADVANCE, begin, end_sweep, end_trial
from meguru.sweeps.kind import SWEEP
from meguru.sweeps.types import Scalar, Sweep, SweepState, Trial, TrialState
from meguru.sweeps.workers import TrialWorkers

SweepProgress = Callable[[Sweep, Trial], None]
TICK_SECONDS = 1.0
_ENDS = ("pipeline_run.succeeded", "pipeline_run.failed", "pipeline_run.cancelled")
_MAX_EVENTS = 100
_ABANDON = InternalOperation(SWEEP, "abandon")
_TRIED = (TrialState.SUCCEEDED, TrialState.PRUNED, TrialState.FAILED)


class SweepHandler:
    """Does sweeps; `progress` hears of every trial that ended."""

    def __init__(self, progress: SweepProgress | None = None) -> None:
        self.progress = progress

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Bring the sweep to its end; trials that an earlier attempt began go on."""
        try:
            _SweepLoop(ws, job.payload["sweep"], lease, self.progress).go()
        except Busy as error:
            # A busy database is an accident, not an answer: the worker tries again.
            raise ConnectionError(str(error)) from error

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """End the sweep as failed, unless it is over."""

        def end(ctx: Context) -> None:
            sweep = store.hold(ctx.tx, job.payload["sweep"], ctx.now())
            if sweep.state is SweepState.RUNNING and sweep.job == job.id:
                end_sweep(ctx, sweep, SweepState.FAILED, why)

        _ABANDON.commit(ws, end)


HANDLER = SweepHandler()


class _SweepLoop:
    """One attempt at a sweep, in one thread.

    What it knows, it reads from the rows again each time; of the trials those that may have changed. A trial
    that has ended stays as it is while the sweep runs, and only the holder of the lease writes them.
    """

    def __init__(self, ws: Workspace, sweep_id: str, lease: Lease, progress: SweepProgress | None) -> None:
        with ws.read() as tx:
            self.sweep = store.get(tx, sweep_id, ws.clock.now(), tallied=False)
        # What a sweep does is done by whoever started it, whichever worker carries it out.
        self.ws = ws.with_(principal=system(self.sweep.created_by))
        self.lease, self.progress = lease, progress
        self.trials: list[Trial] = []
        self._suggester = suggest.Suggester(self.sweep)
        # Of running trials how many values were looked at, of ended ones all values: both only grow.
        self._counts: dict[int, int] = {}
        self._logged: dict[int, suggest.TrialValues] = {}

    def go(self) -> None:
        """Work until the sweep is over."""
        if self.sweep.state is not SweepState.RUNNING:
            return
        with TrialWorkers(self.ws) as workers:
            while True:
                self.lease.poll()
                # The head before the rows: a run that ends in between is heard of in `_rest`.
                with self.ws.read() as tx:
                    after = events.head(tx)
                    self.sweep = store.get(tx, self.sweep.id, self.ws.clock.now(), tallied=False)
                self._settle()
                if self._is_over():
                    return
                self._fill()
                for job in self._jobs():
                    workers.take(job)
                self._prune()
                self._rest(after)

    def _rest(self, after: int) -> None:
        """Wait until one of the runs has ended, a tick at most; what else happens here is none of ours."""
        mine = {refs.make("pipeline_run", trial.run) for trial in self._running()}
        until = time.monotonic() + TICK_SECONDS
        while (left := until - time.monotonic()) > 0:
            head = events.wait(self.ws, after=after, timeout=left, wakes=_ENDS.__contains__)
            with self.ws.read() as tx:
                found = events.read(tx, after=after, types=_ENDS, limit=_MAX_EVENTS)
            if len(found) == _MAX_EVENTS or any(event.subject in mine for event in found):
                return
            self.lease.raise_if_stopped()
            after = head

    def _settle(self) -> None:
        """Write down the end of every trial whose run has ended."""
        with self.ws.read() as tx:
            self._reread(tx)
            ended = [
                (trial, run) for trial in self._running() if (run := runs.get(tx, trial.run)).state in FINAL
            ]
        for trial, run in ended:
            self._end(self._judged(trial, run))

    def _judged(self, trial: Trial, run: PipelineRun) -> Trial:
        if run.state is not PipelineRunState.SUCCEEDED:
            why = f"its run {run.state.value}"
            if run.failed:
                why = f"{run.failed.step}: {run.failed.type}: {run.failed.message}".removeprefix(": ")
            return msgspec.structs.replace(trial, state=TrialState.FAILED, reason=why[:1000])
        try:
            with self.ws.read() as tx:
                value = objective.value_of(tx, self.ws.blobs, run, self.sweep.metric)
        except Busy:
            raise  # the store is away: the trial's value is asked for again
        except MeguruError as error:
            why = f"{error.what}: {error.why}" if error.why else error.what
            return msgspec.structs.replace(trial, state=TrialState.FAILED, reason=why[:1000])
        return msgspec.structs.replace(trial, state=TrialState.SUCCEEDED, value=value)

    def _end(self, ended: Trial) -> None:
        self.lease.commit(self.ws, ADVANCE, lambda ctx: end_trial(ctx, self.sweep, ended))
        self.trials = [ended if trial.number == ended.number else trial for trial in self.trials]
        if self.progress is not None:
            with self.ws.read() as tx:
                whole = store.get(tx, self.sweep.id, self.ws.clock.now())
            self.progress(whole, ended)

    def _is_over(self) -> bool:
        over = self._over()
        if over is None:
            return False
        self.lease.commit(self.ws, ADVANCE, lambda ctx: end_sweep(ctx, self.sweep, *over))
        return True

    def _over(self) -> tuple[SweepState, str] | None:
        sweep, tried = self.sweep, [trial for trial in self.trials if trial.state in _TRIED]
        values = [
            trial.value for trial in tried if trial.state is TrialState.SUCCEEDED and trial.value is not None
        ]
        ended_well = (SweepState.SUCCEEDED if values else SweepState.FAILED, "all trials were made")
        failed = [trial for trial in tried if trial.state is TrialState.FAILED]
        # In this order: who reached the target succeeded, though it failed too often as well, or is late.
        if sweep.target is not None and any(_reaches(value, sweep) for value in values):
            return SweepState.SUCCEEDED, f"{sweep.metric} reached {sweep.target:g}"
        if len(failed) - sweep.forgiven_failures > sweep.max_failed:
            last = max(failed, key=lambda one: one.number)
            return SweepState.FAILED, f"{len(failed)} trials failed; the last: {last.reason}"[:1000]
        if sweep.deadline is not None and self.ws.clock.now() >= sweep.deadline:
            return ended_well[0], "its time is over"
        if len(tried) >= sweep.trials and not self._running():
            return ended_well if values else (SweepState.FAILED, "no trial succeeded")
        return None

    def _fill(self) -> None:
        """Start trials: first those that a stop cut off, then new ones."""
        while len(self._running()) < self.sweep.parallel:
            # Those cut off keep number and parameters: a resumed sweep makes the trials it would have made.
            cut_off = [trial for trial in self.trials if trial.state is TrialState.CANCELLED]
            if not cut_off and len(self.trials) >= self.sweep.trials:
                return
            number = cut_off[0].number if cut_off else len(self.trials)
            params = cut_off[0].params if cut_off else self._suggester.suggest(number, self.trials)
            self._begin(number, params, again=bool(cut_off))

    def _begin(self, number: int, params: dict[str, Scalar], *, again: bool) -> None:
        self.lease.commit(self.ws, ADVANCE, lambda ctx: begin(ctx, self.sweep, number, params, again=again))
        with self.ws.read() as tx:
            self._reread(tx, number)

    def _reread(self, tx: Connection, *changed: int) -> None:
        """Read the trials that run, those of some numbers, and those that are not known yet."""
        after = self.trials[-1].number if self.trials else -1
        again = {trial.number for trial in self._running()}.union(changed)
        found = {trial.number: trial for trial in store.trials_among(tx, self.sweep.id, again, after=after)}
        known = [found.pop(trial.number, trial) for trial in self.trials]
        self.trials = [*known, *found.values()]

    def _jobs(self) -> list[str]:
        with self.ws.read() as tx:
            return [runs.get(tx, trial.run).job for trial in self._running()]

    def _prune(self) -> None:
        """Give up the running trials that are worse than the others were at the same step."""
        if self.sweep.pruner == "none":
            return
        for trial in self._running():
            with self.ws.read() as tx:
                count = objective.count(tx, trial.run, self.sweep.metric)
                if count == self._counts.get(trial.number, 0):
                    continue
                self._counts[trial.number] = count
                values = {one.number: self._values(tx, one) for one in self.trials}
            if suggest.is_hopeless(self.sweep, trial.number, self.trials, values):
                step = max(values[trial.number])
                reason = f"at step {step} its {self.sweep.metric} is worse than the median of the others"
                value = values[trial.number][step]
                state = TrialState.PRUNED
                self._end(msgspec.structs.replace(trial, state=state, value=value, step=step, reason=reason))

    def _values(self, tx: Connection, trial: Trial) -> suggest.TrialValues:
        if trial.number in self._logged:
            return self._logged[trial.number]
        found = objective.logged(tx, trial.run, self.sweep.metric)
        if trial.state is not TrialState.RUNNING:
            self._logged[trial.number] = found
        return found

    def _running(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.state is TrialState.RUNNING]


def _reaches(value: float, sweep: Sweep) -> bool:
    if sweep.target is None:
        return False
    return value >= sweep.target if sweep.goal == "max" else value <= sweep.target
