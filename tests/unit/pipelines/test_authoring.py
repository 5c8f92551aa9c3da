"""The words step and pipeline: tracing, types, parameters."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.compute import graph as graphs
from meguru.compute.dataset_param import Dataset
from meguru.compute.graph import Constant, FromParameter, FromStep, Graph, Many, Step
from meguru.errors import InvalidInput
from meguru.pipelines.authoring import pipeline, step
from meguru.pipelines.parameters import convert, from_text, to_text

DEFAULT = Dataset("d@1")


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@step
def count(n: int) -> int:
    return n + 1


@step(retries=2, timeout="10m")
def join(words: list[str], sep: str = "-") -> str:
    return sep.join(words)


@step
def word(n: int) -> str:
    return "x" * n


@pipeline
def words(n: int, size: Size = Size.SMALL, since: date | None = None, data: Dataset = DEFAULT):
    return join([word(count(n)), word(3), "end"])


def test_a_step_called_outside_a_pipeline_is_the_plain_function():
    assert count(2) == 3
    assert join(["a", "b"]) == "a-b"
    assert words(1) == "xx-xxx-end"


def test_tracing_gives_the_graph_as_data():
    made = words.trace()
    assert [one.key for one in made.steps] == ["count", "word", "word-2", "join"]
    assert made.steps[0].inputs == {"n": FromParameter(name="n")}
    assert made.steps[3].inputs == {
        "words": Many(items=[FromStep(step="word"), FromStep(step="word-2"), Constant(value="end")]),
        "sep": Constant(value="-"),
    }
    assert (made.steps[3].retries, made.steps[3].timeout) == (2, 600.0)
    assert made.result == FromStep(step="join")
    assert [(one.name, one.type, one.default) for one in made.parameters] == [
        ("n", "int", None),
        ("size", "Literal['small', 'large']", "small"),
        ("since", "date | None", None),
        ("data", "Dataset", "d@1"),
    ]


def test_parameters_are_read_from_text_as_their_types_say():
    values = convert(
        words.trace(), {"n": "4", "size": "large", "since": "2026-03-01", "data": "flights@latest"}
    )
    assert values == {"n": 4, "size": "large", "since": "2026-03-01", "data": "flights@latest"}


@pytest.mark.parametrize(
    ("given", "field", "hint"),
    [
        ({"n": 1, "sze": "small"}, "sze", "did you mean 'size'?"),
        ({}, "n", "give it: -p n=…"),
        ({"n": "one"}, "n", "give a whole number"),
        ({"n": 1, "size": "huge"}, "size", "give 'small' or 'large'"),
        ({"n": 1, "data": 3}, "data", "give a dataset such as flights@latest"),
    ],
)
def test_a_wrong_parameter_is_named(given, field, hint):
    with pytest.raises(InvalidInput) as caught:
        convert(words.trace(), given)
    assert (caught.value.field, caught.value.hint) == (field, hint)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            lambda n: join(count(n)),
            "join\\(words\\) takes list\\[str\\], but the output of step count is int",
        ),
        (lambda n: word("three"), "word\\(n\\)='three' is not a int"),
        (lambda n: word(3) if n > 2 else None, "parameter n can't be tested or compared"),
        (lambda n: word(n + 1), "parameter n can't be computed with"),
        (lambda n: word(count(n).real), "the output of step count can't have its .real read"),
        (lambda n: list(count(n)), "the output of step count can't be iterated over"),
        (lambda n: word(m=3), "word has no argument 'm'"),
        (lambda n: word(object()), "a object can't be written into the graph"),
        (lambda n: 3, "calls no step"),
    ],
)
def test_a_body_that_can_not_be_a_graph_is_refused(body, message):
    def draw(n: int):
        return body(n)

    with pytest.raises(InvalidInput, match=message):
        pipeline(name="draw")(draw).trace()


def test_what_a_worker_could_not_find_or_call_is_refused():
    @step
    def inner(n: int) -> int:
        return n

    with pytest.raises(InvalidInput, match="made inside a function"):
        pipeline(name="p")(lambda: inner(1)).trace()
    with pytest.raises(InvalidInput, match="has the parameter \\*args"):
        pipeline(name="p")(lambda *args: count(1)).trace()
    with pytest.raises(InvalidInput, match="produces 'm', but returns no step's output"):
        pipeline(name="p", produces="m")(lambda: (count(1), None)[1]).trace()
    with pytest.raises(InvalidInput, match="is no length of time"):
        step(timeout="soon")


def test_a_parameter_type_that_needs_the_authors_code_is_refused():
    with pytest.raises(InvalidInput, match="a pipeline parameter can't be a Graph"):
        to_text(Graph, "p(x)")
    for text in ("__import__('os')", "int[", "int[str]", "list[x][y]", "f" + "[" * 5000, ""):
        with pytest.raises(InvalidInput, match="is no type of a parameter"):
            from_text(text)


@pytest.mark.parametrize(
    "kind", [int, list[int], dict[str, float | None], tuple[int, ...], Literal["a", 1], date]
)
def test_a_parameter_type_survives_being_text(kind):
    assert from_text(to_text(kind, "")) == kind


@given(st.lists(st.sets(st.integers(0, 15)), max_size=16), st.randoms())
def test_every_step_comes_after_what_it_needs(needed, random):
    steps = [
        Step(
            key=str(n),
            function="m:f",
            outputs=["int"],
            inputs={str(m): FromStep(step=str(m)) for m in needed[n] if m < n},
        )
        for n in range(len(needed))
    ]
    random.shuffle(steps)
    order = graphs.order(Graph(name="g", parameters=[], steps=steps))
    assert sorted(order) == sorted(one.key for one in steps)
    for one in steps:
        assert all(order.index(need) < order.index(one.key) for need in graphs.needs(one))


def test_a_circle_of_steps_is_refused():
    circle = [
        Step(key=a, function="m:f", outputs=[], inputs={"x": FromStep(step=b)}) for a, b in ("ab", "bc", "ca")
    ]
    with pytest.raises(InvalidInput, match=r"a, b, c .* wait for each other"):
        graphs.order(Graph(name="g", parameters=[], steps=circle))
