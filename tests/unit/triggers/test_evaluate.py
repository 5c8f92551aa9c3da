"""The evaluator decides each event once, in order, and says what it held back."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from meguru.base.expressions import PlainExpression
from meguru.errors import InvalidInput
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.testing.events import sample
from meguru.triggers import evaluate, store
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.event_fields import firing_key
from meguru.triggers.kind import TriggerSpec
from meguru.triggers.limits import MAX_DEPTH, MAX_FIRINGS
from meguru.triggers.operations import specs
from meguru.triggers.types import FiringState

pytest_plugins = ["meguru.testing.fixtures"]


def make(workspace, name="retrain", *, on=None, action=None, **options):
    on = on or {"event": "model_version.registered"}
    return triggers.create(workspace, name=name, on=on, action=action or {"note": "done"}, **options)


def history(workspace, name="retrain"):
    return list(reversed(triggers.history(workspace, name=name, limit=1000).items))


def quiet(workspace):
    while Evaluator(workspace).step():
        pass


def log(workspace, *types):
    with workspace.read() as tx:
        return events.read(tx, types=types, limit=1000)


def test_an_event_fires_once_and_the_chain_of_causes_is_whole(workspace, say):
    make(workspace)
    matched = say("model_version.registered")
    assert Evaluator(workspace).step() == 1
    assert Evaluator(workspace).step() == 0
    (done,) = history(workspace)
    (fired,), (noted,) = log(workspace, "trigger.fired"), log(workspace, "note.done")
    assert done.state is FiringState.FIRED
    assert (done.event, done.fired, done.started) == (matched, fired.id, "note/done")
    assert (noted.cause, fired.cause) == (fired.id, matched)
    assert fired.actor == noted.actor == "trigger/retrain"
    assert fired.data["evidence"]["event"]["data"] == sample("model_version.registered")


def test_a_trigger_does_not_see_what_happened_before_it_was_made(workspace, say):
    say("model_version.registered")
    make(workspace)
    assert Evaluator(workspace).step() == 0


def test_the_cursor_reaches_the_head_and_the_system_is_settled(workspace, say):
    make(workspace)
    say("model_version.registered")
    assert not triggers.settled(workspace).settled
    Evaluator(workspace).step()
    Evaluator(workspace).step()
    quiet = triggers.settled(workspace)
    assert quiet.settled
    assert quiet.head == quiet.cursor


def test_events_that_wake_no_trigger_need_no_decision_and_are_passed_over_together(workspace, say):
    make(workspace)
    for _ in range(3):
        say("something.else")
    unread = triggers.settled(workspace)
    assert unread.settled
    assert unread.head == unread.cursor
    say("model_version.registered")
    assert not triggers.settled(workspace).settled
    assert Evaluator(workspace).step() == 1


def test_a_trigger_made_while_the_evaluator_waits_is_heeded_at_once(workspace, say, monkeypatch):
    monkeypatch.setattr(Evaluator, "idle", 60.0)
    stop, waiting = threading.Event(), threading.Event()
    real = workspace.watch.wait

    def wait(*args, **options):
        waiting.set()
        return real(*args, **options)

    monkeypatch.setattr(workspace.watch, "wait", wait)
    runner = threading.Thread(target=Evaluator(workspace).run, args=(stop,))
    runner.start()
    assert waiting.wait(60)
    make(workspace)
    say("model_version.registered")
    while not log(workspace, "trigger.fired"):
        with workspace.read() as tx:
            seen = events.head(tx)
        events.wait(workspace, after=seen, timeout=0.1)
    stop.set()
    workspace.drain()
    runner.join()


def test_an_open_job_keeps_the_system_from_being_settled_and_the_trigger_from_firing_again(workspace, say):
    make(workspace, action={"note": "done", "job": True})
    say("model_version.registered")
    evaluator = Evaluator(workspace)
    evaluator.step()
    say("model_version.registered")
    evaluator.step()
    evaluator.step()
    first, second = history(workspace)
    assert first.state is FiringState.FIRED
    assert second.state is FiringState.OWED
    assert "still running" in second.reason
    assert triggers.settled(workspace).open_jobs == 1
    assert not triggers.settled(workspace).settled


def test_a_paused_trigger_records_what_it_held_back(workspace, say):
    make(workspace)
    triggers.pause(workspace, name="retrain")
    say("model_version.registered")
    Evaluator(workspace).step()
    triggers.resume(workspace, name="retrain")
    say("model_version.registered")
    Evaluator(workspace).step()
    assert [(done.state.value, done.reason) for done in history(workspace)] == [
        ("suppressed", "the trigger is paused"),
        ("fired", ""),
    ]
    (told,) = log(workspace, "trigger.suppressed")
    assert told.data["reason"] == "the trigger is paused"


def test_a_cooldown_and_a_daily_limit_hold_back(workspace, say, clock):
    workspace.clock = clock
    make(workspace, cooldown=3600, max_per_day=2)
    evaluator = Evaluator(workspace)
    for minutes in (0, 30, 40, 120, 24 * 60):
        clock.move(timedelta(minutes=minutes))
        say("model_version.registered")
        evaluator.step()
    states = [done.state.value for done in history(workspace)]
    assert states == ["fired", "suppressed", "fired", "suppressed", "fired"]
    reasons = [done.reason for done in history(workspace)]
    assert "rests until" in reasons[1]
    assert "within 24 hours" in reasons[3]


def test_an_action_that_can_not_start_is_a_failed_firing_and_leaves_nothing_half_written(workspace, say):
    make(workspace, "a-broken", action={"note": "half", "broken": True})
    make(workspace, "b-whole")
    say("model_version.registered")
    assert Evaluator(workspace).step() == 2
    (failed,) = history(workspace, "a-broken")
    assert failed.state is FiringState.FAILED
    assert "there is no pipeline 'trian'" in failed.reason
    assert "did you mean 'train'" in failed.reason
    assert history(workspace, "b-whole")[0].state is FiringState.FIRED
    assert not log(workspace, "note.half")
    assert log(workspace, "trigger.failed")[0].data["reason"] == failed.reason
    with workspace.read() as tx:
        assert events.verify(tx).intact


@pytest.mark.parametrize("pattern", ["trigger.fired", "trigger.*", "*", "note.*"])
def test_a_trigger_can_not_keep_itself_awake(workspace, say, pattern):
    make(workspace, on={"event": pattern})
    say("note.first")
    say("trigger.fired", "trigger/other")
    quiet(workspace)
    assert MAX_DEPTH <= len(log(workspace, "trigger.fired")) <= 2 * MAX_DEPTH + 1
    assert any("the chain is cut" in done.reason for done in history(workspace))


def test_triggers_that_wake_each_other_are_cut_by_number_too(workspace, say):
    for name in ("a", "b", "c"):
        make(workspace, name, on={"event": "*"})
    say("note.first")
    quiet(workspace)
    assert len(log(workspace, "trigger.fired")) == MAX_FIRINGS


def test_two_evaluators_decide_each_event_once(workspace, say):
    make(workspace)
    for _ in range(20):
        say("model_version.registered")
    stop = threading.Event()
    runners = [threading.Thread(target=Evaluator(workspace).run, args=(stop,)) for _ in range(3)]
    for runner in runners:
        runner.start()
    while not triggers.settled(workspace).settled:
        with workspace.read() as tx:
            seen = events.head(tx)
        events.wait(workspace, after=seen, timeout=0.1)
    stop.set()
    workspace.notify()
    for runner in runners:
        runner.join()
    done = history(workspace)
    assert len(done) == 20
    assert [item.event for item in done] == [event.id for event in log(workspace, "model_version.registered")]


def test_the_running_evaluator_fires_as_soon_as_the_event_is_committed(workspace, say):
    make(workspace)
    stop = threading.Event()
    runner = threading.Thread(target=Evaluator(workspace).run, args=(stop,))
    runner.start()
    matched = say("model_version.registered")
    with workspace.read() as tx:
        seen = events.get(tx, matched).seq
    events.wait(workspace, after=seen, timeout=60)
    assert len(log(workspace, "trigger.fired")) == 1
    stop.set()
    workspace.notify()
    runner.join()


def test_firing_by_hand_happens_once_for_each_key_and_ignores_the_pause(workspace):
    make(workspace, enabled=False)
    first = triggers.fire(workspace, name="retrain", key="now", reason="a hunch")
    again = triggers.fire(workspace, name="retrain", key="now")
    other = triggers.fire(workspace, name="retrain")
    assert first == again
    assert first.evidence["reason"] == "a hunch"
    assert other.id != first.id
    assert len(log(workspace, "note.done")) == 2


def test_an_error_when_firing_by_hand_is_told_and_nothing_is_kept(workspace):
    make(workspace, action={"note": "half", "broken": True})
    with pytest.raises(Exception, match="there is no pipeline"):
        triggers.fire(workspace, name="retrain", key="now")
    assert history(workspace) == []
    assert not log(workspace, "trigger.fired")


def test_an_event_is_decided_with_the_state_of_its_own_moment_in_the_transaction(workspace, say):
    make(workspace)
    say("model_version.registered")
    with workspace.read() as tx:
        assert store.cursor(tx) == 0
    Evaluator(workspace).step()
    with workspace.read() as tx:
        assert store.cursor(tx) == 2


def test_a_negative_cooldown_is_refused(workspace):
    with pytest.raises(InvalidInput, match="cooldown"):
        make(workspace, cooldown=-1)


def test_a_trigger_declared_anew_is_not_woken_by_what_matched_it_before(workspace, say, monkeypatch):
    triggers.create(workspace, name="t", on={"event": "note.first"}, action={"note": "done"})
    evaluator = Evaluator(workspace)
    say("note.first")
    found = evaluate.undecided

    def undecided_then_changed(*given):
        events_found = found(*given)
        if events_found:
            on = {"event": "note.x"}
            specs.declare(workspace, name="t", spec=TriggerSpec(on=on, action={"note": "done"}))
        monkeypatch.setattr(evaluate, "undecided", found)
        return events_found

    monkeypatch.setattr(evaluate, "undecided", undecided_then_changed)
    evaluator.step()
    assert triggers.history(workspace, name="t").items == []


def test_a_key_with_a_nul_is_one_that_any_database_holds(workspace):
    made = Event(
        seq=1, id="evt-1", type="note.x", at=workspace.clock.now(), actor="anna", operation="o",
        subject="model/m@1", data={"id": "a\0b"},
    )  # fmt: skip
    assert "\0" not in firing_key(made, PlainExpression("id"))
