"""Every task: what it writes down, answers, and takes as an outcome."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.tasks import TASKS, WrongShape, plain, task_of
from meguru.tasks.binary import Binary

OPTIONS = {
    "binary": {"classes": ["no", "yes"]},
    "multiclass": {"classes": ["setosa", "versicolor", "virginica"]},
    "generic": {"outputs": [{"name": "text", "type": "string"}, {"name": "vector", "shape": [3]}]},
}


@pytest.mark.parametrize("key", TASKS.names())
def test_a_task_without_options_is_its_key_alone(key):
    assert plain(task_of(key)) == key


def test_a_generic_answer_is_checked_by_name_and_shape():
    task = task_of({"task": "generic"} | OPTIONS["generic"])
    raw = {"text": ["a", "b"], "vector": np.zeros((2, 3))}
    assert task.answer(raw, 2) == raw
    assert task_of(plain(task)) == task
    for wrong in (
        {"text": ["a", "b"]},
        raw | {"vector": np.zeros((2, 4))},
        raw | {"text": ["a"]},
        np.zeros(2),
    ):
        with pytest.raises(WrongShape):
            task.answer(wrong, 2)
    one = task_of({"task": "generic", "outputs": [{"name": "vector", "shape": [-1]}]})
    assert list(one.answer(np.zeros((2, 5)), 2)) == ["vector"]
    with pytest.raises(InvalidInput, match="no common measure"):
        task.truth(pl.Series(["a"]))


@pytest.mark.parametrize(
    ("options", "outcomes", "refused"),
    [
        ("binary", {False: 0.0, 1: 1.0}, [2, "yes", None, [1], float("nan")]),
        (OPTIONS["binary"] | {"task": "binary"}, {"yes": 1.0, "no": 0.0, 1: 1.0, False: 0.0}, ["maybe", "1"]),
        (OPTIONS["multiclass"] | {"task": "multiclass"}, {"setosa": "setosa", "new": "new"}, [1, None]),
        ({"task": "multiclass", "classes": [3, 5, 7]}, {3: 3, 5.0: 5}, ["3", 1.5, [3]]),
        ("regression", {2: 2.0, -1.5: -1.5}, ["2", None, float("inf")]),
        ("ranking", {0: 0.0, True: 1.0, 3: 3.0}, [-1, "click"]),
        ("anomaly", {True: 1.0, 0: 0.0}, [0.5]),
    ],
)
def test_an_outcome_is_one_of_its_task_or_refused(options, outcomes, refused):
    task = task_of(options)
    assert task.has_number is all(isinstance(kept, float) for kept in outcomes.values())
    for given, kept in outcomes.items():
        assert task.outcome(given) == kept
    for given in refused:
        with pytest.raises(InvalidInput):
            task.outcome(given)


def test_outcomes_of_several_values():
    multilabel = task_of({"task": "multilabel", "classes": ["news", "sport"]})
    assert multilabel.outcome(["sport", "news"]) == ["news", "sport"]
    multioutput = task_of({"task": "multioutput", "targets": ["heating", "cooling"]})
    assert multioutput.outcome({"cooling": 2}) == [None, 2.0]
    assert multioutput.outcome([1, 2]) == [1.0, 2.0]
    generic = task_of("generic")
    assert generic.outcome({"text": "well"}) == {"text": "well"}
    for task, given in (
        (multilabel, "sport"),
        (multilabel, ["art"]),
        (multioutput, [1]),
        (generic, "x" * 70_000),
    ):
        with pytest.raises(InvalidInput):
            task.outcome(given)


def test_truth_is_what_metrics_read():
    binary = task_of({"task": "binary", "classes": ["no", "yes"]})
    np.testing.assert_array_equal(binary.truth(pl.Series(["yes", None, "no"])), [1, np.nan, 0])
    np.testing.assert_array_equal(task_of("binary").truth(pl.Series([True, None])), [1, np.nan])
    three = task_of({"task": "multiclass", "classes": [3, 5, 7]})
    np.testing.assert_array_equal(three.truth(pl.Series([7, 3, None, 9])), [2, 0, np.nan, -1])
    np.testing.assert_array_equal(three.truth(pl.Series([None, None], dtype=pl.Int64)), [np.nan, np.nan])
    labels = task_of({"task": "multilabel", "classes": ["a", "b"]})
    np.testing.assert_array_equal(
        labels.truth(pl.Series([["b"], None, ["a", "z"]])), [[0, 1], [np.nan, np.nan], [1, 0]]
    )
    two = task_of({"task": "multioutput", "targets": ["a", "b"]})
    np.testing.assert_array_equal(two.truth(pl.Series([[1.0, None], None])), [[1, np.nan], [np.nan, np.nan]])
    for task, column in ((binary, ["maybe"]), (task_of("binary"), [2]), (task_of("regression"), ["x"])):
        with pytest.raises(InvalidInput, match="label"):
            task.truth(pl.Series("late", column))


def test_the_likeliest_class_is_the_label_and_an_unknown_row_has_none():
    task = task_of({"task": "multiclass", "classes": [False, True]})
    answer = task.answer(np.array([[0.5, 0.5], [0.1, 0.9], [np.nan, 1.0]]), 3)
    assert answer["label"] == [False, True, None]
    assert [output.labels for output in task.outputs()] == [(), ("false", "true")]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"task": "binary", "classes": ["a", "a"]}, "classes"),
        ({"task": "binary", "classes": ["a"]}, "classes"),
        ({"task": "multiclass", "classes": [1, True]}, "classes"),
        ({"task": "quantile", "levels": [0.9, 0.1]}, "levels"),
        ({"task": "interval", "level": 1}, "level"),
        ({"task": "forecast", "season": 0}, "season"),
        ({"task": "multioutput", "targets": ["id"]}, "targets"),
        ({"task": "generic", "outputs": [{"name": "a"}, {"name": "a"}]}, "outputs"),
        ({"task": "multiclass", "clases": []}, "clases"),
        ({"classes": []}, "task"),
    ],
)
def test_options_that_make_no_sense_are_named(said, field):
    with pytest.raises(InvalidInput) as caught:
        task_of(said)
    assert caught.value.field == field


def test_an_unknown_task_is_answered_with_the_ones_there_are():
    with pytest.raises(NotFound, match="binry") as caught:
        task_of("binry")
    assert "binary" in caught.value.hint


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1.0, 2.0, None], [0, 1, math.nan]),
        ([2.0, math.nan], [1, math.nan]),
        ([0.0, 1.0, math.nan], [0, 1, math.nan]),  # outcomes that were coded already
        ([1.0, 1.0, None], [0, 0, math.nan]),  # all of the class 1, and not coded ones
        ([None, None], [math.nan, math.nan]),
    ],
)
def test_labels_of_whole_numbers_with_gaps_are_classes_too(values, wanted):
    found = Binary(classes=(1, 2)).truth(pl.Series("y", values, dtype=pl.Float64))
    np.testing.assert_array_equal(found, wanted)
    with pytest.raises(InvalidInput):
        Binary(classes=(1, 2)).truth(pl.Series("y", [1.0, 2.0, 3.0]))


@pytest.mark.parametrize(
    ("classes", "given", "kept"),
    [
        ((1, 2), [1, 2.0, "2"], [0, 1, 1]),
        ((2, 1), [1, 2, 0], [1, 0, 0]),
        ((1, 0), [1, False], [0, 1]),
        ((0, 5), [0, 5, 1], [0, 1, 1]),
        (("no", "yes"), [0, True, "yes"], [0, 1, 1]),
    ],
)
def test_a_recorded_outcome_is_the_class_that_was_sent_whatever_it_is_called(classes, given, kept):
    task = Binary(classes=classes)
    assert [task.outcome(each) for each in given] == kept
    for each in kept:  # also where a window holds nothing but ones
        column = pl.Series("outcome", [float(each), math.nan, None])
        np.testing.assert_array_equal(task.truth_of_outcomes(column), [each, math.nan, math.nan])


def test_a_0_that_would_be_a_code_where_1_is_the_first_class_is_refused():
    task = Binary(classes=(1, 2))
    for given in (0, False, 0.0, 3):
        with pytest.raises(InvalidInput, match="one of two classes") as caught:
            task.outcome(given)
    assert caught.value.hint == "send one of the classes"
    assert task.outcome_schema() == {"enum": [1, 2]}
