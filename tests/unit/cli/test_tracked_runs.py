"""Tracked runs and experiments on the command line: listed, edited, deleted, restored."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from meguru.app import open_workspace
from meguru.app.run_api import run as track
from meguru.cli.errors import run
from meguru.cli.root import root


@pytest.fixture
def meguru(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("MEGURU_NO_CAPTURE", "true")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return call


@pytest.fixture
def made(meguru):
    with track("first", experiment="需要予測") as r:
        r.log(auc=0.84)
    return r.id


PIPELINE = """
from meguru import log, pipeline, step


@step
def 学習(n: int) -> int:
    log(loss=0.5)
    return n


@pipeline
def train(n: int = 3):
    return 学習(n)
"""


def test_one_list_has_the_runs_of_pipelines_and_the_tracked_ones(meguru, made, tmp_path):
    (tmp_path / "train.py").write_text(PIPELINE)
    assert meguru("run", "train.py:train")[0] == 0
    code, out, _ = meguru("runs", "list")
    rows = [line.split("\t") for line in out.splitlines()]
    assert (code, rows[0]) == (0, ["run", "of", "name", "state", "since", "result"])
    assert [(row[1], row[3], row[5]) for row in rows[1:]] == [
        ("train", "succeeded", "1 ran, 0 cached"),
        ("需要予測", "succeeded", "auc=0.84"),
    ]
    items = json.loads(meguru("runs", "list", "--json")[1])["items"]
    assert [item["id"][:5] for item in items] == ["prun-", "run-0"]
    for words, ids in ((("--pipelines",), 1), (("--tracked",), 2), (("--experiment", "需要予測"), 1)):
        assert len(json.loads(meguru("runs", "list", *words, "--json")[1])["items"]) == ids


def test_a_list_without_a_run_says_how_to_begin(meguru):
    open_workspace().close()
    for words in ((), ("--tracked",), ("--pipelines",), ("--deleted",)):
        code, out, err = meguru("runs", "list", *words)
        assert (code, out) == (0, "")
        assert "meguru" in err
    assert "meguru.run(" in meguru("experiments", "list")[2]


def test_a_name_of_a_run_is_no_id_and_the_hint_leads_to_where_it_is(meguru, made):
    code, _, err = meguru("runs", "show", "first")
    assert code
    (hint,) = re.findall(r"meguru (runs list[\w -]*)", err)
    assert made in meguru(*hint.split())[1]


def test_a_run_is_edited_deleted_and_restored(meguru, made):
    assert meguru("runs", "rename", made, "二番")[:2] == (0, f"{made} is called 二番\n")
    assert meguru("runs", "note", made, "the best")[:2] == (0, "the best\n")
    assert meguru("runs", "note", made)[1] == "the best\n"
    assert "段階=本番\n" in meguru("runs", "tag", made, "段階=本番", "a=b=c")[1]
    assert "a=b=c" not in meguru("runs", "tag", made, "--remove", "a")[1]
    assert "is not KEY=VALUE" in meguru("runs", "tag", made, "a")[2]
    code, out, _ = meguru("runs", "rm", made)
    undo = re.findall(r"undo: meguru (.*)", out)[0].split()
    assert (code, meguru("runs", "list")[1]) == (0, "")
    assert made in meguru("runs", "list", "--deleted")[1]
    assert "undo: meguru runs restore" in meguru("runs", "show", made)[1]
    assert "is deleted" in meguru("runs", "rename", made, "x")[2]
    assert meguru(*undo)[:2] == (0, f"restored {made}\n")
    assert made in meguru("runs", "list")[1]


def test_an_experiment_is_renamed_deleted_restored_and_purged(meguru, made):
    assert meguru("experiments", "list")[1].splitlines()[1].split("\t")[0] == "需要予測"
    assert "runs: 1 succeeded" in meguru("experiments", "show", "需要予測")[1]
    assert meguru("experiments", "note", "需要予測", "来月の需要")[1] == "来月の需要\n"
    assert meguru("experiments", "rename", "需要予測", "churn/lightgbm")[0] == 0
    assert "is not deleted" in meguru("experiments", "purge", "churn/lightgbm", "--yes")[2]
    assert meguru("experiments", "rm", "churn/lightgbm")[0] == 0
    assert meguru("runs", "list")[1] == meguru("experiments", "list")[1] == ""
    assert "churn/lightgbm" in meguru("experiments", "list", "--deleted")[1]
    assert meguru("experiments", "restore", "churn/lightgbm")[0] == 0
    assert made in meguru("runs", "list")[1]
    assert meguru("experiments", "rm", "1")[0] == 0
    code, _, err = meguru("experiments", "purge", "churn/lightgbm")
    assert (code, "1 runs would be removed" in err) == (2, True)
    purge = ("-m", "meguru", "experiments", "purge", "churn/lightgbm", "--yes")
    # In a process of its own, which has loaded no more than it needs.
    done = subprocess.run([sys.executable, *purge], capture_output=True, text=True, check=True)
    assert done.stdout == "churn/lightgbm and its 1 runs are gone\n"
    assert meguru("runs", "show", made)[0] != 0


def test_a_pipelines_run_is_not_deleted(meguru, made):
    assert "for tracked runs" in meguru("runs", "rm", "prun-01m8hnwny37t2jfscpts701nmw")[2]
