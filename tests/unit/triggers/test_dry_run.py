"""A dry run says what the trigger would have done, as it then does it, and writes nothing."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from meguru.errors import NotFound
from meguru.kernel import events
from meguru.kernel.operations import Context, Operation
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.schema import firing
from meguru.triggers.types import TriggerBudget

pytest_plugins = ["meguru.testing.fixtures"]


def _say(ctx: Context, *, n: int) -> str:
    return ctx.emit("note.seen", "note/seen", data={"n": n}).id


_SAY = Operation(_say, "test.say_number", "test:write", query=False, evented=True)


def make(workspace, **options):
    return triggers.create(
        workspace, name="act", on={"event": "note.seen"}, action={"note": "done"}, **options
    )


def foreseen(workspace, **asked):
    return triggers.try_out(workspace, name="act", limit=1000, **asked)


def written(workspace):
    with workspace.read() as tx:
        return events.head(tx), tx.execute(select(func.count()).select_from(firing)).scalar_one()


@pytest.mark.parametrize(
    "options",
    [
        {"debounce": 50, "debounce_max": 100},
        {"cooldown": 100, "max_per_day": 3},
        {"filter": "n != 2", "key": "n", "debounce": 30, "cooldown": 120, "budget": TriggerBudget(runs=5)},
    ],
)
def test_it_foresees_what_the_evaluator_then_did(workspace, clock, options):
    workspace.clock = clock
    draw = random.Random(7)
    make(workspace, **options)
    evaluator = Evaluator(workspace)
    begin = clock.now()
    for _ in range(12):
        workspace.execute(_SAY, {"n": draw.randrange(10)})
        evaluator.step()
        for _ in range(draw.choice((1, 2, 6))):
            clock.move(timedelta(seconds=10))
            evaluator.step()
    done = triggers.history(workspace, name="act", limit=1000).items
    before = written(workspace)
    told = foreseen(workspace, since=begin)
    assert written(workspace) == before
    assert {(each.event, each.fires_at) for each in told.firings if each.state == "fired"} == {
        (each.event, each.at) for each in done if each.state == "fired"
    }
    owed = [[each.event for each in part if each.state == "owed"] for part in (told.firings, done)]
    assert owed[0] == owed[1]
    assert told.looked_at == 12


def test_one_event_is_asked_as_the_trigger_stands(workspace, clock):
    workspace.clock = clock
    make(workspace, filter="n > 3", cooldown=60)
    low, high = (workspace.execute(_SAY, {"n": n}) for n in (1, 5))
    assert foreseen(workspace, event=low).counts == {"filtered": 1}
    assert foreseen(workspace, event=high).counts == {"fired": 1}
    Evaluator(workspace).step()
    (again,) = foreseen(workspace, event=high).firings
    assert "its key came before" in again.reason
    (later,) = foreseen(workspace, event=workspace.execute(_SAY, {"n": 6})).firings
    assert later.state == "owed"
    assert later.fires_at == clock.now() + timedelta(seconds=60)
    with pytest.raises(NotFound):
        foreseen(workspace, event="evt-none")


def test_a_calendar_is_asked_for_a_moment_and_for_what_was(workspace, clock):
    workspace.clock = clock
    action = {"note": "done"}
    triggers.create(
        workspace, name="act", on={"cron": "0 2 * * *"}, action=action, budget=TriggerBudget(runs=1)
    )
    found = foreseen(workspace, since=clock.now() - timedelta(days=3))
    assert found.counts == {"fired": 3}
    at = clock.now().replace(hour=2) + timedelta(days=1)
    assert foreseen(workspace, at=at).counts == {"fired": 1}
    (no,) = foreseen(workspace, at=at + timedelta(minutes=1)).firings
    assert "the next one is 2026-03-03 02:00:00 UTC" in no.reason


def test_what_works_for_long_holds_back_what_comes_meanwhile(workspace, clock):
    workspace.clock = clock
    make(workspace)
    begin = clock.now()
    for _ in range(4):
        workspace.execute(_SAY, {"n": 1})
        clock.move(timedelta(minutes=1))
    clock.move(timedelta(hours=1))
    assert foreseen(workspace, since=begin).counts == {"fired": 4}
    assert foreseen(workspace, since=begin, takes=600).counts == {"fired": 2, "suppressed": 2}
