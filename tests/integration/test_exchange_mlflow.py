"""Stores that MLflow itself wrote come over whole: from a folder, a database and a server."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.artifacts.log import list_events
from meguru.mlflow.exchange.report import TransferReport
from meguru.mlflow.exchange.transfer import import_store
from meguru.tracking.show import artifacts

pytestmark = pytest.mark.xdist_group("exchange")  # each of its two stores is filled once
FILL = Path(__file__).with_name("mlflow_store.py")


def filled(folder, uri):
    folder.mkdir(parents=True)
    command = [sys.executable, "-W", "ignore", str(FILL), uri, str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def in_folder(tmp_path_factory):
    """Fill a file store; return it, a run and a logged model."""
    folder = tmp_path_factory.mktemp("files") / "s"
    store = folder / "mlruns"
    return store, *filled(folder, store.as_uri())


@pytest.fixture(scope="module")
def in_database(tmp_path_factory):
    """Fill an SQLite store; return it, a run and a logged model."""
    folder = tmp_path_factory.mktemp("sql") / "s"
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    return uri, *filled(folder, uri)


@pytest.fixture(params=["in_folder", "in_database"])
def store(request):
    where, run, model = request.getfixturevalue(request.param)
    return str(where), run, model


def numbers(report, name):
    return {kind: getattr(count, name) for kind, count in report.counts.items()}


def test_everything_comes_over_and_is_the_same_on_both_sides(workspace, store):
    where, run, _ = store
    load_operations()
    report = import_store(workspace, where)
    assert report.problems == []
    assert report.differences == []
    assert report.same
    assert report.digest_read == report.digest_found
    assert numbers(report, "read") == numbers(report, "found")
    assert numbers(report, "read") == {
        "experiments": 3,
        "runs": 4,
        "points": 507,
        "files": 1,
        "logged models": 1,
        "model points": 3,
        "model files": 1,
        "registered models": 1,
        "model versions": 2,
    }
    from meguru.tracking.run_ids import from_hex

    assert [file.path for file in artifacts(workspace, run=from_hex(run))] == ["deep/er/файл.txt"]


@pytest.mark.integration
def test_everything_comes_over_into_postgresql(postgres_url, tmp_path, in_folder):
    from meguru.base.settings import Settings

    load_operations()
    with open_local(postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        first, again = (import_store(ws, str(in_folder[0])) for _ in range(2))
    assert (first.problems, first.differences) == ([], [])
    assert numbers(first, "read") == numbers(first, "found")
    assert again.same
    assert set(numbers(again, "added").values()) == {0}


def test_a_second_import_adds_nothing_and_tells_nobody(workspace, store):
    load_operations()
    import_store(workspace, store[0])
    before = list_events(workspace, newest_first=True, limit=1).items[0].seq
    again = import_store(workspace, store[0])
    assert again.same
    assert set(numbers(again, "added").values()) == {0}
    assert list_events(workspace, newest_first=True, limit=1).items[0].seq == before


def test_what_was_changed_here_stays_and_is_told_as_a_difference(workspace, store):
    from meguru.mlflow.tracking.run_operations import log

    load_operations()
    import_store(workspace, store[0])
    log(workspace, run=store[1], tags={"note": "mine"})
    report = import_store(workspace, store[0])
    assert not report.same
    assert [(each.what, each.field) for each in report.differences] == [(f"run {store[1]}", "tags")]
    assert '"note":"mine"' in report.differences[0].found


def test_an_import_from_a_server_goes_through_its_protocol(tmp_path, workspace, in_folder):
    """Meguru's own server stands for one here: it speaks the same protocol."""
    load_operations()
    with open_local(tmp_path / "first") as first:
        import_store(first, str(in_folder[0]))
    command = [sys.executable, "-m", "meguru", "up", "-w", str(tmp_path / "first"), "--port", "0"]
    with subprocess.Popen(
        [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        line = next(line for line in server.stderr if "http://" in line)
        report = import_store(workspace, "http://" + line.split("http://")[1].strip(), deep=True)
        server.kill()
    assert (report.problems, report.differences) == ([], [])
    assert numbers(report, "read") == numbers(report, "found")
    assert numbers(report, "added")["points"] == 507


def test_an_import_into_a_server_is_the_same(tmp_path, in_folder):
    command = [sys.executable, "-m", "meguru", "up", "-w", str(tmp_path / "w"), "--port", "0"]
    with subprocess.Popen(
        [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        url = (
            "http://" + next(line for line in server.stderr if "http://" in line).split("http://")[1].strip()
        )
        report = refused(str(in_folder[0]), url)
        server.kill()
    assert (report.problems, report.differences) == ([], [])
    assert numbers(report, "read") == numbers(report, "found")


def refused(source, workspace):
    command = [sys.executable, "-m", "meguru", "import", "mlflow", source, "-w", str(workspace), "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    return msgspec.json.decode(done.stdout, type=TransferReport)


def imported(database):
    if not database.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
            return db.execute("SELECT count(*) FROM event WHERE type = 'run.imported'").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


@pytest.mark.crash
def test_an_import_that_was_killed_is_completed_by_the_next_one(tmp_path):
    store, workspace = tmp_path / "mlruns", tmp_path / "w"
    command = [sys.executable, "-W", "ignore", str(FILL), store.as_uri()]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    importing = [sys.executable, "-m", "meguru", "import", "mlflow", str(store), "-w", str(workspace)]
    kills, reached = 0, []
    for target in (3, 12):
        with subprocess.Popen(importing, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and imported(workspace / "meguru.db") < target:
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        reached.append(imported(workspace / "meguru.db"))
    assert kills == 2
    assert 0 < min(reached) < 30  # on a busy machine the second kill may come when all is there
    report = refused(str(store), workspace)
    assert report.same
    assert (report.counts["runs"].read, report.counts["runs"].found) == (30, 30)
    assert report.counts["runs"].added == 30 - max(reached)
    assert report.counts["points"].found == 30_000
