"""The page of a run's logs: lines with streams and times, live while the run moves, hostile text harmless."""

from __future__ import annotations

import pytest

from meguru.pipelines.load import register_file
from meguru.pipelines.logs import tail
from meguru.pipelines.logs.records import head
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
    page = browser.get(place, params={"fragment": "1"}).text
    assert "so far" in page
    assert "data-moving" in page
