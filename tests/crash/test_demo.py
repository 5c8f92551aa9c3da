"""Kill the demo and its server while they play; what `--resume` ends with is what it would have been."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.datasets.operations import versions as dataset_versions
from meguru.kernel import events
from meguru.kernel.server_record import find_server
from meguru.pipelines.operations import list_runs, show_run
from meguru.registry.operations import versions as model_versions

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]


def demo(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "meguru", "demo", "flights", "--workspace", str(folder), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def story_of(process: subprocess.Popen[str]) -> dict[str, object]:
    out, said = process.communicate()
    assert process.returncode == 0, said or out
    return json.loads(out)


def cut_off(process: subprocess.Popen[str], at: str, folder: Path, how: str) -> int:
    """Wait until the demo says that it has come to a phase, then end the server or the demo."""
    for line in process.stderr:
        if at in line:
            break
    else:
        pytest.fail(f"the demo never came to {at!r}")
    if how == "kill the server":
        os.kill(find_server(folder).pid, signal.SIGKILL)
    else:
        process.send_signal(signal.SIGKILL if how == "kill the demo" else signal.SIGINT)
    process.communicate()
    return process.returncode


def plain(story: dict[str, object]) -> list[dict[str, object]]:
    return [{k: v for k, v in month.items() if k != "report"} for month in story["months"]]


def digests(folder: Path) -> dict[str, list[str]]:
    load_operations()
    with open_local(folder) as ws:
        found = {
            name: [each.digest for each in dataset_versions(ws, name=name)]
            for name in ("flights", "weather", "planes")
        }
        return found | {"delay": [each.tree_digest for each in model_versions(ws, name="delay")]}


def check_that_nothing_ran_twice(folder: Path) -> None:
    with open_local(folder) as ws:
        runs = [show_run(ws, ref=run.ref) for run in list_runs(ws).items]
        assert [run.state for run in runs] == ["succeeded"] * 2
        assert all(run.cached == 0 for run in runs)
        with ws.read() as tx:
            done = [each.subject for each in events.read(tx, types=("step_run.succeeded",), limit=1000)]
            assert events.verify(tx).intact
        assert len(done) == len(set(done)) == sum(len(run.steps) for run in runs)


@pytest.mark.soak
def test_a_demo_whose_server_was_killed_goes_on(tmp_path: Path) -> None:
    assert cut_off(demo(tmp_path, "--months", "3"), "March: answering", tmp_path, "kill the server") == 1
    story = story_of(demo(tmp_path, "--resume", "--json"))
    assert [month["month"] for month in plain(story)] == ["2013-03"]
    check_that_nothing_ran_twice(tmp_path)
    assert find_server(tmp_path) is None


@pytest.mark.soak
def test_a_demo_that_was_killed_again_and_again_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    expected = story_of(demo(whole, "--months", "3", "--json"))

    first = demo(cut, "--months", "3")
    assert cut_off(first, "training the first model", cut, "kill the server") == 1
    assert cut_off(demo(cut, "--resume"), "March: answering", cut, "kill the demo") == -signal.SIGKILL
    assert cut_off(demo(cut, "--resume"), "March: answering", cut, "interrupt the demo") == 130
    assert cut_off(demo(cut, "--resume"), "the month's data is in", cut, "kill the server") == 1
    story = story_of(demo(cut, "--resume", "--json"))

    assert plain(story) == plain(expected)
    assert [story[each] for each in ("live", "predictions", "outcomes")] == [
        expected[each] for each in ("live", "predictions", "outcomes")
    ]
    assert digests(cut) == digests(whole)
    check_that_nothing_ran_twice(cut)
    assert find_server(cut) is None
