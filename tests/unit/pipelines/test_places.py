"""Places that steps take: a step that never fits, pools, and a pipeline within a pipeline."""

from __future__ import annotations

import pytest

from meguru.errors import NotFound
from meguru.pipelines.pools.operations import list_pools, set_pool

FLOW = """
    import time
    from pathlib import Path

    from meguru import pipeline, step

    @step(resources={"cpu": 10_000})
    def huge(x: int) -> int:
        return x

    @step(pool="gpu", cache=False)
    def alone(n: int, marks: str) -> int:
        here = Path(marks) / "here"
        assert not here.exists(), "two at a time"
        here.write_text("x")
        time.sleep(0.05)
        here.unlink()
        return n

    @step
    def add(xs: list[int]) -> int:
        return sum(xs)

    @pipeline
    def never(x: int = 1):
        return huge(x)

    @pipeline
    def one_by_one(items: list[int], marks: str):
        return add(alone.map(items, marks=marks))

    @pipeline
    def inner(x: int, y: int = 2):
        return add([x, y])

    @pipeline
    def outer(x: int = 1):
        return add([inner(x), inner(x, y=5)])
"""


@pytest.fixture
def flows(project):
    project.write("flow.py", FLOW)
    return project


def test_a_step_that_can_never_fit_fails_with_what_there_is(flows):
    run = flows.run("flow.py:never")
    assert (run.state, run.failed.step) == ("failed", "huge")
    assert "wants 10000 cpu" in run.failed.message


def test_a_pool_lets_as_many_steps_run_as_it_has_places(flows, workspace, tmp_path):
    with pytest.raises(NotFound, match="gpu"):
        flows.run("flow.py:one_by_one", items=[1, 2], marks=str(tmp_path))
    set_pool(workspace, name="gpu", slots=1)
    run = flows.run("flow.py:one_by_one", items=[1, 2, 3, 4], marks=str(tmp_path))
    assert run.state == "succeeded", run.failed
    assert [pool.taken for pool in list_pools(workspace)] == [[]]


def test_a_pipeline_in_a_pipeline_adds_its_steps_under_its_name(flows, value):
    run = flows.run("flow.py:outer")
    assert [one.step for one in run.steps] == ["inner.add", "inner-2.add", "add"]
    assert value(run, "add") == (1 + 2) + (1 + 5)
