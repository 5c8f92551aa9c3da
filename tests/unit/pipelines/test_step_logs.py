"""Logs of steps: readable while they run, kept when they end, whoever dies in between."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from meguru.compute.logs.records import head
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.pipelines import cleanup, runs
from meguru.pipelines.cancel import cancel
from meguru.pipelines.load import register_file
from meguru.pipelines.logs import store, tail
from meguru.pipelines.logs.read import ALL, read_log
from meguru.pipelines.logs.search import search_logs
from meguru.pipelines.logs.tail import StepLogs, end_orphaned_logs
from meguru.pipelines.logs.types import Log
from meguru.pipelines.retained import LogRecords
from meguru.pipelines.start import start
from meguru.pipelines.transitions import new_run
from meguru.pipelines.types import StepRun, StepState

TALK = """
    import logging, os, sys, time
    from pathlib import Path
    from meguru import pipeline, step

    @step(retries=1, cache={cache})
    def talk(gate: str) -> int:
        print("begun", os.environ.get("MEGURU_TEST_PASSWORD"))
        logging.getLogger("talk").warning("careful")
        tries = Path(gate + ".tries")
        tries.write_text((tries.read_text() if tries.exists() else "") + "x")
        while not Path(gate).exists():
            time.sleep(0.01)
        if len(tries.read_text()) == 1 and "retry" in gate:
            raise ValueError("with " + os.environ["MEGURU_TEST_PASSWORD"])
        print("ended", file=sys.stderr)
        return 1

    @step
    def quiet(n: int) -> int:
        return n

    @step
    def after(n: int) -> int:
        print("after")
        return n

    @pipeline
    def talks(gate: str):
        return after(quiet(talk(gate)))
