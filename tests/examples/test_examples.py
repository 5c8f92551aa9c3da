"""The example projects do what their pages say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meguru.artifacts.lineage import show as lineage
from meguru.datasets.client import add_files
from meguru.datasets.folders.materialize import write_folder
from meguru.datasets.operations import diff, rollback
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


@pytest.mark.soak
def test_digits_are_drawn_corrected_and_learned_from_and_what_is_taken_back_is_not_learned_again(
    run, workspace, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert run("digits/digits.py:draw", count=100).produced == ["dataset/digits@1"]
    first = run("digits/digits.py:learn")
    assert first.produced == ["model/reader@1"]
    edges = {(edge.source, edge.target) for edge in lineage(workspace, ref="model/reader@1").edges}
    assert ("dataset/digits@1", first.ref) in edges
    write_folder(workspace, "digits", tmp_path / "photos")
    wrong = min((tmp_path / "photos/1").iterdir())
    wrong.rename(tmp_path / "photos/7" / wrong.name)
    add_files(workspace, "digits", tmp_path / "photos")
    found = diff(workspace, before="digits@1", after="digits@2")
    assert [(each.before, each.after) for each in found.files_renamed] == [
        (f"1/{wrong.name}", f"7/{wrong.name}")
    ]
    rollback(workspace, ref="digits@1")
    assert run("digits/digits.py:learn").ran == 0
