"""Steps are run twice and compared; nothing of it is seen by runs or by the cache."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sqlalchemy import func, select

from meguru.compute.materializers import ValueStore, save
from meguru.errors import Conflict, NotFound
from meguru.kernel import events
from meguru.pipelines.determinism.compare import differences
from meguru.pipelines.determinism.wait import check_now
from meguru.pipelines.explain import explain
from meguru.pipelines.schema import pipeline_run, step_run
from meguru.storage.blobs import open_store

FLOW = """
    import os
    import random
    import time

    import numpy as np
    import polars as pl

    from meguru import collect, pipeline, step

    @step
    def seeded(n: int) -> list[float]:
        return [random.random(), float(np.random.random()), float(len(str(set("abcdef"))))]

    @step
    def clock(n: int) -> dict[str, float]:
        return {"n": n, "at": time.time()}

    @step(deterministic=False)
    def honest(n: int) -> str:
        return os.urandom(8).hex()

    @step
    def table(n: int) -> pl.DataFrame:
        return pl.DataFrame({"x": [1, 2], "noise": list(os.urandom(2))})

    @step
    def once(n: int) -> int:
        if os.environ.get("BREAK"):
            raise ValueError("broken now")
        return n

    @step
    def half(x: float) -> float:
        return x / 2

    @pipeline
    def flow(n: int = 3):
        numbers = seeded(n)
        clock(n)
        honest(n)
        table(n)
        once(n)
        return collect(half.map(numbers))
"""


@pytest.fixture
def run(project):
    project.write("flow.py", FLOW)
    return project.run("flow.py:flow")


def test_each_step_is_told_apart(project, run):
    found = check_now(project.ws, run.id)
    verdicts = {one.step: one.verdict.value for one in found.results}
    assert verdicts == {
        "seeded": "equal",
        "clock": "differs",
        "honest": "differs",
        "table": "differs",
        "once": "equal",
        "half": "equal",
    }
    said = {one.step: one.differences for one in found.results}
    assert said["clock"][0].startswith("at: 1")
    assert said["table"] == ["column noise: 2 of 2 values differ"] or "column noise" in said["table"][0]
    assert {one.step for one in found.results if one.is_surprise} == {"clock", "table"}


def test_why_shows_the_newest_check_and_the_seed(project, run):
    ref = f"{run.id}.clock"
    assert explain(project.ws, ref=ref).checked is None
    check_now(project.ws, ref)
    found = explain(project.ws, ref=ref)
    assert found.checked.verdict == "differs"
    assert found.seed == found.checked.seed == int(found.step.key[:8], 16)
    assert explain(project.ws, ref=f"{run.id}.honest").declared is False


def test_what_was_checked_is_seen_where_its_output_was_taken_over(project, run):
    check_now(project.ws, f"{run.id}.seeded")
    again = project.run("flow.py:flow")
    assert explain(project.ws, ref=f"{again.id}.seeded").checked.verdict == "equal"


def test_nothing_of_it_is_seen_by_runs_or_by_the_cache(project, run):
    def rows():
        with project.ws.read() as tx:
            counts = [
                tx.execute(select(func.count()).select_from(one)).scalar() for one in (pipeline_run, step_run)
            ]
            return counts, [tuple(row) for row in tx.execute(select(step_run).order_by(step_run.c.id))]

    before = rows()
    check_now(project.ws, run.id)
    assert rows() == before
    again = project.run("flow.py:flow")
    assert again.ran == 0
    outputs = {one.step: one.outputs for one in run.steps}
    assert {one.step: one.outputs for one in again.steps if one.step in outputs} == {
        one.step: outputs[one.step] for one in again.steps if one.step in outputs
    }


def test_a_step_that_fails_when_it_is_run_again_is_told(project, run, monkeypatch):
    monkeypatch.setenv("BREAK", "1")
    (found,) = check_now(project.ws, f"{run.id}.once").results
    assert found.verdict == "failed"
    assert found.differences == ["the first time it failed: ValueError: broken now"]


def test_an_output_that_is_equal_twice_but_is_not_what_was_kept_is_told(project, run, monkeypatch):
    project.write("where.py", WHERE)
    monkeypatch.setenv("PLACE", "here")
    first = project.run("where.py:flow")
    monkeypatch.setenv("PLACE", "there")
    (found,) = check_now(project.ws, f"{first.id}.place").results
    assert (found.verdict.value, found.differences) == ("changed", ["'here' and 'there'"])


WHERE = """
    import os

    from meguru import pipeline, step

    @step
    def place() -> str:
        return os.environ["PLACE"]

    @pipeline
    def flow():
        return place()
"""


def test_a_check_is_in_the_log_with_its_cause(project, run):
    found = check_now(project.ws, f"{run.id}.once")
    with project.ws.read() as tx:
        (asked,) = events.read(tx, types=["step_run.check_started"], limit=10)
        (told,) = events.read(tx, types=["step_run.checked"], limit=10)
        assert events.verify(tx).intact
    assert (told.cause, told.data["check"], told.subject) == (asked.id, found.id, f"step_run/{run.id}.once")


def test_a_call_of_a_mapped_step_can_be_checked_alone(project, run):
    (found,) = check_now(project.ws, f"{run.id}.half.1").results
    assert (found.step, found.verdict.value) == ("half.1", "equal")


def test_only_what_has_finished_can_be_checked(project, run):
    with pytest.raises(NotFound):
        check_now(project.ws, f"{run.id}.nothing")
    project.write("bad.py", WHERE.replace("flow", "bad"))
    failed = project.run("bad.py:bad")
    with pytest.raises(Conflict):
        check_now(project.ws, failed.id)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (1, 1.0, ["1 and 1.0"]),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["a[1].b: 2 and 3"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ["the keys come in another order"]),
        (np.array([1.0, np.nan]), np.array([1.5, np.nan]), ["1 of 2 numbers differ, by at most 0.5"]),
        (np.zeros(2), np.zeros(3), ["an array of shape (2,), float64, and one of (3,), float64"]),
        (pl.DataFrame({"x": [1]}), pl.DataFrame({"x": [1, 2]}), ["1 rows and 2"]),
        (pl.DataFrame({"x": [1, None]}), pl.DataFrame({"x": [2, None]}), ["column x: 1 of 2 values differ"]),
        (1, b"1", ["a plain and a bytes"]),
        ([1, 2], [1, 2], []),
    ],
)
def test_differences_are_said_in_words(one, other, said, tmp_path):
    place = ValueStore(open_store(tmp_path), tmp_path)
    assert differences([save(one, None, place)], [save(other, None, place)], place) == said
