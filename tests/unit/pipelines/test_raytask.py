"""What a task on a node tells of its step."""

from __future__ import annotations

import msgspec

from meguru.compute.executors import raytask
from meguru.compute.executors.base import Ended
from meguru.compute.executors.work import StepJob, StepOutcome
from meguru.compute.step_metrics import FILE


class Instant:
    """Ends a step at once, which has printed little and logged much."""

    def start(self, name, job, *, log, preload, done):
        log.write_bytes(b"line")
        log.with_name(FILE).write_bytes(b"m" * (raytask._PIECE + 5))
        done(Ended(outcome=StepOutcome()))


def test_all_that_a_step_logged_is_told_before_its_end(monkeypatch):
    monkeypatch.setattr(raytask, "_here", lambda job, folder: job)
    monkeypatch.setattr(raytask, "_member", lambda job: Instant())
    job = StepJob(
        function="steps:a",
        arguments={},
        many_outputs=False,
        folder="",
        sources=[],
        blobs="",
        scratch="",
        seed=0,
    )
    said = [
        msgspec.json.decode(each, type=raytask.Said) for each in raytask.perform(msgspec.json.encode(job), [])
    ]
    assert len(b"".join(each.metrics for each in said)) == raytask._PIECE + 5
    assert [each.ended is not None for each in said] == [False, True]
