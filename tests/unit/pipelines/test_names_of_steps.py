"""Steps, pipelines and parameters have names of any script, found however they are typed."""

from __future__ import annotations

import unicodedata

import pytest

from meguru.backfills.start import start as start_backfill
from meguru.pipelines import cached_run
from meguru.pipelines.explain import explain
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.retry import retry
from meguru.pipelines.runner import work_on
from meguru.pipelines.show import show_run

LONG = "とても" * 27
FORECAST = f"""
    import multiprocessing
    from meguru import pipeline, step

    def 二倍(x):
        return 2 * x

    @step
    def データ(件数: int) -> list[int]:
        print("読み込み", 件数)
        return list(range(件数))

    @step
    def 学習(行: int) -> int:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.map(二倍, [行])[0]

    @step
    def {LONG}(行: list[int]) -> int:
        return sum(行)

    @step
    def trainModel(x: int, ガス量: int) -> int:
        return x + ガス量

    @pipeline
    def ガス需要(件数: int = 2, ガス量: int = 1):
        return trainModel({LONG}(学習.map(データ(件数))), ガス量)
"""
HALF = {"ガス需要": "\uff76\uff9e\uff7d需要", "ガス量": "\uff76\uff9e\uff7d量"}
"""The same in half-width letters, which Python reads as the others."""


def apart(text: str) -> str:
    """Return a text as macOS names its files: letters and marks apart."""
    found = unicodedata.normalize("NFD", text)
    assert found != text
    return found


@pytest.fixture
def run(project):
    project.write("需要.py", FORECAST)
    return project.run("需要.py:ガス需要")


def test_steps_of_any_script_run_and_are_cached(run, project, value):
    assert run.state == "succeeded", run.failed
    assert [one.step for one in run.steps] == ["データ", "学習", "学習.0", "学習.1", LONG, "trainmodel"]
    assert value(run, "trainmodel") == 3
    target = f"{project.folder}/需要.py:{apart('ガス需要')}"
    again = cached_run.run(str(project.ws.root), target, {apart("ガス量"): "1"})
    assert again is not None
    assert again.params == {"件数": 2, "ガス量": 1}


def test_a_name_is_found_in_every_spelling_of_it(run, project, workspace):
    same = project.run(f"需要.py:{apart('ガス需要')}", **{apart("ガス量"): 1})
    assert (same.ran, same.cached) == (0, 4)
    assert project.run(f"需要.py:{HALF['ガス需要']}", **{HALF["ガス量"]: 1}).cached == 4
    ref = f"{run.id}.{apart('データ')}"
    assert [line.text for line in read_log(workspace, ref=ref).lines] == ["読み込み 2"]
    assert explain(workspace, ref=ref).step.step == "データ"
    redone = retry(workspace, run=run.id, step=apart("データ"))
    work_on(workspace, redone.job)
    assert show_run(workspace, ref=redone.id).ran == 5
    (why,) = explain(workspace, ref=f"{redone.id}.データ").reasons
    assert why == f"nothing it depends on differs: it was asked for when {run.id} was retried"
    made = start_backfill(workspace, pipeline=apart("ガス需要"), param=apart("ガス量"), values=["3", "4"])
    assert (made.pipeline, made.param) == ("ガス需要", "ガス量")
