"""The harness for users' tests: what ran, what was cached, what came out, and failures that read well."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

import meguru.testing
from meguru.errors import InvalidInput, NotFound, StepFailed
from meguru.testing import pipeline_test

FLOW = """
    import dataclasses
    import datetime
    import meguru
    from meguru import Dataset, approve, gate, pipeline, step

    @dataclasses.dataclass
    class Score:
        value: float
        label: str

    @step
    def load(n: int) -> list[int]:
        print("loading", n)
        return list(range(n))

    @step
    def judge(rows: list[int]) -> Score:
        for n, row in enumerate(rows):
            meguru.log(total=row, step=n)
        return Score(sum(rows), "sum")

    @step
    def both(rows: list[int]) -> tuple[int, set[int]]:
        return len(rows), set(rows)

    @step
    def first(count: int, kinds: set[int]) -> datetime.date:
        return datetime.date(2026, 1, count)

    @step(retries=3, backoff="10m")
    def flaky(marks: str) -> int:
        with open(marks, "a") as file:
            file.write("x")
        tries = len(open(marks).read())
        print("try", tries)
        if tries < 3:
            raise RuntimeError("not yet")
        return tries

    @step
    def fails(rows: list[int]) -> int:
        print("about to fail")
        raise ValueError("rows are odd")

    @step
    def after(x: int) -> int:
        return x

    @step
    def square(x: int) -> int:
        return x * x

    @step
    def total(rows: Dataset) -> int:
        return int(rows.frame()["a"].sum())

    @pipeline
    def scores(n: int = 3):
        return judge(load(n))

    @pipeline
    def dates(n: int = 3):
        count, kinds = both(load(n))
        return first(count, kinds)

    @pipeline
    def flaking(marks: str):
        return flaky(marks)

    @pipeline
    def failing(n: int = 3):
        return after(fails(load(n)))

    @pipeline
    def squares(n: int = 3):
        return square.map(load(n))

    @pipeline
    def totals(rows: Dataset):
        return total(rows)
