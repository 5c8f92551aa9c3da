from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.kernel import events
from meguru.tracking.lease_expiry import ExpiredLeases
from meguru.tracking.operations import show, start


class Rounds:
    """A stop that is set after some waits; each takes as long as it is asked to, or as it is told."""

    def __init__(self, clock, *longer):
        self.clock, self.longer, self.waited = clock, list(longer), []

    def wait(self, seconds):
        if not self.longer:
            return True
        self.waited.append(seconds)
        self.clock.move(timedelta(seconds=seconds + self.longer.pop(0)))
        return False


@pytest.fixture
def place(tmp_path, clock):
    with open_local(tmp_path / "workspace", clock=clock) as ws:
        yield ws


def test_silent_runs_are_swept_every_fifteen_seconds_after_a_minute_of_grace(place, clock):
    run = start(place, lease=70)
    rounds = Rounds(clock, 0, 0)
    ExpiredLeases(place).run(rounds)
    assert rounds.waited == [60, 15]
    assert show(place, run=run.id).state == "failed"
    with place.read() as tx:
        (told,) = events.read(tx, types=("run.finished",))
    assert told.actor == "sweeper"


def test_after_the_machine_slept_everybody_may_beat_first(place, clock):
    run = start(place, lease=600)
    rounds = Rounds(clock, 0, 3600)
    ExpiredLeases(place).run(rounds)
    assert show(place, run=run.id).state == "interrupted"
    rounds.longer = [0]
    ExpiredLeases(place).run(rounds)
    assert show(place, run=run.id).state == "failed"


def test_a_sweep_that_fails_is_tried_again(place, clock):
    run = start(place, lease=1)
    sweeper, good = ExpiredLeases(place), place.db

    class Broken:
        def read(self):
            sweeper.ws.db = good
            raise OSError("the disk is away")

    sweeper.ws.db = Broken()
    sweeper.run(Rounds(clock, 0, 0))
    assert show(place, run=run.id).state == "failed"
