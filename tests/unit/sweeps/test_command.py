"""`meguru sweep` and `meguru.sweep`."""

from __future__ import annotations

import json
import sys

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import meguru as package
from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.console.routes import routes
from meguru.errors import InvalidInput


@pytest.fixture
def meguru(monkeypatch, capsys, tmp_path, sweeper):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "workspace"))

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return call


def test_a_sweep_can_be_started_looked_at_and_given_more_trials(meguru):
    words = ("-p", "x=uniform:0..1", "--metric", "auc", "--trials", "2")
    code, out, err = meguru("sweep", "start", "flow.py:numbers", *words)
    assert code == 0
    assert "2/2 trials: 2 succeeded" in out
    assert "trial 1 succeeded  auc=" in err
    listed = json.loads(meguru("sweep", "list", "--json")[1])["items"]
    sweep = listed[0]["id"]
    shown = json.loads(meguru("sweep", "show", sweep, "--json")[1])
    assert [one["number"] for one in shown["trials"]] == [0, 1]
    assert sweep in meguru("sweep", "list")[1]
    assert "succeeded" in meguru("sweep", "show", sweep)[1]
    best = json.loads(meguru("sweep", "best", sweep, "--json")[1])
    assert best["number"] == shown["sweep"]["best"]["number"]
    assert meguru("sweep", "best", sweep)[1] == f"-p x={best['params']['x']}\n"
    code, out, _ = meguru("sweep", "resume", sweep)
    assert code == 6
    code, out, _ = meguru("sweep", "resume", sweep, "--trials", "3", "--json")
    assert (code, json.loads(out)["counts"]) == (0, {"succeeded": 3})
    assert meguru("sweep", "stop", sweep)[0] == 6


def test_the_run_of_a_trial_shows_what_its_steps_logged(meguru, sweeper):
    words = ("-p", "x=choice:3", "--metric", "loss", "--sampler", "grid")
    assert meguru("sweep", "start", "flow.py:curves", *words)[0] == 0
    (run,) = json.loads(meguru("runs", "list", "--json")[1])["items"]
    out = meguru("runs", "show", run["id"])[1]
    assert f"logged to run/{run['tracked']}" in out
    assert "3.2  (3 points)" in out
    assert f"/ui/runs/{run['tracked']}" in console(sweeper.ws, f"/ui/pipelines/runs/{run['id']}")


def console(ws, path):
    app = Starlette(routes=routes(lambda _: ws))
    with TestClient(app) as client:
        return client.get(path).text


def test_a_detached_sweep_is_left_to_a_server_and_can_be_stopped(meguru):
    words = ("-p", "x=uniform:0..1", "--metric", "auc", "--detach", "--timeout", "10m", "--json")
    code, out, _ = meguru("sweep", "start", "flow.py:numbers", *words)
    made = json.loads(out)
    assert (code, made["state"], made["timeout"]) == (0, "running", 600.0)
    code, out, _ = meguru("sweep", "stop", made["id"], "--reason", "enough", "--json")
    assert (json.loads(out)["state"], json.loads(out)["reason"]) == ("stopped", "enough")


def test_a_sweep_without_a_good_trial_exits_with_an_error(meguru):
    words = ("-p", "x=choice:-1", "--metric", "auc", "--sampler", "grid")
    code, out, err = meguru("sweep", "start", "flow.py:numbers", *words)
    assert code == 1
    assert "no trial succeeded" in out
    assert "x is below 0" in err


def test_a_range_that_is_none_shows_how_ranges_are_written(meguru):
    code, _, err = meguru("sweep", "start", "flow.py:numbers", "-p", "x=uniform:0", "--metric", "auc")
    assert code == 1
    assert "loguniform:1e-4..1e-1" in err


def test_from_python_a_sweep_is_one_call(sweeper, tmp_path):
    told = []
    found = package.sweep(
        f"{tmp_path}/flow.py:numbers",
        {"x": [1.0, 2.0]},
        metric="auc",
        sampler="grid",
        timeout="10m",
        workspace=tmp_path / "workspace",
        progress=lambda sweep, trial: told.append((sweep.id, trial.number)),
    )
    assert (found.state, found.best.params) == ("succeeded", {"x": 2.0})
    assert told == [(found.id, 0), (found.id, 1)]


def test_a_pipeline_function_of_a_file_will_do_and_one_of_no_file_is_refused(sweeper, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    import flow

    found = package.sweep(
        flow.numbers, {"x": [3.0]}, metric="auc", sampler="grid", workspace=tmp_path / "workspace"
    )
    assert found.best.value == 3.0
    made = {}
    exec("from meguru import pipeline\n@pipeline\ndef p(x: int):\n    return x", made)
    with pytest.raises(InvalidInput, match="is in no file"):
        package.sweep(made["p"], {"x": [1]}, metric="auc", workspace=tmp_path / "workspace")
