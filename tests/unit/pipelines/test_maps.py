"""Mapped steps: one call for each item, cached one by one, collected in order."""

from __future__ import annotations

import pytest

from meguru.compute.graph import Constant, FromParameter, FromStep
from meguru.errors import InvalidInput
from meguru.pipelines.authoring import pipeline, step
from meguru.pipelines.control_flow import collect, each
from meguru.pipelines.retry import retry
from meguru.pipelines.runner import work_on
from meguru.pipelines.show import show_run

FLOW = """
    from meguru import collect, each, pipeline, step

    @step
    def load(n: int) -> list[int]:
        return list(range(n))

    @step
    def square(x: int, plus: int) -> int:
        return x * x + plus

    @step
    def divide(x: int) -> tuple[int, int]:
        return divmod(x, 2)

    @step
    def risky(x: int) -> int:
        if x == 2:
            raise ValueError("two is too much")
        return x

    @step
    def total(xs: list[int]) -> int:
        return sum(xs)

    @step
    def both(halves: list[int], rests: list[int]) -> list[list[int]]:
        return [halves, rests]

    @pipeline
    def flow(n: int = 4, plus: int = 1):
        return total(collect(square.map(load(n), plus=plus)))

    @pipeline
    def pairs(items: list[int], others: list[int]):
        return total(square.map(items, others))

    @pipeline
    def chain(n: int = 3):
        return total(square.map(x=each(square.map(load(n), plus=0)), plus=10))

    @pipeline
    def tuples(n: int = 5):
        halves, rests = divide.map(load(n))
        return both(halves, rests)

    @pipeline
    def lenient(n: int = 4):
        return total(collect(risky.map(load(n)), failed="skip"))

    @pipeline
    def strict(n: int = 4):
        return total(risky.map(load(n)))
"""


@step
def inc(x: int, by: int = 1) -> int:
    return x + by


@step
def halves(x: int) -> tuple[int, int]:
    return divmod(x, 2)


@pipeline
def mapped(xs: list[int]):
    return inc.map(xs, by=3)


@pytest.fixture
def flows(project):
    project.write("maps.py", FLOW)
    return project


def result(project, run):
    last = next(one for one in reversed(run.steps) if not one.parent)
    return int(project.ws.blobs.get_bytes(last.outputs[0].digest))


def test_a_plain_map_calls_the_function_for_each_item():
    assert inc.map([1, 2], by=10) == [11, 12]
    assert inc.map([1, 2], [3, 4]) == [4, 6]
    assert inc.map(x=each([1, 2])) == [2, 3]
    assert halves.map([4, 5]) == ([2, 2], [0, 1])
    assert halves.map([]) == ([], [])
    assert collect(inc.map([])) == []


def test_tracing_names_what_varies_and_what_is_split():
    (one,) = mapped.trace().steps
    assert (one.kind, one.each) == ("map", ["x"])
    assert one.inputs == {"x": FromParameter(name="xs"), "by": Constant(value=3)}

    @step
    def rows() -> list[int]: ...

    @pipeline
    def flow():
        return inc.map(rows())

    rows.function.__qualname__ = "rows"
    made = flow.trace()
    assert made.steps[0].split == [0]
    assert made.result == FromStep(step="inc")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (inc.map, "nothing to map over"),
        (lambda: inc.map(by=2), "nothing to map over"),
        (lambda: inc.map(3), "mapped over a int"),
        (lambda: inc.map(["a"]), "is not a int"),
        (lambda: inc.map([1], bye=2), "has no argument 'bye'"),
        (lambda: collect(inc(1), failed="skip"), "no output of a mapped step"),
    ],
)
def test_a_map_that_can_not_work_is_refused_while_tracing(call, says):
    @pipeline
    def wrong():
        return call()

    with pytest.raises(InvalidInput, match=says):
        wrong.trace()


def test_each_item_is_a_step_run_of_its_own_and_the_list_keeps_the_order(flows):
    run = flows.run("maps.py:flow")
    assert result(flows, run) == 0 + 1 + 4 + 9 + 4
    assert [one.step for one in run.steps] == ["load", "square", *(f"square.{n}" for n in range(4)), "total"]
    assert run.steps[1].items == 4
    assert (run.ran, run.cached) == (6, 0)


def test_only_new_items_run_again_and_a_whole_map_is_taken_over_at_once(flows):
    flows.run("maps.py:flow")
    again = flows.run("maps.py:flow")
    assert [one.state.value for one in again.steps] == ["cached"] * 3
    longer = flows.run("maps.py:flow", n=5)
    states = {one.step: one.state.value for one in longer.steps}
    assert [states[f"square.{n}"] for n in range(5)] == ["cached"] * 4 + ["succeeded"]
    assert result(flows, longer) == 35
    assert flows.run("maps.py:flow", n=5).ran == 0


def test_lists_side_by_side_chains_and_tuples(flows):
    assert result(flows, flows.run("maps.py:pairs", items=[1, 2], others=[10, 20])) == 35
    assert result(flows, flows.run("maps.py:chain")) == (0 + 1 + 16) + 30
    run = flows.run("maps.py:tuples")
    assert flows.ws.blobs.get_bytes(run.steps[-1].outputs[0].digest) == b"[[0,0,1,1,2],[0,1,0,1,0]]"


def test_nothing_to_map_over_gives_an_empty_list(flows):
    assert result(flows, flows.run("maps.py:flow", n=0)) == 0


def test_lists_of_different_lengths_fail_the_step_with_both_lengths(flows):
    run = flows.run("maps.py:pairs", items=[1, 2], others=[10])
    assert run.state == "failed"
    assert run.failed.step == "square"
    assert "x has 2, plus has 1" in run.failed.message


def test_a_failed_call_fails_the_run_unless_it_may_be_left_out(flows):
    strict = flows.run("maps.py:strict")
    assert (strict.state, strict.failed.step) == ("failed", "risky.2")
    lenient = flows.run("maps.py:lenient")
    assert lenient.state == "succeeded"
    assert result(flows, lenient) == 0 + 1 + 3
    states = {one.step: one.state.value for one in lenient.steps}
    assert (states["risky"], states["risky.2"]) == ("succeeded", "failed")
    # What is not whole is no answer for a later run: the failed call is tried again.
    again = flows.run("maps.py:lenient")
    states = {one.step: one.state.value for one in again.steps}
    assert (states["risky.1"], states["risky.2"], states["total"]) == ("cached", "failed", "cached")


def test_a_repeated_run_takes_over_the_calls_that_were_done(flows):
    flows.edit("maps.py", "@step\n    def risky".replace("    ", ""), "@step(cache=False)\ndef risky")
    failed = flows.run("maps.py:strict")
    again = retry(flows.ws, run=failed.id)
    work_on(flows.ws, again.job)
    states = {one.step: one.state.value for one in show_run(flows.ws, ref=again.id).steps}
    assert (states["risky.0"], states["risky.2"]) == ("cached", "failed")


def test_an_output_that_is_mapped_over_must_be_a_list(flows):
    flows.edit("maps.py", "return list(range(n))", "return n")
    run = flows.run("maps.py:flow")
    assert "a later step maps over it" in run.failed.message
    assert show_run(flows.ws, ref=run.id).failed.step == "load"
