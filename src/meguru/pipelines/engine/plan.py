"""What becomes of the steps that can begin: skipped by a gate, asked, taken over, taken apart, or run."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from meguru.base import digests
from meguru.compute.graph import Step
from meguru.compute.materializers.base import Value, ValueStore
from meguru.compute.materializers.plain import PLAIN
from meguru.compute.reads import argument_paths
from meguru.compute.reads.collect import merge_files
from meguru.compute.reads.types import FileUse
from meguru.errors import InvalidInput
from meguru.pipelines import runs, transitions
from meguru.pipelines.engine import maps
from meguru.pipelines.engine.board import Board, Rank
from meguru.pipelines.engine.gates import closed_by
from meguru.pipelines.engine.questions import Questions
from meguru.pipelines.engine.record import RunRecord
from meguru.pipelines.outputs import Outputs
from meguru.pipelines.types import Failed, PipelineVersion, StepRun, StepState

DONE = (StepState.SUCCEEDED, StepState.CACHED)
_MAX_BACKOFF = 3600.0
"""Seconds before another attempt, however often it failed."""
_YES = digests.of_bytes(b"true")


class RunPlan:
    """The decisions of one attempt at a run. `runnable` are the steps that wait for a place to run."""

    def __init__(self, version: PipelineVersion, record: RunRecord) -> None:
        self.ws, self.version, self.record = record.ws, version, record
        self.board, self.outputs = Board(version.graph), Outputs(record.ws.blobs)
        self.questions = Questions(record)
        self.runnable: list[tuple[Rank, str]] = []
        self.failed: Failed | None = None
        self._earlier: dict[str, StepRun] = {}
        self._restore()

    def has_news(self) -> bool:
        """Tell whether there may be something to decide."""
        return bool(self.questions.open) or self.board.has_ready()

    def decide(self, tx: Connection) -> None:
        """Decide about every step that can begin now."""
        for key, answer in self.questions.answered(tx):
            self.finish(key, [PLAIN.save(answer, bool, ValueStore(self.outputs.blobs, Path()))])
        # Again and again: a step that is taken over or skipped lets others begin at once. So a run that is
        # all cached costs one commit.
        while self.failed is None and (fresh := self.board.begin()):
            wanted = [key for key in fresh if not self._is_settled(tx, key)]
            step_runs = self._kept(tx, wanted)
            for key in wanted:
                if key in step_runs:
                    self._take_over(key, step_runs[key])
                elif self.board.steps[key].kind == "map":
                    self._expand_map(key)
                else:
                    self.wait(key)

    def wait(self, key: str) -> None:
        """Let a step wait for a place to run."""
        heapq.heappush(self.runnable, (self.board.rank(key), key))

    def finish(
        self, key: str, outputs: list[Value], log: str | None = None, files: Sequence[FileUse] = ()
    ) -> StepRun:
        """Take in what a step returned, and the files that it read."""
        run = self.record.change(
            self.record.steps[key],
            state=StepState.SUCCEEDED,
            outputs=outputs,
            log=log,
            files=list(files),
            finished_at=self.ws.clock.now(),
        )
        self._close_step(key, outputs)
        return run

    def fail(self, key: str, why: Failed, log: str | None = None, *, again: bool = False) -> None:
        """Take in that a step failed; `again` if another attempt could end otherwise."""
        step, run = self.board.steps[key], self.record.steps[key]
        failures, now = run.failures + 1, self.ws.clock.now()
        again = again and failures <= step.retries
        # The exponent is bounded, for a float is not: 2.0 ** 1024 overflows.
        wait = min(step.backoff * 2.0 ** (min(failures, 60) - 1), _MAX_BACKOFF)
        self.record.change(
            run,
            state=StepState.WAITING if again else StepState.FAILED,
            failures=failures,
            failed=why,
            log=log,
            finished_at=now,
            due_at=now + timedelta(seconds=wait) if again and wait else None,
        )
        data = {
            "attempt": run.attempt,
            "retried": again,
            "type": why.type,
            "message": why.message,
            "log": log,
        }
        self.record.add_event("step_run.failed", key, data)
        if again:
            self.wait(key)
        else:
            self._end_in_failure(key, why)

    def _end_in_failure(self, key: str, why: Failed) -> None:
        parent = self.board.parent.get(key)
        if parent is not None and self.board.steps[parent].lenient:
            self._close_step(key, None)
            return
        self.failed = self.failed or why
        if parent is not None and self.record.steps[parent].state is StepState.RUNNING:
            now = self.ws.clock.now()
            self.record.change(self.record.steps[parent], state=StepState.FAILED, failed=why, finished_at=now)

    def _close_step(self, key: str, outputs: list[Value] | None) -> None:
        if outputs is not None:
            self.outputs[key] = outputs
        parent = self.board.done(key)
        if parent is not None:
            self._join_map(parent)

    def _is_settled(self, tx: Connection, key: str) -> bool:
        """Skip a step behind a closed gate, or ask its question; else describe what it depends on."""
        step = self.board.steps[key]
        try:
            reason = closed_by(step, self.record.run, self.outputs)
            if reason:
                self._skip(key, reason)
                return True
            if step.kind == "approval":
                run = self._describe(step, StepState.ASKING)
                if key in self._earlier and self._earlier[key].key == run.key:
                    self._take_over(key, self._earlier[key])
                    return True
                self.questions.ask(tx, step, self.outputs)
                return True
            self._describe(step, StepState.WAITING)
        except InvalidInput as error:
            self.fault(step, error)
            return True
        return False

    def _describe(self, step: Step, state: StepState) -> StepRun:
        run = self.record.steps.get(step.key)
        if run is not None and run.key:
            return run
        parent = self.board.parent.get(step.key, "")
        code = self.version.codes.get(parent or step.key)
        run = transitions.new_step(self.record.run, step, code, self.outputs, state, parent)
        self.record.steps[step.key] = run
        return run

    def _skip(self, key: str, reason: str) -> None:
        run, now = self.record.run, self.ws.clock.now()
        for one in self.board.skip(key, reason):
            skipped = StepRun(
                id=f"{run.id}.{one.key}",
                run=run.id,
                pipeline=run.pipeline,
                step=one.key,
                state=StepState.SKIPPED,
            )
            self.record.change(skipped, reason=one.reason, finished_at=now)
            self.record.add_event("step_run.skipped", one.key, {"reason": one.reason})

    def _kept(self, tx: Connection, wanted: list[str]) -> dict[str, StepRun]:
        """Return, by step, the step runs whose outputs still hold."""
        steps, again = self.record.steps, set(self.record.run.rerun_steps)
        lookup = {
            key: steps[key].key
            for key in wanted
            if self.board.steps[key].cache and self.board.parent.get(key, key) not in again
        }
        by_key = runs.newest_computed(tx, list(lookup.values()))
        step_runs: dict[str, StepRun] = {}
        for key in wanted:
            names = argument_paths.texts_of_inputs(
                self.board.steps[key].inputs.values(), self.record.run.params
            )
            candidates = self._candidates(tx, key, by_key.get(lookup.get(key, "")))
            if run := transitions.usable(candidates, self.outputs.blobs, names):
                step_runs[key] = run
        return step_runs

    def _candidates(self, tx: Connection, key: str, newest: StepRun | None) -> Iterator[StepRun]:
        earlier = self._earlier.get(key)
        if earlier is not None and earlier.key == self.record.steps[key].key:
            yield earlier
        yield from runs.computed(tx, newest)

    def _take_over(self, key: str, kept: StepRun) -> None:
        self.record.change(self.record.steps[key], **transitions.taken_over(kept, self.ws.clock.now()))
        self.record.note_cached(key, kept.id)
        self._close_step(key, kept.outputs)

    def _expand_map(self, key: str) -> None:
        step, stored = self.board.steps[key], self.record.steps
        try:
            calls = maps.calls_of(step, self.record.run.params, self.outputs)
        except InvalidInput as error:
            self.fault(step, error)
            return
        run = stored[key]
        if run.state is not StepState.RUNNING:
            now = self.ws.clock.now()
            self.record.change(run, state=StepState.RUNNING, items=len(calls), attempt=1, started_at=now)
        if not calls:
            self._join_map(key)
            return
        self.board.expand(key, calls)
        for call in calls:  # an earlier attempt at this run may have done some
            before = stored.get(call.key)
            if before is not None and before.state in DONE:
                self._close_step(call.key, before.outputs)
            elif before is not None and before.state is StepState.FAILED:
                self._end_in_failure(call.key, before.failed or Failed(step=call.key, type="", message=""))

    def _join_map(self, key: str) -> None:
        step, run = self.board.steps[key], self.record.steps[key]
        calls = [f"{key}.{n}" for n in range(run.items or 0)]
        there = [self.outputs[call] for call in calls if call in self.outputs]
        if len(there) < len(calls):
            # What is not whole is no answer for a later run.
            run = self.record.change(
                run, key="", reason=f"{len(calls) - len(there)} of {len(calls)} calls failed"
            )
        files = merge_files(self.record.steps[call].files for call in calls if call in self.record.steps)
        self.finish(key, maps.join_outputs(step, there, self.outputs), files=files)

    def fault(self, step: Step, error: InvalidInput) -> None:
        """Take in that a step can't be run as it is written."""
        message = f"{error}: {error.why}" if error.why else str(error)
        if step.key not in self.record.steps:
            run = self.record.run
            self.record.steps[step.key] = StepRun(
                id=f"{run.id}.{step.key}",
                run=run.id,
                pipeline=run.pipeline,
                step=step.key,
                state=StepState.WAITING,
            )
        log = self.record.logs.note(step.key, self.record.steps[step.key].attempt, f"InvalidInput: {message}")
        self.fail(step.key, Failed(step=step.key, type="InvalidInput", message=message), log)

    def _restore(self) -> None:
        """Take in what earlier attempts at this run did, and what the run that it repeats did."""
        for key, one in self.record.steps.items():
            if key not in self.board.steps:
                continue
            if one.state in DONE:
                self.outputs[key] = one.outputs
                self.board.done(key)
            elif one.state is StepState.SKIPPED:
                self.board.skip(key, one.reason)
            elif one.state is StepState.FAILED:
                self.failed = one.failed or Failed(step=key, type="", message="it failed")
        run = self.record.run
        if run.retry_of is not None:
            with self.ws.read() as tx:
                earlier: dict[str, Any] = runs.steps(tx, run.retry_of)
            redone = set(run.rerun_steps)
            self._earlier = {
                key: one
                for key, one in earlier.items()
                if one.state in DONE and one.key and key not in redone and one.parent not in redone
                if not self._is_refusal(key, one)
            }

    def _is_refusal(self, key: str, one: StepRun) -> bool:
        """Tell whether people said no: when a run is repeated, they are asked again."""
        step = self.board.steps.get(key)
        if step is None or step.kind != "approval":
            return False
        return [value.digest for value in one.outputs] != [_YES]
