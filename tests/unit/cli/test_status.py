"""One screen of what is live, what runs, what failed and what waits, from one operation."""

from __future__ import annotations

import json
import sys

import pytest

from meguru.cli.errors import run
from meguru.cli.root import root

FLOW = """
from meguru import approve, pipeline, step

@step(isolation="thread")
def fit(x: int) -> int:
    if x > 5:
        raise ValueError("too much")
    return x

@pipeline
def ship(x: int = 1):
    approve("Ship it?", doubled=fit(x))

@pipeline
def flaky(x: int = 1):
    return fit(x)
"""


@pytest.fixture
def meguru(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)
    (tmp_path / "flow.py").write_text(FLOW)

    def call(line):
        monkeypatch.setattr(sys, "argv", ["meguru", *line.split()])
        code = run(root)
        return code, capsys.readouterr().out

    call("init")
    return call


def status(meguru):
    code, out = meguru("status --json")
    assert code == 0
    return json.loads(out)


def test_an_empty_workspace_says_so_in_one_line(meguru):
    assert meguru("status") == (0, "nothing is live; nothing runs; nothing failed; nothing waits\n")
    found = status(meguru)
    assert [found[name] for name in ("live", "working", "failed", "waiting", "more")] == [[], [], [], [], []]


def test_a_failed_pipeline_stands_there_until_it_succeeds(meguru):
    meguru("run flow.py:flaky -p x=9")
    (line,) = status(meguru)["failed"]
    assert (line["state"], line["what"], line["why"]) == (
        "failed",
        "pipeline/flaky",
        "fit: ValueError: too much",
    )
    assert meguru(line["command"].removeprefix("meguru "))[0] == 0
    assert "pipeline/flaky" in meguru("status")[1]
    meguru("run flow.py:flaky -p x=1")
    assert status(meguru)["failed"] == []


def test_a_question_waits_with_the_command_that_answers_it(meguru):
    meguru("run flow.py:ship")
    (line,) = status(meguru)["waiting"]
    assert (line["state"], line["why"]) == ("asking", "Ship it?")
    assert meguru(line["command"].removeprefix("meguru "))[0] == 0
    assert status(meguru)["waiting"] == []


def test_a_paused_run_waits(meguru):
    meguru("run flow.py:ship")
    meguru("runs pause @last")
    assert [line["state"] for line in status(meguru)["waiting"]] == ["asking", "paused"]


def test_an_endpoint_is_listed_with_its_state_and_what_it_lacks(meguru):
    meguru("endpoint create delay --model delay")
    found = status(meguru)
    assert [(line["endpoint"], line["state"], line["model"]) for line in found["live"]] == [
        ("delay", "pending", "")
    ]
    (line,) = found["waiting"]
    assert line["command"] == "meguru release create delay delay@N --promote"
