"""Steps and pipelines are called as their functions are, in any script."""

from __future__ import annotations

import pytest

from meguru.errors import InvalidInput
from meguru.pipelines.authoring import pipeline, step
from meguru.pipelines.logs.read import read_log

LEARN = """
    from meguru import pipeline, step

    @step
    def 準備(n: int) -> list[int]:
        print("読んだ")
        return list(range(n))

    @step(name="データ・学習")
    def 学習(rows: list[int]) -> int:
        return sum(rows)

    @pipeline
    def 需要予測(n: int = 3):
        return 学習(準備(n))
"""


def test_a_pipeline_and_its_steps_may_be_named_in_japanese(project, value):
    project.write("予測.py", LEARN)
    run = project.run("予測.py:需要予測", n=4)
    assert (run.state.value, run.pipeline) == ("succeeded", "需要予測")
    assert [each.step for each in run.steps] == ["準備", "データ・学習"]
    assert value(run, "データ・学習") == 6
    assert "読んだ" in str(read_log(project.ws, ref=f"{run.id}.準備"))
    assert project.states("予測.py:需要予測", n=4) == {"準備": "cached", "データ・学習": "cached"}


def test_a_long_name_of_wide_letters_fits_its_files(project):
    long = "学" * 90
    project.write("long.py", LEARN.replace("データ・学習", long))
    run = project.run("long.py:需要予測", n=2)
    assert [(each.step, each.state.value) for each in run.steps] == [
        ("準備", "succeeded"),
        (long, "succeeded"),
    ]


def test_a_step_whose_name_hides_something_is_refused():
    with pytest.raises(InvalidInput, match="can't name a step"):
        step(name="学\u200b習")(lambda: 1)
    with pytest.raises(InvalidInput, match="can't name a pipeline"):
        pipeline(name="a/b")(lambda: 1)
