"""Gates: what a refusal skips, and what it does not."""

from __future__ import annotations

import pytest

from meguru.compute.graph import FromParameter, FromStep, StepGate
from meguru.errors import InvalidInput
from meguru.pipelines.authoring import pipeline, step
from meguru.pipelines.control_flow import gate

FLOW = """
    from meguru import gate, pipeline, step

    @step
    def good(x: int) -> dict:
        return {"passed": x > 5, "reason": f"{x} is not above 5"}

    @step
    def ship(x: int) -> int:
        return x

    @step
    def tell(x: int) -> str:
        return "sorry"

    @step
    def odd():
        return "maybe"

    @pipeline
    def flow(x: int, really: bool = True):
        verdict = good(x)
        with gate(verdict):
            shipped = ship(x)
            with gate(really):
                ship(shipped)
        with gate(verdict, when=False):
            tell(x)
        return shipped

    @pipeline
    def unclear(x: int = 1):
        with gate(odd()):
            ship(x)
"""


@step
def check(x: int) -> bool:
    return x > 1


@step
def act(x: int) -> int:
    return x


@pipeline
def gated(x: int, on: bool):
    with gate(check(x)), gate(on):
        act(x)
    return act(2)


@pytest.fixture
def flows(project):
    project.write("gates.py", FLOW)
    return project


def states(run):
    return {one.step: one.state.value for one in run.steps}


def test_tracing_puts_the_steps_of_the_block_behind_its_gates():
    first, inner, outer = gated.trace().steps
    assert (first.gates, outer.gates) == ([], [])
    assert inner.gates == [
        StepGate(verdict=FromStep(step="check")),
        StepGate(verdict=FromParameter(name="on")),
    ]


def test_a_plain_call_does_nothing_behind_a_closed_gate():
    done = []

    @step
    def note(x: int) -> int:
        done.append(x)
        return x

    with gate(False):
        assert note(1) is None
        with gate(True):
            note(2)
        assert note.map([3]) == []
    with gate({"passed": True}):
        note(4)
    assert done == [4]


def test_a_gate_that_says_yes_lets_its_steps_run(flows):
    run = flows.run("gates.py:flow", x=9)
    assert states(run) == {
        "good": "succeeded",
        "ship": "succeeded",
        "ship-2": "succeeded",
        "tell": "skipped",
    }
    assert (run.state, run.skipped) == ("succeeded", 1)


def test_a_gate_that_says_no_skips_its_steps_and_all_that_need_them_with_the_reason(flows):
    run = flows.run("gates.py:flow", x=3)
    assert states(run) == {"good": "succeeded", "ship": "skipped", "ship-2": "skipped", "tell": "succeeded"}
    assert run.state == "succeeded"
    reasons = {one.step: one.reason for one in run.steps}
    assert reasons["ship"] == "gate good said no: 3 is not above 5"
    assert reasons["ship-2"] == "ship was skipped"


def test_a_parameter_can_be_a_verdict(flows):
    run = flows.run("gates.py:flow", x=9, really=False)
    assert states(run)["ship-2"] == "skipped"
    assert next(one for one in run.steps if one.step == "ship-2").reason == "gate really said no"


def test_a_verdict_that_is_none_fails_the_step_behind_it(flows):
    run = flows.run("gates.py:unclear")
    assert (run.state, run.failed.step) == ("failed", "ship")
    assert "'maybe'" in run.failed.message


def test_a_gate_needs_a_verdict_that_can_be_one():
    @pipeline
    def wrong(x: int):
        with gate(act(x)):
            act(1)

    with pytest.raises(InvalidInput, match="gate takes bool"):
        wrong.trace()

    @pipeline
    def fixed():
        with gate(True):
            act(1)

    with pytest.raises(InvalidInput, match="needs a step's output or a parameter"):
        fixed.trace()
