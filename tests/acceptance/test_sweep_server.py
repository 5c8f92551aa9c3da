"""A sweep at a real server, by the command line; the server is killed, and the next one goes on by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import httpx2
import pytest

pytestmark = pytest.mark.acceptance
MEGURU = [sys.executable, "-m", "meguru"]
FLOW = """
import os
import time
import meguru
from meguru import pipeline, step

@step
def teach(x: float, gate: str) -> str:
    for at in range(3):
        meguru.log(loss=x + at, step=at)
    while not os.path.exists(gate):
        time.sleep(0.05)
    return "done"

@pipeline
def flow(x: float, gate: str):
    return teach(x, gate)
"""


@pytest.fixture
def up(tmp_path):
    """Start servers; each call returns the process and its URL once it is ready."""
    started = []

    def start():
        command = [*MEGURU, "up", "--workspace", str(tmp_path / "w"), "--port", "0", "--json"]
        environment = os.environ | {"MEGURU_LEASE_SECONDS": "1"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        started.append(process)
        return process, json.loads(process.stdout.readline())["url"]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.wait()
        process.stdout.close()


@pytest.fixture
def meguru(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)

    def call(url, *words):
        command = [*MEGURU, *words, "--json", "-w", url]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return call


def test_a_sweep_outlives_its_server_and_its_curves_are_there_for_mlflow(up, meguru, tmp_path):
    server, url = up()
    gate = tmp_path / "gate"
    words = (
        "-p",
        "x=uniform:0..1",
        "--metric",
        "loss",
        "--goal",
        "min",
        "--trials",
        "8",
        "--parallel",
        "2",
        "-p",
        f"gate={gate}",
    )
    made = meguru(url, "sweep", "start", "flow.py:flow", *words, "--detach")
    while len(before := meguru(url, "sweep", "show", made["id"])["trials"]) < 2:
        assert server.poll() is None
    server.send_signal(signal.SIGKILL)
    server.wait()

    _, url = up()
    gate.touch()
    while (found := meguru(url, "sweep", "show", made["id"])["sweep"])["state"] == "running":
        pass
    shown = meguru(url, "sweep", "show", made["id"])["trials"]
    assert (found["state"], found["counts"], found["round"]) == ("succeeded", {"succeeded": 8}, 0)
    assert [one["number"] for one in shown] == list(range(8))
    assert [(one["params"], one["run"]) for one in before] == [
        (one["params"], one["run"]) for one in shown[: len(before)]
    ]
    experiments = httpx2.get(f"{url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=flow").json()
    asked = {"experiment_ids": [experiments["experiment"]["experiment_id"]], "filter": "metrics.loss < 100"}
    runs = httpx2.post(f"{url}/api/2.0/mlflow/runs/search", json=asked).json()["runs"]
    assert len(runs) == 8
    best = {one["key"]: one["value"] for one in runs[0]["data"]["metrics"]}
    assert set(best) == {"loss"}
    page = httpx2.get(f"{url}/ui/sweeps/{made['id']}")
    assert page.status_code == 200
    assert page.text.count('class="trial') == 8
