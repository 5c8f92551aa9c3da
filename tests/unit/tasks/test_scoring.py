"""Truth and answers, as metrics read them."""

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.metrics import metric_of
from meguru.tasks import task_of
from meguru.tasks.scoring import dense_codes, scored_rows


def test_rows_without_truth_answer_or_weight_are_left_out_with_all_that_is_theirs():
    nan = float("nan")
    rows = scored_rows(
        task_of("regression"),
        np.array([1.0, nan, 3.0, 4.0]),
        {"score": np.array([1.0, 2.0, nan, 5.0])},
        weight=np.array([1.0, 1.0, 1.0, 2.0]),
        block=np.array([7, 7, 8, 9]),
        columns={"amount": np.array([10, 20, 30, 40])},
    )
    assert rows.truth.tolist() == [1, 4]
    assert rows.block.tolist() == [7, 9]
    assert rows.columns["amount"].tolist() == [10, 40]
    assert metric_of("mae").value(rows) == pytest.approx(2 / 3)


def test_a_label_of_several_holds_from_the_threshold_on_as_in_the_answer():
    task = task_of({"task": "multilabel", "classes": ["a", "b"]})
    raw = np.array([[0.5, 0.4], [0.2, 0.9]])
    truth = task.truth(pl.Series("labels", [["a"], ["b"]]))
    answer = task.answer(raw, 2)
    assert answer["labels"] == [["a"], ["b"]]
    assert metric_of("accuracy").value(scored_rows(task, truth, answer)) == 1


def test_an_intervals_ends_have_the_levels_of_its_coverage():
    task = task_of({"task": "interval", "level": 0.8})
    rows = scored_rows(task, np.ones(2), task.answer(np.array([[1, 0, 2], [1, 0, 2.0]]), 2))
    assert rows.levels == pytest.approx((0.1, 0.9))
    assert metric_of("coverage").value(rows) == 1


def test_classes_are_called_as_answers_call_them():
    task = task_of({"task": "multiclass", "classes": [True, False]})
    rows = scored_rows(task, np.array([0.0, -1.0]), task.answer(np.eye(2), 2))
    assert rows.classes == ("true", "false")
    assert metric_of("recall@true").value(rows) == 1
    assert metric_of("accuracy").value(rows) == 0.5


def test_a_generic_model_has_no_measure():
    task = task_of({"task": "generic", "outputs": [{"name": "text", "type": "string"}]})
    with pytest.raises(InvalidInput, match="no common measure"):
        scored_rows(task, np.ones(1), {"text": ["a"]})


def test_values_of_a_column_get_numbers_of_their_own():
    for values in (["b", "a", None, "b"], [2, 1, None, 2]):
        codes = dense_codes(pl.Series(values))
        assert codes[0] == codes[3]
        assert len(set(codes.tolist())) == 3
