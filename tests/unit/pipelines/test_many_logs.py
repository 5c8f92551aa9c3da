"""More logs of a run than one call reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.pipelines.logs import store
from meguru.pipelines.logs.encoding import START, write
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.logs.types import Log

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def finished(project):
    project.write(
        "flow.py",
        """
        from meguru import pipeline, step

        @step
        def quiet() -> int:
            return 1

        @pipeline
        def flow():
            quiet()
        """,
    )
    return project.ws, project.run("flow.py:flow").id


def kept(ws, run, step, begun, ended, *moments):
    """Keep a log whose lines were printed so many seconds after the first."""
    at = int(BEGIN.timestamp() * 1_000_000)
    text = START + write([(at + int(each * 1_000_000), "out", f"{step} {each}") for each in moments])
    log = Log(
        step_run=f"{run}.{step}",
        attempt=1,
        run=run,
        step=step,
        begun_at=BEGIN + timedelta(seconds=begun),
        ended_at=BEGIN + timedelta(seconds=ended),
        blob=ws.blobs.put_bytes(text.encode()),
        lines=len(moments),
        size=len(text),
    )
    with ws.db.write() as tx:
        store.put(tx, log, known=False)


def pages(ws, run, **asked):
    after = None
    while True:
        page = read_log(ws, ref=run, after=after, **asked)
        yield [line.text for line in page.lines]
        if not page.more:
            return
        after = page.lines[-1].at


def test_whoever_reads_page_by_page_gets_each_line_of_logs_that_are_too_many_for_one(finished, monkeypatch):
    ws, run = finished
    monkeypatch.setattr(store, "MAX_LOGS", 2)
    kept(ws, run, "a", 0, 10, 1, 9)
    kept(ws, run, "b", 1, 9.5, 2, 9.2)
    kept(ws, run, "c", 3, 4, 3.5)  # it began and ended while the first two ran
    kept(ws, run, "d", 9.1, 11, 9.3)
    found = list(pages(ws, run))
    assert [text for page in found for text in page] == ["a 1", "b 2", "c 3.5", "a 9", "b 9.2", "d 9.3"]
    assert len(found) > 1
    # None that is read first has a line before the next begins: more are read, and nobody is sent in circles.
    assert [text for page in pages(ws, run, grep="c") for text in page] == ["c 3.5"]


def test_lines_of_one_moment_are_on_one_page(finished):
    ws, run = finished
    for step in "abc":
        kept(ws, run, step, 0, 5, 1, 2)
    found = list(pages(ws, run, limit=2))
    assert found == [["a 1", "b 1", "c 1"], ["a 2", "b 2", "c 2"]]
