"""Runs without a block: in a notebook, at the end of an interpreter, in threads, in forked processes."""

from __future__ import annotations

import gc
import logging
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from textwrap import dedent

import pytest

import meguru
from meguru.app import open_workspace
from meguru.app.run_api import run
from meguru.compute import step_metrics
from meguru.errors import Conflict, InvalidInput
from meguru.tracking import active, exits, session
from meguru.tracking.find import search
from meguru.tracking.operations import artifacts, list_runs, metric, show
from meguru.tracking.replay import send_abandoned
from meguru.tracking.run_ids import to_hex


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("MEGURU_NO_CAPTURE", "true")
    monkeypatch.setattr(session, "FLUSH_SECONDS", 0.02)
    with open_workspace() as ws:
        yield ws
    exits.end_all()
    assert active.all_open() == []


def values(ws, run_id, key="auc"):
    return [point.value for point in metric(ws, run=run_id, key=key).items]


def test_a_run_without_a_block_begins_at_once_and_ends_when_it_is_told(place):
    r = run("by hand", experiment="需要予測", params={"depth": 6})
    assert show(place, run=r.id).state == r.state == "running"
    r.log(auc=0.7)
    r.log(auc=0.9, loss=float("nan"))
    r.log(auc=0.8, step=0)
    assert r.metrics == {"auc": 0.9, "loss": pytest.approx(float("nan"), nan_ok=True)}
    r.end()
    r.end("failed")
    found = show(place, run=r.ref)
    assert (found.state, found.experiment, r.state) == ("succeeded", "需要予測", "succeeded")
    assert len(values(place, r.id)) == 3


def test_a_run_that_is_over_takes_nothing_and_is_not_entered_again(place, caplog):
    r = run("over")
    r.end("cancelled")
    r.log(auc=1.0)
    r.param(a=1)
    assert caplog.text.count("is over") == 2
    with pytest.raises(Conflict, match="is over"), r:
        pass
    with pytest.raises(InvalidInput, match="can't end as 'done'"):
        run("typo").end("done")


def test_log_goes_to_the_innermost_block(place):
    with run("outer") as outer:
        meguru.log(auc=0.1)
        with run("inner") as inner:
            meguru.log(auc=0.2)
            meguru.log({"val/auc": 0.3}, step=5)
        meguru.log(auc=0.4)
    assert values(place, outer.id) == [0.1, 0.4]
    assert values(place, inner.id) == [0.2]
    assert values(place, inner.id, "val/auc") == [0.3]
    assert show(place, run=inner.id).tags["mlflow.parentRunId"] == to_hex(outer.id)
    assert "mlflow.parentRunId" not in show(place, run=outer.id).tags


def test_log_goes_to_the_newest_run_of_a_notebook(place):
    first, second = run("first"), run("second")
    meguru.log(auc=0.2)
    second.end()
    meguru.log(auc=0.1)
    first.end()
    assert (values(place, first.id), values(place, second.id)) == ([0.1], [0.2])


def test_a_thread_logs_to_the_run_that_is_open_and_to_none_where_that_is_unclear(place, caplog, monkeypatch):
    monkeypatch.setattr(step_metrics, "_warned", set())

    def elsewhere(work):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    with run("one") as r:
        elsewhere(lambda: meguru.log(auc=0.5))
        others = []
        elsewhere(lambda: others.append(run("other")))
        elsewhere(lambda: meguru.log(auc=0.6))
    others[0].end()
    assert values(place, r.id) == [0.5]
    assert show(place, run=others[0].id).metrics == {}
    assert "several threads have runs open" in caplog.text


