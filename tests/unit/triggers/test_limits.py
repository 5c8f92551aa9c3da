"""Filter, key, quiet time, budget: what holds a match back, what is owed, and what is one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.errors import InvalidInput
from meguru.kernel import events
from meguru.kernel.operations import Context, Operation
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.types import TriggerBudget

pytest_plugins = ["meguru.testing.fixtures"]


def _say(ctx: Context, *, data: dict[str, object]) -> str:
    return ctx.emit("note.seen", "note/seen", data=data).id


_SAY = Operation(_say, "test.say_data", "test:write", query=False, evented=True)


@pytest.fixture
def tell(workspace, clock):
    """Emit an event with data."""
    workspace.clock = clock
    return lambda **data: workspace.execute(_SAY, {"data": data})


def make(workspace, **options):
    return triggers.create(
        workspace, name="act", on={"event": "note.seen"}, action={"note": "done"}, **options
    )


def shown(workspace):
    return list(reversed(triggers.history(workspace, name="act", limit=1000).items))


def states(workspace):
    return [each.state.value for each in shown(workspace)]


def test_a_filter_lets_in_what_it_says_and_counts_the_rest_in_one_row_a_day(workspace, tell, clock):
    make(workspace, filter="rows > 100 and data.source != 'test'")
    evaluator = Evaluator(workspace)
    for rows in (1, 50, 500, 7):
        tell(rows=rows, source="shop")
    tell(rows=900, source="test")
    tell(source="shop")
    evaluator.step()
    clock.move(timedelta(days=1))
    tell(rows=3)
    evaluator.step()
    found = {(each.state.value, each.repeats) for each in shown(workspace)}
    assert found == {("fired", 0), ("filtered", 4), ("filtered", 0)}
    kept = next(each for each in shown(workspace) if each.state == "filtered")
    assert "rows > 100" in kept.reason
    assert evaluator.step() == 0


def test_one_message_delivered_a_hundred_times_fires_once(workspace, tell):
    make(workspace, key="message")
    evaluator = Evaluator(workspace)
    for turn in range(100):
        tell(message="m-1")
        if turn % 10 == 0:
            evaluator.step()
    tell(message="m-2")
    evaluator.step()
    assert [(each.state.value, each.key, each.repeats) for each in shown(workspace)] == [
        ("fired", "key:m-1", 99),
        ("fired", "key:m-2", 0),
    ]


def test_without_a_value_for_its_key_each_event_is_its_own_and_long_keys_are_whole(workspace, tell):
    make(workspace, key="message")
    for message in (None, None, "x" * 5000, "x" * 5000, "x" * 4999 + "y"):
        tell(message=message)
    Evaluator(workspace).step()
    assert states(workspace) == ["fired"] * 4


def test_debounced_matches_fire_once_it_is_quiet_with_the_newest(workspace, tell, clock):
    make(workspace, debounce=60)
    evaluator = Evaluator(workspace)
    seen = []
    for _ in range(5):
        seen.append(tell(n=1))
        evaluator.step()
        clock.move(timedelta(seconds=30))
    assert states(workspace) == ["suppressed"] * 4 + ["owed"]
    assert evaluator.rest() <= 1
    clock.move(timedelta(seconds=31))
    assert evaluator.step() == 1
    assert [(each.state.value, each.event) for each in shown(workspace)][-1] == ("fired", seen[-1])
    assert states(workspace).count("fired") == 1


def test_what_never_is_quiet_fires_after_the_longest_wait(workspace, tell, clock):
    make(workspace, debounce=60, debounce_max=120)
    evaluator = Evaluator(workspace)
    for _ in range(9):
        tell(n=1)
        evaluator.step()
        clock.move(timedelta(seconds=30))
        evaluator.step()
    fired = [each.at for each in shown(workspace) if each.state == "fired"]
    assert [(at - fired[0]).total_seconds() for at in fired] == [0, 120]


@pytest.mark.parametrize("budget", [{"runs": 2}, {"runs": 2, "per": "month"}])
def test_what_is_over_the_budget_is_owed_until_the_next_day_or_month(workspace, tell, clock, budget):
    make(workspace, budget=TriggerBudget(**budget))
    evaluator = Evaluator(workspace)
    for _ in range(4):
        tell()
        evaluator.step()
    assert states(workspace) == ["fired", "fired", "suppressed", "owed"]
    assert "its budget of 2 firings" in shown(workspace)[-1].reason
    clock.move(timedelta(hours=13))
    assert evaluator.step() == (budget.get("per") != "month")
    clock.move(timedelta(days=31))
    evaluator.step()
    assert states(workspace) == ["fired", "fired", "suppressed", "fired"]


def test_what_is_over_the_daily_limit_is_owed_and_fires_when_it_may(workspace, tell, clock):
    make(workspace, max_per_day=1)
    evaluator = Evaluator(workspace)
    for _ in range(20):
        tell()
        evaluator.step()
    assert states(workspace).count("owed") == 1
    clock.move(timedelta(hours=23))
    assert evaluator.step() == 0
    clock.move(timedelta(hours=2))
    assert evaluator.step() == 1
    assert states(workspace).count("fired") == 2


def test_a_clock_that_was_set_back_makes_nobody_wait_for_the_future(workspace, tell, clock):
    make(workspace, cooldown=3600, debounce=60)
    evaluator = Evaluator(workspace)
    tell()
    evaluator.step()
    clock.move(timedelta(days=-300))
    assert evaluator.step() == 1, "what waited for quiet fires"
    clock.move(timedelta(days=-30))
    tell()
    evaluator.step()
    clock.move(timedelta(seconds=61))
    assert evaluator.step() == 1
    assert states(workspace) == ["fired", "fired"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"filter": "rows >"}, "filter"),
        ({"key": "open('x')"}, "key"),
        ({"debounce": -1}, "debounce"),
        ({"debounce": float("nan")}, "debounce"),
        ({"debounce": 60, "debounce_max": 10}, "debounce_max"),
        ({"budget": TriggerBudget()}, "budget"),
        ({"budget": TriggerBudget(runs=0)}, "budget"),
    ],
)
def test_limits_that_make_no_sense_are_refused(workspace, options, field):
    with pytest.raises(InvalidInput) as refused:
        make(workspace, **options)
    assert refused.value.field == field


def test_a_filter_that_asks_for_what_no_event_has_is_refused_with_what_there_is(workspace):
    on = {"event": "dataset_version.created"}
    for asked in ("row > 10", "data.row > 10"):
        with pytest.raises(InvalidInput) as refused:
            triggers.create(workspace, name="x", on=on, action={"note": "done"}, filter=asked)
        assert "'row'" in refused.value.what
        assert "rows" in refused.value.hint
    made = triggers.create(workspace, name="x", on=on, action={"note": "done"}, filter="rows > 10")
    assert made.filter == "rows > 10"


def test_a_calendar_has_no_filter(workspace):
    with pytest.raises(InvalidInput, match="calendar"):
        triggers.create(
            workspace, name="x", on={"cron": "0 2 * * *"}, action={"note": "done"}, filter="rows > 1"
        )


def test_the_log_stays_whole(workspace, tell, clock):
    make(workspace, debounce=5, key="n", filter="n > 1")
    for n in (1, 2, 2, 3):
        tell(n=n)
    Evaluator(workspace).step()
    clock.move(timedelta(seconds=6))
    Evaluator(workspace).step()
    assert sorted(states(workspace)) == ["filtered", "fired", "suppressed"]
    with workspace.read() as tx:
        assert events.verify(tx).intact