"""


@pytest.fixture
def flow(tmp_path):
    (tmp_path / "flow.py").write_text(dedent(FLOW))
    return f"{tmp_path}/flow.py"


def test_a_first_run_runs_all_and_the_same_again_nothing(meguru_pipeline, flow):
    first = meguru_pipeline.run(f"{flow}:scores", n=4)
    again = meguru_pipeline.run(f"{flow}:scores", n=4)
    assert (first.ran, first.cached) == ({"load", "judge"}, set())
    assert (again.ran, again.cached) == (set(), {"load", "judge"})
    assert first.state == again.state == "succeeded"
    assert first.output == again.output
    assert (first.output.value, first.output.label) == (6.0, "sum")
    assert first.output_of("load") == [0, 1, 2, 3]
    assert first.log("load") == "loading 4\n"
    assert first.logged("total") == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0)]
    assert again.logged("total") == []


def test_after_a_change_only_what_it_touches_runs(meguru_pipeline, flow):
    meguru_pipeline.run(f"{flow}:scores")
    text = Path(flow).read_text()
    Path(flow).write_text(text.replace('Score(sum(rows), "sum")', 'Score(sum(rows) + 1, "sum")'))
    changed = meguru_pipeline.run(f"{flow}:scores")
    assert (changed.ran, changed.cached) == ({"judge"}, {"load"})
    assert "judge" in changed.why("judge")[0]
    assert changed.output.value == 4.0


def test_a_pipeline_can_be_given_as_the_function_and_its_classes_are_the_tests_own(
    meguru_pipeline, flow, monkeypatch, tmp_path
):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "flow", raising=False)  # another test's
    import flow as module

    try:
        result = meguru_pipeline.run(module.scores, n=2)
        assert result.output == module.Score(1.0, "sum")
    finally:
        del sys.modules["flow"]


def test_outputs_have_the_types_that_the_steps_say(meguru_pipeline, flow, monkeypatch):
    monkeypatch.delitem(sys.modules, "flow", raising=False)  # another test's
    result = meguru_pipeline.run(f"{flow}:dates", n=2)
    assert result.output_of("both") == (2, {0, 1})
    assert result.output == datetime(2026, 1, 2).date()  # noqa: DTZ001 - only a date
    assert "flow" not in sys.modules


def test_a_mapped_step_has_its_list_and_each_call_its_item(meguru_pipeline, flow):
    result = meguru_pipeline.run(f"{flow}:squares", n=3)
    assert result.output == [0, 1, 4]
    assert result.ran == {"load", "square"}
    assert result.output_of("square.2") == 4


def test_a_failure_is_shown_with_its_traceback_and_what_the_step_printed(meguru_pipeline, flow):
    result = meguru_pipeline.run(f"{flow}:failing")
    assert (result.state, result.failed, result.skipped) == ("failed", {"fails"}, {"after"})
    shown = repr(result)
    assert "<failing failed: ran=['fails', 'load'], skipped=['after'], failed=['fails']>" in shown
    for text in ("ValueError: rows are odd", "in fails", "about to fail"):
        assert text in shown
    with pytest.raises(StepFailed) as caught:
        _ = result.output
    assert "rows are odd" in caught.value.why
    with pytest.raises(StepFailed, match="after has no output: it is skipped"):
        result.output_of("after")


def test_a_name_that_no_step_has_offers_near_misses(meguru_pipeline, flow):
    result = meguru_pipeline.run(f"{flow}:scores")
    with pytest.raises(NotFound) as caught:
        result.output_of("lod")
    assert "'load'" in caught.value.hint
    with pytest.raises(InvalidInput, match="no parameter 'm'"):
        meguru_pipeline.run(f"{flow}:scores", m=3)


def test_a_retry_waits_by_moving_the_clock_and_not_by_waiting(meguru_pipeline, flow, tmp_path):
    before = meguru_pipeline.clock.now()
    result = meguru_pipeline.run(f"{flow}:flaking", marks=str(tmp_path / "marks"))
    assert result.output == 3
    assert result.log("flaky") == "try 3\n"
    assert meguru_pipeline.clock.now() - before == timedelta(minutes=10 + 20)


def test_the_clock_stands_where_the_test_puts_it(flow):
    at = datetime(2030, 5, 1, tzinfo=UTC)
    with pipeline_test(at=at) as test:
        result = test.run(f"{flow}:scores")
        assert result.run.created_at == result.run.finished_at == at
        test.clock.move(timedelta(days=1))
        assert test.run(f"{flow}:scores").run.created_at == at + timedelta(days=1)


def test_datasets_of_a_test_are_frames_dicts_or_files(meguru_pipeline, flow, tmp_path):
    (tmp_path / "rows.csv").write_text("a\n5\n")
    for data, expected in (({"a": [1, 2]}, 3), (str(tmp_path / "rows.csv"), 5)):
        ref = meguru_pipeline.dataset(f"rows{expected}", data)
        assert meguru_pipeline.run(f"{flow}:totals", rows=ref).output == expected


def test_in_threads_the_same_comes_out(flow):
    with pipeline_test(isolation="thread") as test:
        first = test.run(f"{flow}:dates", n=2)
        again = test.run(f"{flow}:dates", n=2)
        assert {step.isolation for step in first.version.graph.steps} == {"thread"}
        assert first.output == again.output == datetime(2026, 1, 2).date()  # noqa: DTZ001 - only a date
    assert first.ran == again.cached == {"load", "both", "first"}


def test_the_settings_of_the_environment_do_not_count(flow, monkeypatch, tmp_path):
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "mine"))
    with pipeline_test() as test:
        assert test.run(f"{flow}:scores").state == "succeeded"
    assert not (tmp_path / "mine").exists()


def test_pytest_finds_the_fixture_without_a_word(flow, tmp_path):
    (tmp_path / "test_flow.py").write_text(
        "def test_scores(meguru_pipeline):\n"
        "    result = meguru_pipeline.run('flow.py:scores', n=3)\n"
        "    assert result.ran == {'load'}\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_flow.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Extra items in the left set" in done.stdout
    assert "'judge'" in done.stdout


def test_the_door_of_the_package_has_what_it_names():
    for name in meguru.testing.__all__:
        assert getattr(meguru.testing, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = meguru.testing.nothing


def test_two_projects_whose_modules_have_the_same_name_do_not_meet(meguru_pipeline, tmp_path):
    for name, value in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flow.py").write_text(
            "from dataclasses import dataclass\nfrom meguru import pipeline, step\n\n"
            f"@dataclass\nclass Made:\n    value{value}: int\n\n"
            f"@step\ndef make(x: int) -> Made:\n    return Made(x)\n\n"
            f"@pipeline\ndef {name}(x: int):\n    return make(x)\n"
        )
    one = meguru_pipeline.run(f"{tmp_path}/one/flow.py:one", x=1)
    two = meguru_pipeline.run(f"{tmp_path}/two/flow.py:two", x=2)
    assert (one.output.value1, two.output.value2, one.output.value1) == (1, 2, 1)


def test_a_run_that_asks_is_answered_by_the_test(meguru_pipeline, tmp_path):
    (tmp_path / "ask.py").write_text(
        "from meguru import approve, pipeline, step\n\n"
        "@step\ndef make(x: int) -> int:\n    return x\n\n"
        "@step\ndef ship(x: int) -> str:\n    return f'shipped {x}'\n\n"
        "@pipeline\ndef ask(x: int = 1):\n"
        "    made = make(x)\n    approve('ship it?', made=made, timeout='3d')\n    return ship(made)\n"
    )
    asked = meguru_pipeline.run(f"{tmp_path}/ask.py:ask")
    assert (asked.state, asked.asking, asked.ran) == ("waiting", {"approve"}, {"make"})
    done = meguru_pipeline.approve(asked, "approve", note="fine")
    assert (done.state, done.output) == ("succeeded", "shipped 1")
    refused = meguru_pipeline.refuse(meguru_pipeline.run(f"{tmp_path}/ask.py:ask", x=2), "approve")
    assert "ship" in refused.skipped
    late = meguru_pipeline.run(f"{tmp_path}/ask.py:ask", x=3)
    meguru_pipeline.clock.move(timedelta(days=4))
    assert "ship" in meguru_pipeline.go_on(late).skipped
