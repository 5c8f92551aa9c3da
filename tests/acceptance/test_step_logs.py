"""`meguru runs log -f` against a real server: lines come while the step runs, and it ends with the run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from meguru.app.open import open_workspace
from meguru.pipelines.load import register_file
from meguru.pipelines.start import start

pytestmark = pytest.mark.acceptance
MEGURU = [sys.executable, "-m", "meguru"]
FLOW = """
import logging
import time
from pathlib import Path

from meguru import pipeline, step

@step
def talk(gate: str) -> int:
    print("first password=hunter2")
    while not Path(gate).exists():
        time.sleep(0.01)
    logging.getLogger("talk").error("second")
    return 1

@step
def after(n: int) -> int:
    print("third")
    return n

@pipeline
def flow(gate: str):
    return after(talk(gate))
"""


@pytest.fixture
def url(tmp_path):
    command = [*MEGURU, "up", "-w", str(tmp_path / "ws"), "--port", "0", "--json", "--exit-with-parent"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        yield json.loads(server.stdout.readline())["url"]
        server.stdin.close()
        assert server.wait(60) == 0


def test_a_log_is_followed_through_a_server_until_its_run_has_ended(url, tmp_path):
    gate = tmp_path / "gate"
    (tmp_path / "flow.py").write_text(FLOW)
    with open_workspace(url) as ws:
        version = register_file(ws, f"{tmp_path / 'flow.py'}:flow")
        run = start(ws, pipeline=version.ref, params={"gate": str(gate)})
    command = [*MEGURU, "runs", "log", run.id, "-f", "--json", "-w", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        first = json.loads(follower.stdout.readline())
        assert (first["step"], first["stream"], first["text"]) == ("talk", "out", "first password=***")
        gate.touch()
        rest = [json.loads(line) for line in follower.stdout]
        assert follower.wait(60) == 0
    assert [(line["step"], line["stream"], line["text"]) for line in rest] == [
        ("talk", "error", "second"),
        ("after", "out", "third"),
    ]

    def meguru(*arguments: str) -> str:
        return subprocess.run(
            [*MEGURU, *arguments, "-w", url], capture_output=True, text=True, check=True
        ).stdout

    assert meguru("runs", "log", f"{run.id}.talk", "--grep", "SECOND".lower()) == "second\n"
    assert meguru("runs", "log", run.id, "--tail", "1") == "after | third\n"
    assert run.id in meguru("runs", "search", "second", "--pipeline", "flow")
