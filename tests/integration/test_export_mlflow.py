"""What goes out to a file store can be read by MLflow itself, and is the same on both sides."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.errors import Conflict, UsageError
from meguru.mlflow.exchange.transfer import export_workspace, import_store
from meguru.tracking.operations import log, start

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Fill a file store; return it, a run and a logged model."""
    folder = tmp_path_factory.mktemp("files") / "s"
    folder.mkdir()
    store = folder / "mlruns"
    command = [sys.executable, "-W", "ignore", str(HERE / "mlflow_store.py"), store.as_uri(), str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return str(store), *done.stdout.split()


def numbers(report, name):
    return {kind: getattr(count, name) for kind, count in report.counts.items()}


def test_a_store_that_came_in_goes_out_again_and_mlflow_reads_it(workspace, source, tmp_path):
    load_operations()
    store, run, model = source
    import_store(workspace, store)
    out = tmp_path / "out"
    report = export_workspace(workspace, str(out))
    assert (report.problems, report.differences) == ([], [])
    assert report.same
    assert report.digest_read == report.digest_found
    assert numbers(report, "read")["points"] == 507
    command = [sys.executable, "-W", "ignore", str(HERE / "mlflow_read.py"), out.as_uri()]
    found = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout)
    assert found["experiments"] == {"Default": "active", "実験": "active", "gone": "deleted"}
    assert found["runs"][run] == {
        "name": "最初",
        "status": "FINISHED",
        "stage": "active",
        "params": {"a/b": "値\nline", "empty": ""},
        "points": {"loss": 500, "odd": 3, "deep/er": 1, "rmse": 2, "on/data": 1},
        "datasets": ["xs"],
        "outputs": [model],
        "files": ["deep/er/файл.txt"],
    }
    # MLflow's file store shows the newest point of a key, and that of the other one is no number.
    assert found["measured"] == [["on/data", 0.5, 0, run, "xs"]]
    assert (found["champion"], found["versions"]) == (f"models:/{model}", [1, 3])


def test_a_second_export_writes_nothing(workspace, source, tmp_path):
    load_operations()
    import_store(workspace, source[0])
    export_workspace(workspace, str(tmp_path / "out"))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("meta.yaml")}
    again = export_workspace(workspace, str(tmp_path / "out"))
    assert again.same
    assert set(numbers(again, "added").values()) == {0}
    runs = [path for path in before if (path.parent / "params").is_dir()]
    assert len(runs) == 5  # four runs and a logged model
    assert {path: path.stat().st_mtime_ns for path in runs} == {path: before[path] for path in runs}


def test_what_is_new_here_is_added_and_what_is_more_there_stays(workspace, tmp_path):
    load_operations()
    run = start(workspace, params={"a": "1"})
    log(workspace, run=run.id, tags={"x": "1"})
    out = tmp_path / "out"
    assert export_workspace(workspace, str(out)).same
    log(workspace, run=run.id, tags={"y": "2"})
    assert export_workspace(workspace, str(out)).same
    (meta,) = out.glob("0/*/tags/y")
    meta.with_name("mine").write_text("3")
    report = export_workspace(workspace, str(out))
    assert [each.field for each in report.differences] == ["tags"]
    assert meta.with_name("mine").read_text() == "3"


def test_a_name_that_would_lead_out_of_the_store_is_told_and_not_written(workspace, tmp_path):
    load_operations()
    start(workspace, params={"../../../../escaped": "1", "good": "2"})
    report = export_workspace(workspace, str(tmp_path / "out"))
    assert "can't be a path in a file store" in report.problems[0].what
    assert not report.same
    assert list(tmp_path.rglob("escaped")) == []
    assert len(list((tmp_path / "out").rglob("good"))) == 1


def test_a_folder_of_something_else_is_not_written_to(workspace, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Conflict, match="is not empty"):
        export_workspace(workspace, str(tmp_path))
    with pytest.raises(UsageError):
        export_workspace(workspace, "s3://bucket")


def test_an_export_to_a_server_finds_again_what_it_sent(workspace, source, tmp_path):
    """Meguru's own server stands for MLflow's: it speaks the same protocol, and gives its own ids."""
    load_operations()
    import_store(workspace, source[0])
    command = [sys.executable, "-m", "meguru", "up", "-w", str(tmp_path / "other"), "--port", "0"]
    with subprocess.Popen(
        [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        line = next(line for line in server.stderr if "http://" in line)
        url = "http://" + line.split("http://")[1].strip()
        first, again = export_workspace(workspace, url), export_workspace(workspace, url)
        server.kill()
    for report in (first, again):
        assert (report.problems, report.differences) == ([], [])
        assert numbers(report, "read") == numbers(report, "found")
    assert numbers(first, "added")["runs"] == 4
    assert set(numbers(again, "added").values()) == {0}


@pytest.mark.crash
def test_an_export_that_was_killed_is_completed_by_the_next_one(tmp_path):
    load_operations()
    with open_local(tmp_path / "w") as ws:
        for _ in range(40):
            run = start(ws, params={"a": "1"})
            log(ws, run=run.id, tags={"b": "x" * 5000})
    out = tmp_path / "out"
    command = [sys.executable, "-m", "meguru", "export", "mlflow", str(out), "-w", str(tmp_path / "w")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and len(list(out.glob("0/*/meta.yaml"))) < 3:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    with open_local(tmp_path / "w") as ws:
        report = export_workspace(ws, str(out))
    assert report.same
    assert 0 < report.counts["runs"].added < 40
    assert report.counts["runs"].found == 40
    assert not (out / ".meguru-export").exists()
