"""What comes while a trigger can't fire is owed: one more firing, with the newest, when it may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.kernel import events
from meguru.kernel.jobs import JobState, queue
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.operations import specs

pytest_plugins = ["meguru.testing.fixtures"]


def make(workspace, *, on="model_version.registered", action=None, **options):
    action = action or {"note": "done", "job": True}
    return triggers.create(workspace, name="retrain", on={"event": on}, action=action, **options)


def states(workspace):
    found = triggers.history(workspace, name="retrain", limit=1000).items
    return [(done.state.value, done.event) for done in reversed(found)]


def log(workspace, type):
    with workspace.read() as tx:
        return events.read(tx, types=(type,), limit=1000)


@pytest.fixture
def end_job(workspace):
    """Carry out the one job that is open."""

    def end():
        now = workspace.clock.now()
        with workspace.db.write() as tx:
            held = queue.claim(tx, owner="w", now=now, lease=timedelta(seconds=9), kinds=["note"])
            assert queue.finish(tx, held, JobState.DONE, now)

    return end


def test_twenty_matches_while_it_works_make_one_more_firing_with_the_newest(workspace, say, end_job):
    make(workspace)
    evaluator = Evaluator(workspace)
    seen = []
    for _ in range(21):
        seen.append(say("model_version.registered"))
        evaluator.step()
    assert states(workspace) == [
        ("fired", seen[0]),
        *[("suppressed", each) for each in seen[1:-1]],
        ("owed", seen[-1]),
    ]
    assert evaluator.step() == 0
    end_job()
    assert not triggers.settled(workspace).settled
    assert evaluator.step() == 1
    assert states(workspace)[-1] == ("fired", seen[-1])
    assert [told.cause for told in log(workspace, "trigger.fired")] == [seen[0], seen[-1]]
    end_job()
    assert evaluator.step() == 0
    assert triggers.settled(workspace).settled
    shown = triggers.history(workspace, name="retrain", limit=100).items
    assert "a newer match took its place" in shown[1].reason
    with workspace.read() as tx:
        assert events.verify(tx).intact


def test_what_comes_while_it_rests_fires_when_the_rest_is_over(workspace, say, clock):
    workspace.clock = clock
    make(workspace, action={"note": "done"}, cooldown=3600)
    evaluator = Evaluator(workspace)
    first = say("model_version.registered")
    evaluator.step()
    clock.move(timedelta(minutes=10))
    second = say("model_version.registered")
    evaluator.step()
    assert states(workspace) == [("fired", first), ("owed", second)]
    quiet = triggers.settled(workspace)
    assert (quiet.settled, quiet.owed) == (True, 1), "nothing happens before the rest is over"
    clock.move(timedelta(minutes=49))
    assert evaluator.step() == 0
    clock.move(timedelta(minutes=2))
    assert not triggers.settled(workspace).settled
    assert evaluator.step() == 1
    assert states(workspace) == [("fired", first), ("fired", second)]


def test_a_newer_match_that_may_fire_takes_the_place_of_the_one_that_waits(workspace, say, clock):
    workspace.clock = clock
    make(workspace, action={"note": "done"}, cooldown=3600)
    evaluator = Evaluator(workspace)
    seen = []
    for minutes in (0, 10, 60):
        clock.move(timedelta(minutes=minutes))
        seen.append(say("model_version.registered"))
        if minutes != 60:
            evaluator.step()
    evaluator.step()
    assert states(workspace) == [("fired", seen[0]), ("suppressed", seen[1]), ("fired", seen[2])]
    assert evaluator.step() == 0


def test_an_owed_match_outlives_a_pause_and_goes_with_its_trigger(workspace, say, end_job):
    make(workspace)
    evaluator = Evaluator(workspace)
    say("model_version.registered")
    evaluator.step()
    owed = say("model_version.registered")
    evaluator.step()
    triggers.pause(workspace, name="retrain")
    end_job()
    assert evaluator.step() == 0
    assert states(workspace)[-1] == ("owed", owed)
    triggers.resume(workspace, name="retrain")
    evaluator.step()
    assert states(workspace)[-1] == ("fired", owed)
    owed = say("model_version.registered")
    evaluator.step()
    specs.retire(workspace, name="retrain")
    evaluator.step()
    assert triggers.history(workspace, limit=1).items[0].state == "suppressed"


def test_what_came_of_its_own_firing_is_not_owed(workspace, say, end_job):
    make(workspace, on="note.*")
    evaluator = Evaluator(workspace)
    first = say("note.first")
    for _ in range(3):
        evaluator.step()
    # note.done is told by the action itself: owed, it would fire for ever
    assert [state for state, _ in states(workspace)] == ["fired", "suppressed"]
    assert states(workspace)[0] == ("fired", first)
    end_job()
    assert evaluator.step() == 0


def test_two_evaluators_pay_once(workspace, say, end_job):
    make(workspace)
    one, two = Evaluator(workspace), Evaluator(workspace)
    for _ in range(2):
        say("model_version.registered")
        one.step()
    end_job()
    assert one.step() + two.step() == 1
    assert len(log(workspace, "trigger.fired")) == 2
