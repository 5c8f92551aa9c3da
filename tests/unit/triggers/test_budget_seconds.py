"""A budget of seconds counts how long the steps took of what the trigger started."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from meguru.app.jobs import HANDLERS
from meguru.kernel.jobs import Worker
from meguru.pipelines.load import register_file
from meguru.triggers import operations as triggers
from meguru.triggers import store
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.policies import begin_of, end_of
from meguru.triggers.types import TriggerBudget

pytest_plugins = ["meguru.testing.fixtures"]

PIPELINE = """
    from meguru import pipeline, step

    @step
    def wait(n: int) -> int:
        return n

    @pipeline
    def short(n: int = 1):
        return wait(n)
"""


def test_what_the_runs_took_is_spent_and_the_next_match_is_owed(workspace, say, tmp_path):
    (tmp_path / "short.py").write_text(dedent(PIPELINE))
    register_file(workspace, f"{tmp_path}/short.py:short")
    triggers.create(
        workspace,
        name="short",
        on={"event": "note.seen"},
        action={"pipeline": "short"},
        budget=TriggerBudget(seconds=0.0001, per="month"),
    )
    say("note.seen")
    Evaluator(workspace).step()
    (fired,) = triggers.history(workspace, name="short", limit=10).items
    assert Worker(workspace, HANDLERS).run_job(fired.job)
    now = workspace.clock.now()
    begin = begin_of(TriggerBudget(per="month"), now)
    with workspace.read() as tx:
        spent = store.seconds_since(tx, "short", begin)
    assert 0 < spent < 60
    say("note.seen")
    Evaluator(workspace).step()
    owed = triggers.history(workspace, name="short", limit=10).items[0]
    assert owed.state == "owed"
    assert "its budget is 0.0001 s a month" in owed.reason


def test_the_runs_of_the_month_are_not_read_again_at_each_step_while_a_match_is_owed(
    workspace, say, clock, monkeypatch
):
    """Any event leads to a step while something is owed, up to twenty times a second."""
    workspace.clock = clock
    spent, asked = 10.0, []
    monkeypatch.setattr(store, "seconds_since", lambda *_: asked.append(1) or spent)
    declared = {"name": "short", "on": {"event": "note.seen"}, "action": {"note": "done"}}
    triggers.create(workspace, **declared, budget=TriggerBudget(seconds=5.0))
    evaluator = Evaluator(workspace)
    say("note.seen")
    evaluator.step()
    evaluator.step()
    before = len(asked)
    for _ in range(5):
        evaluator.step()
    assert len(asked) == before
    clock.move(timedelta(seconds=61))
    evaluator.step()
    assert len(asked) == before + 1
    spent = 0.0
    triggers.pause(workspace, name="short")
    evaluator.step()
    triggers.resume(workspace, name="short")  # as when it is declared anew, it is another version
    assert evaluator.step() == 1
    assert triggers.history(workspace, name="short", limit=10).items[0].state == "fired"


@pytest.mark.parametrize(("per", "begin", "end"), [("day", "03-01", "03-02"), ("month", "03-01", "04-01")])
def test_a_budget_is_of_a_calendar_day_or_month(clock, per, begin, end):
    budget = TriggerBudget(runs=1, per=per)
    assert f"{begin_of(budget, clock.now()):%m-%d}" == begin
    assert f"{end_of(budget, clock.now()):%m-%d}" == end
