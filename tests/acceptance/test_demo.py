"""The demo as a stranger sees it: two months, a table, and the reasons behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from meguru.demo.flights.setup import DECLARED
from meguru.kernel.server_record import find_server

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]
CHAIN = [
    "monitor.evaluated",
    "trigger.fired",
    "pipeline_run.started",
    "pipeline_run.succeeded",
    "model_version.registered",
    "trigger.fired",
    "release.created",
    "release.gates_passed",
    "release.promoted",
    "endpoint.serving",
]


def meguru(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "meguru", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def test_the_demo_refuses_a_model_that_is_not_better_and_promotes_one_that_is(tmp_path: Path) -> None:
    folder = str(tmp_path / "demo")
    table = meguru("demo", "flights", "--months", "3-4", "--workspace", folder)

    march, april = (
        next(line for line in table.splitlines() if line.startswith(m)) for m in ("2013-03", "2013-04")
    )
    assert "28,834" in march
    assert "refused v2" in march
    assert "promoted v3" in april
    assert f"meguru why endpoint/delay --workspace {folder}" in table

    why = json.loads(meguru("why", "endpoint/delay", "--workspace", folder, "--json"))
    assert [link["type"] for link in why["chain"]] == CHAIN
    again = json.loads(meguru("demo", "flights", "--resume", "--workspace", folder, "--json"))
    assert [month["did"] for month in again["months"]] == ["refused", "promoted"]
    # Columns drifted in both; the default monitor rings when the model is worse than on its holdout.
    assert [month["rang"] for month in again["months"]] == [False, True]
    assert all(month["drifted"] for month in again["months"])
    assert "certainly below" in again["months"][1]["reasons"][0]
    assert again["predictions"] == 28_834 + 28_330
    assert find_server(Path(folder)) is None
    # Nobody told the monitor to look: the server did, by what the project file declares.
    log = json.loads(meguru("events", "--type", "monitor.evaluated", "--workspace", folder, "--json"))
    assert [each["operation"] for each in log["items"]] == ["monitor.evaluate"] * 2
    plan = json.loads(meguru("plan", "--file", str(DECLARED), "--workspace", folder, "--json"))
    assert plan["actions"] == []


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = subprocess.run(
        [sys.executable, "-m", "meguru", "demo", "flights", "--workspace", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert json.loads(done.stdout)["error"]["code"] == "MG-120"
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]
