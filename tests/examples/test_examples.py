"""The example projects do what their pages say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meguru.pipelines.runner import run_file

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(tmp_path, workspace):
    def begin(target, **params):
        folder, _, rest = target.partition("/")
        if not (tmp_path / folder).exists():
            shutil.copytree(EXAMPLES / folder, tmp_path / folder)
        return run_file(workspace, f"{tmp_path / folder}/{rest}", params)

    return begin


def states(run):
    return {one.step: one.state.value for one in run.steps}


def test_folds_scores_each_fold_once_and_registers_what_is_good_enough(run):
    first = run("folds/train.py:reviewed")
    assert (first.state, first.produced) == ("succeeded", ["model/tumour@1"])
    assert [states(first)[f"validate.score.{n}"] for n in range(5)] == ["succeeded"] * 5
    assert run("folds/train.py:reviewed").ran == 0
    assert states(run("folds/train.py:reviewed", folds=3))["load"] == "cached"
    refused = run("folds/train.py:reviewed", least=0.9999)
    assert (refused.state, refused.produced) == ("succeeded", [])
    assert states(refused)["train"] == "skipped"