def test_log_where_no_run_is_open_says_so_once(place, caplog, monkeypatch):
    monkeypatch.setattr(step_metrics, "_warned", set())
    for _ in range(3):
        meguru.log(auc=0.5)
    (told,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert "keeps nothing" in told.getMessage()
    assert "test_open_runs.py" in told.getMessage()


def test_a_run_that_no_name_leads_to_ends_when_another_is_begun(place):
    r = run("cell")
    first = r.id
    meguru.log(auc=0.5)
    r = run("cell")  # the cell is run once more
    gc.collect()
    for thread in [each for each in threading.enumerate() if each.name == "run-pulse"]:
        thread.join(0.5)
    assert [each.name for each in search(place, query="state = 'succeeded'").items] == ["cell"]
    assert (show(place, run=first).state, show(place, run=r.id).state) == ("succeeded", "running")
    run("kept by nobody")
    gc.collect()
    meguru.log(auc=0.7)
    r.end()
    exits.end_all()
    assert {each.state for each in list_runs(place).items} == {"succeeded"}
    assert values(place, list_runs(place).items[0].id) == [0.7]


def test_an_exit_with_zero_is_no_failure(place):
    for code, state in ((None, "succeeded"), (0, "succeeded"), (3, "failed"), ("no data", "failed")):
        with pytest.raises(SystemExit), run() as r:
            raise SystemExit(code)
        assert show(place, run=r.id).state == state


def test_a_notebook_shows_a_run_with_what_it_logged_and_nothing_of_it_is_markup(place):
    r = run("<b>train</b>", experiment="<i>")
    r.log({f"m{index:02}": index / 3 for index in range(30)})
    card = r._repr_html_()
    assert "&lt;b&gt;train&lt;/b&gt;" in card
    assert "<b>" not in card
    assert "<i>" not in card
    assert re.search(r"m01</th><td>0\.333333<", card)
    assert repr(r).startswith("<meguru run <b>train</b> running · <i> · m00=0 m01=0.333333")
    assert r.url == ""
    r.end()


def test_a_run_is_not_sent_to_another_process(place):
    r = run()
    with pytest.raises(TypeError, match="can't be sent to another process"):
        pickle.dumps(r)
    r.end()


def test_a_forked_process_logs_to_the_run_and_does_not_end_it(place, tmp_path):
    (tmp_path / "note.txt").write_text("n")
    with run("forks") as r:
        r.log(auc=0.1)
        for index in range(2):
            child = os.fork()
            if not child:
                try:
                    meguru.log(auc=0.2, step=10 + index)
                    r.tag(**{f"child{index}": os.getpid()})
                    r.artifact(tmp_path / "note.txt", f"note{index}.txt")
                    r.end("failed")
                finally:
                    os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        assert show(place, run=r.id).state == "running"
        r.log(auc=0.3, step=20)
    found = show(place, run=r.id)
    assert (found.state, values(place, r.id)) == ("succeeded", [0.1, 0.2, 0.2, 0.3])
    assert {"child0", "child1"} <= found.tags.keys()
    assert [each.path for each in artifacts(place, run=r.id)] == ["note0.txt", "note1.txt"]
    assert list((tmp_path / "ws" / "spool").iterdir()) == []


ENDS = {
    "an end is a success": ("", "succeeded", ""),
    "an exception": ("raise ValueError('boo')", "failed", "ValueError: boo"),
    "an exit with a code": ("import sys; sys.exit(3)", "failed", "SystemExit: 3"),
    "an interrupt": ("raise KeyboardInterrupt", "cancelled", "KeyboardInterrupt"),
}


def test_runs_that_nobody_ended_end_with_the_interpreter(place, tmp_path):
    """All four ends at the same time, each in a process of its own."""
    script = dedent(
        """
        import os, meguru
        first, second = meguru.run({name!r}), meguru.run({name!r})
        first.log(auc=0.1)
        meguru.log(auc=0.2)
        if not os.fork():
            raise SystemExit  # a child's end is not the run's
        os.wait()
        {end}
        """
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script.format(name=name, end=end)],
            stderr=subprocess.PIPE,
            env={**os.environ, "MEGURU_WORKSPACE": str(tmp_path / "ws")},
        )
        for name, (end, _, _) in ENDS.items()
    ]
    for each in started:
        each.communicate(timeout=60)
    for name, (_, state, error) in ENDS.items():
        found = [each for each in list_runs(place).items if each.name == name]
        assert [each.state for each in found] == [state] * 2
        assert all(error in each.error for each in found)
        assert sorted(values(place, each.id) for each in found) == [[0.1], [0.2]]


def test_what_a_forked_process_logged_outlives_the_run_that_was_killed(place, tmp_path):
    script = dedent(
        """
        import os, signal, meguru
        from meguru.tracking import session
        session.FLUSH_SECONDS = 1e9
        r = meguru.run("killed")
        r.log(auc=0.1)
        if not os.fork():
            r.log(auc=0.2)
            os._exit(0)
        os.wait()
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        env={**os.environ, "MEGURU_WORKSPACE": str(tmp_path / "ws")},
    )
    assert done.returncode == -signal.SIGKILL
    (sent,) = send_abandoned(place, tmp_path / "ws" / "spool")
    found = show(place, run=sent.run)
    assert (sent.state, found.state, found.error) == ("sent", "failed", "its process died")
    assert values(place, sent.run) == [0.1, 0.2]
