"""Commands that steer a run, from a terminal's side."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from meguru.cli.root import root

FLOW = """
from meguru import approve, pipeline, step

@step
def fit(x: int) -> int:
    return x * 2

@step
def ship(x: int) -> str:
    return f"shipped {x}"

@pipeline
def flow(x: int = 1):
    made = fit(x)
    approve("Ship it?", doubled=made)
    return ship(made)
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.py").write_text(FLOW)

    def run(*words):
        done = CliRunner().invoke(root, list(words), standalone_mode=False)
        assert done.exception is None, done.output
        return done

    return run


def test_a_question_is_answered_and_the_run_goes_on(call):
    done = call("run", "flow.py:flow")
    assert done.return_value == 7
    assert "? approve asking" in done.stderr
    assert "meguru runs approve prun-" in done.stdout
    (question,) = json.loads(call("runs", "questions", "--json").stdout)["items"]
    assert question["shown"] == {"doubled": "2"}
    done = call("runs", "approve", f"{question['run']}.approve", "--note", "fine")
    assert done.return_value == 0
    assert "succeeded" in done.stdout
    again = json.loads(call("runs", "retry", question["run"], "--from", "ship", "--json").stdout)
    assert {step["step"]: step["state"] for step in again["steps"]} == {
        "fit": "cached",
        "approve": "cached",
        "ship": "succeeded",
    }


def test_a_refusal_skips_what_waits_and_a_paused_run_is_resumed(call):
    call("run", "flow.py:flow")
    (question,) = json.loads(call("runs", "questions", "--json").stdout)["items"]
    assert "pauses" in call("runs", "pause", question["run"]).stdout
    assert call("runs", "resume", question["run"]).return_value == 7
    done = call("runs", "refuse", f"{question['run']}.approve")
    assert done.return_value == 0
    assert "skipped 1" in done.stdout
    assert "gate approve said no" in call("runs", "show", question["run"]).stdout
