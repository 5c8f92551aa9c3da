"""The page of a run's logs: lines with streams and times, live while the run moves, hostile text harmless."""

from __future__ import annotations

import re

import pytest

from meguru.compute.logs.records import head
from meguru.pipelines.load import register_file
from meguru.pipelines.logs import tail
from meguru.pipelines.logs.tail import StepLogs
from meguru.pipelines.runner import work_on
from meguru.pipelines.start import start

FLOW = """
import sys
from meguru import pipeline, step

@step
def one() -> int:
    print("<script>alert(1)</script>")
    print("careful", file=sys.stderr)
    return 1

@step
def two(n: int) -> int:
    print("from two")
    return n

@pipeline
def flow():
    return two(one())
"""


@pytest.fixture
def run(workspace, tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    return start(workspace, pipeline=register_file(workspace, f"{tmp_path / 'flow.py'}:flow").ref)


def test_a_page_shows_the_lines_of_all_steps_or_of_one_and_its_end_tells_the_browser_to_stop(
    browser, workspace, run
):
    assert work_on(workspace, run.job)
    place = f"/ui/pipelines/runs/{run.id}/log"
    page = browser.get(place).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert 'class="line err"' in page
    assert "from two" in page
    assert "data-moving" not in page
    assert "from two" not in browser.get(place, params={"step": "one"}).text
    found = browser.get(place, params={"words": "careful"}).text
    assert "careful" in found
    assert "from two" not in found
    assert browser.get(place, params={"step": "three"}).status_code == 404
    assert place in browser.get(f"/ui/pipelines/runs/{run.id}").text


def test_a_page_of_a_moving_run_shows_what_was_printed_so_far_and_asks_again(
    browser, workspace, run, tmp_path, monkeypatch
):
    monkeypatch.setattr(tail, "PACE_SECONDS", 0.0)
    place = f"/ui/pipelines/runs/{run.id}/log"
    assert "data-moving" in browser.get(place).text
    (tmp_path / "log").write_bytes(head(b"o", 10**15, 7) + b"so far\n")
    logs = StepLogs(workspace, run.id)
    logs.open("one", 1, tmp_path / "log")
    logs.poll()
    page = browser.get(place).text
    assert "so far" in page
    assert "data-moving" in page
    fragment = browser.get(place, params={"fragment": "1"}).text
    assert "data-moving" in fragment
    assert "so far" not in fragment, "lines come by themselves, once"


def test_only_new_lines_are_sent_older_ones_are_reached_and_all_are_downloaded(browser, workspace, run):
    assert work_on(workspace, run.job)
    place = f"/ui/pipelines/runs/{run.id}/log"
    first, *_, last = re.findall(r'datetime="([^"]+)"', browser.get(place, params={"step": "one"}).text)
    new = browser.get(f"{place}/lines", params={"step": "one", "after": first}).text
    assert "careful" in new
    assert "alert(1)" not in new
    assert "<html" not in new
    assert "class=" not in browser.get(f"{place}/lines", params={"step": "one", "after": last}).text
    again = browser.get(f"{place}/lines", params={"after": last}).text
    assert "from two" in again, "of several steps the last seconds are looked at again"
    older = browser.get(place, params={"step": "one", "before": last}).text
    assert "alert(1)" in older
    assert "careful" not in older
    assert "data-moving" not in older
    whole = browser.get(f"{place}.txt")
    assert whole.headers["content-type"].startswith("text/plain")
    assert [line.partition(" ")[2] for line in whole.text.splitlines()] == [
        "one <script>alert(1)</script>",
        "one careful",
        "two from two",
    ]
    assert "from two" not in browser.get(f"{place}.txt", params={"step": "one"}).text
    assert browser.get(place, params={"before": "yesterday"}).status_code == 422
    assert browser.get(f"{place}/lines", params={"after": "2026-03-01T12:00:00"}).status_code == 422
