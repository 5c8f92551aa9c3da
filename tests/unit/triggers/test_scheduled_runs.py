"""A run that a calendar starts knows the moment it is for, not the one at which it began."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from meguru.pipelines.load import register_file
from meguru.pipelines.show import list_runs
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator

pytest_plugins = ["meguru.testing.fixtures"]

DAILY = """
    from datetime import date, datetime
    from meguru import pipeline, step

    @step
    def say(what: str) -> str:
        return what

    @pipeline
    def daily(what: str, day: date, month: str = ""):
        return say(what)

    @pipeline
    def told(scheduled_at: datetime):
        return say("x")

    @pipeline
    def dated(scheduled_at: date):
        return say("x")
"""


@pytest.fixture
def ws(workspace, clock, tmp_path):
    workspace.clock = clock
    (tmp_path / "daily.py").write_text(dedent(DAILY))
    for name in ("daily", "told", "dated"):
        register_file(workspace, f"{tmp_path}/daily.py:{name}")
    return workspace


def started(ws, clock, action):
    on = {"cron": "0 2 * * *", "tz": "Asia/Tokyo"}
    triggers.create(ws, name="nightly", on=on, action=action)
    clock.move(timedelta(hours=8))  # two in Tokyo was three hours ago
    Evaluator(ws).step()
    (run,) = list_runs(ws).items
    assert run.origin == "trigger/nightly"
    return run.params


def test_words_in_braces_stand_for_the_moment(ws, clock):
    params = {"what": "of {date} at {scheduled_at} {else}", "day": "{date}", "month": "{month}"}
    assert started(ws, clock, {"pipeline": "daily", "params": params}) == {
        "what": "of 2026-03-02 at 2026-03-01T17:00:00Z {else}",
        "day": "2026-03-02",
        "month": "2026-03",
    }


@pytest.mark.parametrize(("pipeline", "value"), [("told", "2026-03-01T17:00:00Z"), ("dated", "2026-03-02")])
def test_a_parameter_called_scheduled_at_gets_it_as_its_type_has_it(ws, clock, pipeline, value):
    assert started(ws, clock, {"pipeline": pipeline}) == {"scheduled_at": value}


def test_a_value_that_is_given_stays(ws, clock):
    action = {"pipeline": "told", "params": {"scheduled_at": "2020-01-01T00:00:00Z"}}
    assert started(ws, clock, action) == {"scheduled_at": "2020-01-01T00:00:00Z"}
