"""Costs by a matrix and by a formula, and what a formula can't do."""

from dataclasses import replace

import numpy as np
import pytest

from meguru.errors import InvalidInput
from meguru.metrics import ScoredRows, metric_of
from meguru.metrics.formulas import Formula
from meguru.testing.scored_rows import many_classes, numbers, two_classes


def test_a_matrix_costs_what_its_cell_says():
    rows = two_classes(500)
    late, answered = rows.truth == 1, rows.answer["score"] > 0.5
    cost = metric_of({"metric": "cost", "matrix": [[0, 1], [5, -0.5]], "unit": "EUR"})
    known = np.select([late & answered, late, answered], [-0.5, 5, 1], 0)
    assert cost.value(rows) == pytest.approx(known.mean(), abs=1e-12)
    assert (cost.name, cost.unit, cost.direction) == ("cost", "EUR", "lower")
    assert "of 2 classes, and there are 4" in cost.missing(many_classes(20))


def test_a_threshold_of_its_own_moves_the_decision():
    rows = two_classes(500)
    careful = metric_of({"metric": "cost", "matrix": [[0, 1], [5, 0]], "threshold": 0.2})
    answered, late = rows.answer["score"] > 0.2, rows.truth == 1
    assert careful.value(rows) == pytest.approx(np.mean(5 * (late & ~answered) + (~late & answered)))


def test_a_formula_reads_truth_answers_and_columns():
    rows = replace(numbers(300), columns={"amount": np.arange(300.0)})
    gain = metric_of(
        {"metric": "cost", "of": "sales", "formula": "amount * 2 if score > truth else 1", "counts": "gain"}
    )
    known = np.where(rows.answer["score"] > rows.truth, np.arange(300) * 2, 1)
    assert gain.value(rows) == pytest.approx(known.mean())
    assert (gain.name, gain.direction, gain.columns) == ("cost@sales", "higher", ("amount",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * x - y / 4", 1 + 2 * 3 - 8 / 4),
        ("-x ** 2", -9),
        ("abs(-x) + min(x, y) + max(x, y)", 3 + 3 + 8),
        ("sqrt(y * 2) + log(exp(x)) + floor(2.5) + ceil(2.5)", 4 + 3 + 2 + 3),
        ("1 if x < y and not x == 3 else 2", 2),
        ("x >= 3 or y > 100", 1),
        ("True", 1),
    ],
)
def test_formulas_compute_as_python_does(text, value):
    assert Formula(text).over({"x": np.array([3]), "y": np.array([8])}, 1) == pytest.approx([value])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x +",
        "__import__('os').system('ls')",
        "x.__class__",
        "[x for x in y]",
        "lambda: x",
        "'text'",
        "x[0]",
        "f'{x}'",
        "9 ** 9 ** 9",
        "x ** y",
        "1j * x",
        "pow(x, 2)",
        "max(x)",
        "max(x, key=y)",
        "x < y < 3",
        "~x",
        "(" * 300 + "x" + ")" * 300,
        "+".join(["x"] * 600),
        "(yield x)",
        "x if y",
        "x := 3",
        "\x00",
    ],
)
def test_a_formula_is_arithmetic_and_nothing_else(text):
    with pytest.raises(InvalidInput) as refused:
        Formula(text)
    assert refused.value.field == "formula"


def test_a_formula_without_a_value_for_some_rows_is_refused_with_their_number():
    rows = ScoredRows(truth=np.array([0.0, 1.0, 2.0]), answer={"score": np.zeros(3)})
    with pytest.raises(InvalidInput, match="no finite value for 1 of 3 rows"):
        metric_of({"metric": "cost", "formula": "1 / truth"}).value(rows)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "a matrix or a formula"),
        ({"matrix": [[0, 1], [1, 0]], "formula": "truth"}, "a matrix or a formula"),
        ({"matrix": [[0, 1]]}, "a row for each true class"),
        ({"matrix": [[0, float("nan")], [1, 0]]}, "a row for each true class"),
        ({"formula": "pow(truth, 2)"}, "no function pow()"),
        ({"formula": "truth", "price": 3}, "price"),
    ],
)
def test_a_cost_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(InvalidInput) as refused:
        metric_of({"metric": "cost", **options})
    assert words in f"{refused.value.what} {refused.value.why}"


def test_a_number_that_no_column_holds_is_refused():
    with pytest.raises(InvalidInput, match="not possible"):
        metric_of({"metric": "cost", "formula": f"1{'0' * 400} * truth"})
