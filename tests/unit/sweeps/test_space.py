"""Ranges as users write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.errors import InvalidInput
from meguru.sweeps import space as spaces
from meguru.sweeps.types import Choice, Uniform, Whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uniform:0..1", Uniform(low=0, high=1)),
        ("uniform:-1..1:0.5", Uniform(low=-1, high=1, step=0.5)),
        ("loguniform:1e-4..1e-1", Uniform(low=1e-4, high=1e-1, log=True)),
        ("int:2..10", Whole(low=2, high=10)),
        ("int:8..64:8", Whole(low=8, high=64, step=8)),
        ("logint:1..1000", Whole(low=1, high=1000, log=True)),
        ("choice:a,b", Choice(values=["a", "b"])),
        ("choice:1, 2.5,true,null,x", Choice(values=[1, 2.5, True, None, "x"])),
    ],
)
def test_a_range_is_read_as_it_is_written(text, expected):
    assert spaces.read({"p": text}) == ({"p": expected}, {})


def test_a_list_is_a_choice_and_anything_else_is_fixed():
    space, fixed = spaces.read({"kind": ["a", "b"], "n": 5, "data": "flights@latest", "url": "http://x"})
    assert space == {"kind": Choice(values=["a", "b"])}
    assert fixed == {"n": 5, "data": "flights@latest", "url": "http://x"}


@pytest.mark.parametrize(
    "text",
    ["int:2", "int:a..b", "int:1.5..2", "uniform:0..", "loguniform:1..2:0.1", "uniform:..", "int:1..2:x"],
)
def test_text_that_begins_like_a_range_and_is_none_is_refused(text):
    with pytest.raises(InvalidInput, match="is no range") as caught:
        spaces.read({"p": text})
    assert "loguniform:1e-4..1e-1" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "near"),
    [("float:0..1", ""), ("unifrom:0..1:0.1", "uniform"), ("loguniforn:1..9", "loguniform")],
)
def test_a_misspelt_kind_of_range_is_named(text, near):
    with pytest.raises(InvalidInput, match="is no kind of range") as caught:
        spaces.read({"p": text, "q": "int:1..2"})
    assert "loguniform" in caught.value.why
    assert near in caught.value.hint


@pytest.mark.parametrize("text", ["http://x:1..2", "a:b..c", "x:1.5", "12:1..2", "flights@1..2", "a:1..2,3"])
def test_text_that_only_looks_a_little_like_a_range_is_a_value(text):
    assert spaces.read({"p": text}) == ({}, {"p": text})


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (Uniform(low=1, high=0), "empty"),
        (Uniform(low=0, high=float("inf")), "empty"),
        (Uniform(low=float("nan"), high=1), "empty"),
        (Uniform(low=0, high=1, log=True), "above 0"),
        (Uniform(low=0, high=1, step=0), "more than 0"),
        (Whole(low=1, high=9, step=-1), "more than 0"),
        (Whole(low=1, high=9, step=2, log=True), "no steps"),
        (Whole(low=1, high=10**400), "too large"),
        (Uniform(low=0, high=1, step=1e-320), "too small"),
        (Choice(values=[]), "1 to 200"),
        (Choice(values=["a", "a"]), "twice"),
        (Choice(values=list(range(201))), "1 to 200"),
    ],
)
def test_a_range_that_holds_nothing_is_refused(one, why):
    with pytest.raises(InvalidInput) as caught:
        spaces.check({"p": one})
    assert why in caught.value.why


def test_true_and_one_are_two_choices():
    spaces.check({"p": Choice(values=[1, True, "1"])})


def test_something_must_be_searched():
    with pytest.raises(InvalidInput, match="nothing to search"):
        spaces.check({})


@given(
    st.integers(-50, 50),
    st.integers(0, 30),
    st.integers(1, 7),
    st.lists(st.integers(), min_size=1, max_size=5),
)
def test_a_grid_has_every_point_once(low, size, step, values):
    space = {
        "a": Whole(low=low, high=low + size, step=step),
        "b": Choice(values=list(dict.fromkeys(values))),
        "c": Uniform(low=0.0, high=0.3, step=0.1),
    }
    count = spaces.grid_size(space)
    points = [spaces.grid_point(space, n) for n in range(count)]
    assert (
        len({tuple(point.items()) for point in points}) == count == (size // step + 1) * len(set(values)) * 4
    )
    assert all(low <= point["a"] <= low + size for point in points)
    assert {point["c"] for point in points} == {0.0, 0.1, 0.2, 0.3}


def test_a_grid_needs_a_small_number_of_values():
    with pytest.raises(InvalidInput, match="x can't be laid out as a grid"):
        spaces.grid_size({"x": Uniform(low=0, high=1)})
    with pytest.raises(InvalidInput, match="1,000,000 points"):
        spaces.grid_size({"x": Whole(low=1, high=1000), "y": Whole(low=1, high=1000)})
    with pytest.raises(InvalidInput, match="can't be laid out"):
        spaces.grid_size({"x": Whole(low=0, high=2**62)})
