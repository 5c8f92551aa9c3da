"""Triggers that lead to themselves are stopped, and people are told which ones."""

from __future__ import annotations

from itertools import pairwise

from meguru.kernel import events
from meguru.triggers import operations as triggers
from meguru.triggers.chains import MAX_DEPTH
from meguru.triggers.evaluate import Evaluator

pytest_plugins = ["meguru.testing.fixtures"]


def log(workspace, type):
    with workspace.read() as tx:
        return events.read(tx, types=(type,), limit=1000)


def quiet(workspace):
    while Evaluator(workspace).step():
        pass


def make(workspace, name, on, note):
    triggers.create(workspace, name=name, on={"event": on}, action={"note": note})


def test_a_loop_of_two_is_named_from_one_to_itself_and_asks_for_a_person_once(workspace, say):
    make(workspace, "retrain", "note.first", "done")
    make(workspace, "release", "note.done", "first")
    make(workspace, "beside", "note.done", "seen")
    say("note.first")
    quiet(workspace)
    assert len(log(workspace, "trigger.fired")) <= 2 * MAX_DEPTH
    (told,) = log(workspace, "trigger.looped")
    assert told.data["loop"] in (["retrain", "release", "retrain"], ["release", "retrain", "release"])
    name = told.subject.removeprefix("trigger/")
    assert told.data["loop"][0] == told.data["loop"][-1] == name
    last = triggers.history(workspace, name=name, limit=1).items[0]
    assert last.state == "suppressed"
    assert last.reason.startswith(f"a loop, {' -> '.join(told.data['loop'])}: 20 firings in a row")


def test_a_long_chain_that_is_no_loop_is_not_called_one(workspace, say):
    names = ["first", "done", "half", "seen", "x"]
    for before, after in pairwise(names):
        make(workspace, f"on-{before}", f"note.{before}", after)
    say("note.first")
    quiet(workspace)
    assert len(log(workspace, "trigger.fired")) == 4
    assert not log(workspace, "trigger.looped")