"""


@pytest.fixture
def talks(project, tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_TEST_PASSWORD", "hunter2-hunter2")
    monkeypatch.setattr(tail, "PACE_SECONDS", 0.05)
    project.write("talks.py", TALK.format(cache=True))
    return project


def said(ws, ref, **asked):
    return [(line.step, line.stream, line.text) for line in read_log(ws, ref=ref, **asked).lines]


def test_lines_of_a_running_step_are_readable_and_masked_then_replaced_by_what_is_kept(talks, tmp_path):
    gate, seen = tmp_path / "gate", threading.Event()
    live = []

    def look():
        while not seen.wait(0.02):
            with talks.ws.read() as tx:
                going = store.unended(tx)
            if going:
                page = read_log(talks.ws, ref=f"{going[0].run}.talk")
                if len(page.lines) == 2:
                    live.append(page)
                    gate.touch()
                    return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        run = talks.run("talks.py:talks", gate=str(gate))
    finally:
        seen.set()
        gate.touch()
        thread.join()
    assert live[0].live
    assert [line.text for line in live[0].lines] == ["begun ***", "careful"]
    kept = read_log(talks.ws, ref=f"{run.id}.talk")
    assert not kept.live
    assert kept.lines[:2] == live[0].lines
    assert said(talks.ws, run.id) == [
        ("talk", "out", "begun ***"),
        ("talk", "warning", "careful"),
        ("talk", "err", "ended"),
        ("after", "out", "after"),
    ]
    with talks.ws.read() as tx:
        (log,) = store.of_run(tx, run.id, step="talk")
        assert store.chunks(tx, log) == []
        assert store.unended(tx) == []
    assert b"hunter2-hunter2" not in b"".join(
        path.read_bytes()
        for path in talks.ws.root.rglob("*")
        if path.is_file() and "sources" not in str(path)
    )


def test_each_attempt_has_a_log_and_its_error_shows_no_secret(talks, tmp_path):
    gate = tmp_path / "retry"
    gate.touch()
    run = talks.run("talks.py:talks", gate=str(gate))
    with talks.ws.read() as tx:
        (failed,) = events.read(tx, types=["step_run.failed"])
    assert failed.data["message"] == "with ***"
    first = said(talks.ws, f"{run.id}.talk", attempt=1)
    assert [text for _, _, text in first][:3] == [
        "begun ***",
        "careful",
        "Traceback (most recent call last):",
    ]
    assert (first[-1][1], first[-1][2]) == ("error", "ValueError: with ***")
    assert [text for _, _, text in said(talks.ws, f"{run.id}.talk")] == ["begun ***", "careful", "ended"]
    assert len(said(talks.ws, f"{run.id}.talk", attempt=ALL)) == len(first) + 3


def test_the_log_of_a_cached_step_is_that_of_the_step_that_ran(talks, tmp_path):
    gate = tmp_path / "gate"
    gate.touch()
    talks.run("talks.py:talks", gate=str(gate))
    again = talks.run("talks.py:talks", gate=str(gate))
    assert again.steps[0].state is StepState.CACHED
    assert [text for _, _, text in said(talks.ws, f"{again.id}.talk")] == ["begun ***", "careful", "ended"]
    assert said(talks.ws, again.id) == []
    assert said(talks.ws, f"{again.id}.quiet") == []


def test_a_log_is_read_from_a_moment_on_by_its_words_or_from_its_end(talks, tmp_path):
    gate = tmp_path / "gate"
    gate.touch()
    run = talks.run("talks.py:talks", gate=str(gate))
    lines = read_log(talks.ws, ref=run.id).lines
    assert read_log(talks.ws, ref=run.id, after=lines[1].at).lines == lines[2:]
    assert read_log(talks.ws, ref=run.id, after=lines[-1].at + timedelta(seconds=9)).lines == []
    assert read_log(talks.ws, ref=run.id, tail=2).lines == lines[-2:]
    page = read_log(talks.ws, ref=run.id, limit=3)
    assert (page.lines, page.more) == (lines[:3], True)
    assert said(talks.ws, run.id, grep="CAREFUL") == []
    assert said(talks.ws, run.id, grep="careful") == [("talk", "warning", "careful")]
    with pytest.raises(NotFound, match="no step that has begun 'tork'"):
        read_log(talks.ws, ref=f"{run.id}.tork")
    with pytest.raises(InvalidInput, match="at most"):
        read_log(talks.ws, ref=run.id, limit=10**9)


def test_the_logs_of_a_run_and_of_recent_runs_are_searched(talks, tmp_path, monkeypatch):
    gate = tmp_path / "retry"
    gate.touch()
    talks.write("talks.py", TALK.format(cache=False))
    first = talks.run("talks.py:talks", gate=str(gate))
    second = talks.run("talks.py:talks", gate=str(gate))
    hits = search_logs(talks.ws, text="begun", pipeline="talks").lines
    assert [(hit.run, hit.attempt) for hit in hits] == [(second.id, 1), (first.id, 1), (first.id, 2)]
    assert len(search_logs(talks.ws, text="begun", run=first.id).lines) == 2
    assert search_logs(talks.ws, text="begun", run=first.id, step="after").lines == []
    with monkeypatch.context() as patch:  # what is not looked at is not said to hold nothing
        patch.setattr(store, "MAX_LOGS", 1)
        assert search_logs(talks.ws, text="after", run=first.id).more
        assert read_log(talks.ws, ref=first.id).more
        assert not read_log(talks.ws, ref=first.id, grep="nobody printed this").more  # nothing to go on after
    one = search_logs(talks.ws, text="begun", pipeline="talks", limit=1)
    assert (len(one.lines), one.more) == (1, True)
    for wrong in ({}, {"run": first.id, "pipeline": "talks"}, {"run": first.id, "limit": 0}):
        with pytest.raises(InvalidInput):
            search_logs(talks.ws, text="x", **wrong)


def test_the_lines_that_a_dead_process_wrote_are_kept(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(tail, "PACE_SECONDS", 0.0)
    path = tmp_path / "log"
    path.write_bytes(head(b"o", 10**15, 4) + b"one\n")
    logs = StepLogs(workspace, "prun-1")
    logs.open("a", 1, path)
    logs.poll()
    path.write_bytes(path.read_bytes() + head(b"o", 10**15 + 5, 4) + b"two\n")
    logs.poll()
    end_orphaned_logs(workspace, "prun-1")  # another process took the run over; this one was only slow
    path.write_bytes(path.read_bytes() + head(b"o", 10**15 + 9, 5) + b"late\n")
    logs.poll()
    logs.close("a")
    logs.end()
    with workspace.read() as tx:
        (log,) = store.of_run(tx, "prun-1")
        assert (log.lines, store.unended(tx), store.chunks(tx, log)) == (2, [], [])
        assert workspace.blobs.get_bytes(log.blob).decode().endswith(" out two\n")


def test_the_lines_kept_in_the_database_are_bounded(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(tail, "PACE_SECONDS", 0.0)
    path = tmp_path / "log"
    logs = StepLogs(workspace, "prun-1")
    logs.open("a", 1, path)
    for _ in range(8):
        with path.open("ab") as file:
            file.write(b"a line of some length, as steps print it\n" * 20_000)
        logs.poll()
    with workspace.read() as tx:
        (log,) = store.unended(tx)
        kept = sum(map(len, store.chunks(tx, log)))
    assert 300_000 < kept < 2_000_000
    logs.end()
    with workspace.read() as tx:
        assert store.unended(tx) == []


def test_a_step_that_prints_nothing_has_no_log(workspace, tmp_path):
    logs = StepLogs(workspace, "prun-1")
    (tmp_path / "log").touch()
    logs.open("a", 1, tmp_path / "log")
    logs.open("b", 1, tmp_path / "never made")
    logs.poll()
    assert (logs.close("a"), logs.close("b")) == (None, None)
    logs.end()
    with workspace.read() as tx:
        assert store.of_run(tx, "prun-1") == []


def test_what_dead_workers_left_of_ended_runs_is_cleared_up_and_nothing_else(talks, tmp_path, monkeypatch):
    monkeypatch.setattr(tail, "PACE_SECONDS", 0.0)
    version = register_file(talks.ws, f"{talks.folder}/talks.py:talks").ref
    ended, going = (start(talks.ws, pipeline=version, params={"gate": str(n)}).id for n in range(2))
    path = tmp_path / "log"
    path.write_bytes(head(b"o", 10**15, 4) + b"one\n")
    steps = talks.ws.cache_folder("steps")
    for run in (ended, going, "prun-of-another-workspace"):
        (steps / run / "talk-1").mkdir(parents=True)
        logs = StepLogs(talks.ws, run)
        logs.open("talk", 1, path)
        logs.poll()
    cancel(talks.ws, run=ended)
    drafts = talks.ws.blobs.folder / "tmp"
    for name, age in (("old", 7200), ("new", 60)):
        (drafts / name).write_bytes(b"half")
        os.utime(drafts / name, (time.time() - age,) * 2)
    assert cleanup.clean_up(talks.ws) == [ended]
    assert {folder.name for folder in steps.iterdir()} == {going, "prun-of-another-workspace"}
    assert [draft.name for draft in drafts.iterdir()] == ["new"]
    with talks.ws.read() as tx:
        assert {log.run for log in store.unended(tx)} == {going, "prun-of-another-workspace"}
    assert said(talks.ws, f"{ended}") == [("talk", "out", "one")]


MAPPED = """
    from meguru import pipeline, step

    @step
    def part(n: int) -> int:
        for line in range(3):
            print(f"{n}.{line}")
        return n

    @pipeline
    def parts(items: list[int]):
        return part.map(items)
