"""What a process may give to steps is never given twice, and nobody waits for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.base.settings import Settings
from meguru.compute.executors import capacity
from meguru.compute.executors.capacity import Capacity
from meguru.compute.graph import Resources, Step
from meguru.errors import InvalidInput


def nothing() -> None:
    return None


def step(**resources: float) -> Step:
    return Step(key="train", function="m:f", inputs={}, outputs=[], resources=Resources(**resources))


def test_a_step_that_says_nothing_takes_one_core():
    there = Capacity(cpu=2, memory=1e9)
    assert [there.take(name, None, nothing) for name in "abc"] == [True, True, False]
    there.give("a")
    assert there.take("c", None, nothing)


def test_who_waits_is_called_when_something_is_given_back():
    there, called = Capacity(cpu=1, memory=1e9), []
    assert there.take("a", None, nothing)
    assert not there.take("b", None, lambda: called.append("b"))
    assert called == []
    there.give("a")
    assert called == ["b"]
    assert there.take("b", None, nothing)


def test_small_steps_do_not_overtake_a_large_one_for_ever():
    there = Capacity(cpu=2, memory=1e9)
    assert there.take("small", None, nothing)
    assert not there.take("large", Resources(cpu=2), nothing)
    assert not there.take("later", None, nothing)
    there.give("small")
    assert not there.take("later", None, nothing)
    assert there.take("large", Resources(cpu=2), nothing)


def test_a_step_that_waits_for_an_accelerator_does_not_hold_up_others():
    there = Capacity(cpu=4, memory=1e9, gpu=1)
    assert there.take("a", Resources(gpu=1), nothing)
    assert not there.take("b", Resources(gpu=1), nothing)
    assert there.take("c", None, nothing)


def test_a_step_that_gave_up_waiting_holds_up_nobody():
    there = Capacity(cpu=2, memory=1e9)
    assert there.take("small", None, nothing)
    assert not there.take("large", Resources(cpu=2), nothing)
    there.give("large")
    assert there.take("later", None, nothing)


def test_whole_accelerators_are_given_to_one_step_and_parts_share_one():
    there = Capacity(cpu=9, memory=1e9, gpu=2)
    assert there.take("a", Resources(gpu=0.5), nothing)
    assert there.take("b", Resources(gpu=0.5), nothing)
    assert there.take("c", Resources(gpu=1), nothing)
    assert there.devices("a") == there.devices("b") != there.devices("c")
    assert not there.take("d", Resources(gpu=0.5), nothing)


def test_what_runs_elsewhere_takes_nothing_here():
    there = Capacity(cpu=1, memory=1e9)
    assert there.take("a", None, nothing)
    assert there.take("b", Resources(cpu=64, gpu=8), nothing, remote=True)


@pytest.mark.parametrize("wanted", [{"cpu": 3}, {"memory": 2_000_000_000}, {"gpu": 1}], ids=str)
def test_a_step_that_can_never_fit_is_refused_with_the_reason(wanted):
    there = Capacity(cpu=2, memory=1e9)
    with pytest.raises(InvalidInput, match="step train can never run here") as refused:
        there.check(step(**wanted))
    assert refused.value.field == f"resources.{next(iter(wanted))}"
    there.check(step(**wanted), remote=True)


def test_the_settings_say_how_much_there_is():
    there = capacity.shared(Settings(cpus=3, memory=10, gpus=1))
    assert (there.total.cpu, there.total.memory, there.total.gpu) == (3, 10, 1)
    assert capacity.shared(Settings(cpus=3, memory=10, gpus=1)) is there
    assert capacity.shared(Settings()).total.cpu == capacity.cores()


WANTS = st.builds(
    Resources,
    cpu=st.sampled_from([0.5, 1.0, 2.0, 3.0]),
    memory=st.sampled_from([None, 1, 5]),
    gpu=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
)


@given(st.lists(st.tuples(st.integers(0, 7), st.booleans(), WANTS), max_size=60))
def test_never_more_is_out_than_there_is_and_everything_comes_back(actions):
    there = Capacity(cpu=4, memory=8, gpu=2)
    out: dict[str, Resources] = {}
    for number, is_taken, wanted in actions:
        name = str(number)
        if not is_taken:
            there.give(name)
            out.pop(name, None)
        elif name not in out and there.take(name, wanted, nothing):
            out[name] = wanted
        assert sum(one.cpu for one in out.values()) <= 4
        assert sum(one.memory or 0 for one in out.values()) <= 8
        assert sum(one.gpu for one in out.values()) <= 2
    for number in range(8):
        there.give(str(number))
    assert there.take("all", Resources(cpu=4, memory=8, gpu=2), nothing)
