"""The pages of backfills, and what triggers missed."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from meguru.backfills import operations as backfills
from meguru.backfills.work import see_through
from meguru.pipelines.load import register_file
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator

DAILY = """
    from datetime import date
    from meguru import pipeline, step

    @step
    def load(day: date) -> int:
        if day.day == 2:
            raise RuntimeError("<b>bad</b> luck")
        return day.day

    @pipeline
    def daily(day: date, region: str = "eu"):
        return load(day)
"""


@pytest.fixture
def done(workspace, tmp_path):
    (tmp_path / "daily.py").write_text(dedent(DAILY))
    register_file(workspace, f"{tmp_path}/daily.py:daily")
    made = backfills.start(
        workspace, pipeline="daily", first="2024-01-01", last="2024-01-03", on_failure="go-on"
    )
    return see_through(workspace, made.id)


def test_without_a_backfill_the_page_says_how_to_start_one(browser):
    assert "meguru backfill start" in browser.get("/ui/backfills").text


def test_the_page_of_a_backfill_has_its_partitions_and_their_reasons(browser, done):
    assert f"/ui/backfills/{done.id}" in browser.get("/ui/backfills").text
    page = browser.get(f"/ui/backfills/{done.id}").text
    assert all(f"2024-01-0{day}" in page for day in (1, 2, 3))
    assert "&lt;b&gt;bad&lt;/b&gt; luck" in page
    assert f"meguru backfill retry {done.id}" in page
    failed = browser.get(f"/ui/backfills/{done.id}?state=failed").text
    assert "2024-01-02" in failed
    assert "2024-01-03" not in failed


@pytest.mark.parametrize(
    "path", ["/ui/backfills/bf-none", "/ui/backfills/{id}?state=odd", "/ui/backfills/{id}?after=x"]
)
def test_what_is_not_there_is_an_error_page(browser, done, path):
    assert browser.get(path.format(id=done.id)).status_code in {400, 404, 422}


def test_the_page_of_a_run_says_which_partition_it_is_for(browser, workspace, done):
    (part, *_) = backfills.list_partitions(workspace, backfill=done.id).items
    page = browser.get(f"/ui/pipelines/runs/{part.run}").text
    assert f"/ui/backfills/{done.id}" in page
    assert "2024-01-01" in page


def test_the_page_of_triggers_shows_what_was_missed_and_why(browser, workspace, clock, done):
    workspace.clock = clock
    triggers.create(workspace, name="nightly", on={"cron": "0 2 * * *"}, action={"pipeline": "daily"})
    triggers.pause(workspace, name="nightly")
    clock.move(timedelta(days=1))
    Evaluator(workspace).step()
    page = browser.get("/ui/triggers").text
    assert "the trigger is paused" in page
    assert "2026-03-02T02:00:00+00:00" in page