"""


def test_the_log_of_a_mapped_step_is_that_of_its_calls(project):
    project.write("parts.py", MAPPED)
    run = project.run("parts.py:parts", items=[0, 1, 2])
    found = read_log(project.ws, ref=f"{run.id}.part").lines
    assert sorted(line.text for line in found) == [f"{n}.{line}" for n in range(3) for line in range(3)]
    assert {line.step for line in found} == {"part.0", "part.1", "part.2"}
    assert found == sorted(found, key=lambda line: line.at) == read_log(project.ws, ref=run.id).lines
    for count in (1, 2, 5, 9, 50):
        assert read_log(project.ws, ref=run.id, tail=count).lines == found[-count:]
        assert (
            read_log(project.ws, ref=run.id, tail=count, grep=".1").lines
            == [line for line in found if ".1" in line.text][-count:]
        )
    assert said(project.ws, f"{run.id}.part.1") == [("part.1", "out", f"1.{line}") for line in range(3)]


def test_a_log_that_is_too_old_goes_alone_though_a_younger_step_printed_the_same(workspace, tmp_path):
    with workspace.db.write() as tx:
        for run in ("old", "new"):
            at = datetime(2026, 1, 1 if run == "old" else 9, tzinfo=UTC)
            one = StepRun(
                id=f"{run}.a", run=run, pipeline="p", step="a", state=StepState.SUCCEEDED, log="digest"
            )
            runs.add(tx, msgspec.structs.replace(new_run("p", 1, {}, {}, at=at, by="me"), id=run))
            runs.put_steps(tx, [one], ())
            log = Log(step_run=one.id, attempt=1, run=run, step="a", begun_at=at, ended_at=at, blob="digest")
            store.put(tx, log, known=False)
        ctx = SimpleNamespace(tx=tx)
        assert LogRecords().remove(ctx, "pipeline/p", datetime(2026, 1, 5, tzinfo=UTC)) == (1, 0)
        assert {run: runs.steps(tx, run)["a"].log for run in ("old", "new")} == {"old": None, "new": "digest"}
