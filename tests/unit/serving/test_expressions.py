"""Expressions: what they say, what they cost nobody, and what they refuse."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.errors import InvalidInput
from meguru.flavors import ColumnType, SignatureColumn
from meguru.serving.expressions import compile_expression

DAY = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
COLUMNS = [
    SignatureColumn(name="x", type=ColumnType.DOUBLE),
    SignatureColumn(name="n", type=ColumnType.LONG),
    SignatureColumn(name="maybe", type=ColumnType.DOUBLE, nullable=True),
    SignatureColumn(name="carrier", type=ColumnType.STRING),
    SignatureColumn(name="late", type=ColumnType.BOOLEAN),
    SignatureColumn(name="at", type=ColumnType.DATETIME),
    SignatureColumn(name="mean radius", type=ColumnType.DOUBLE),
]
ROW = [[2.5], [3], [None], ["UA"], [True], [DAY], [7.0]]
LONG, DOUBLE, STRING, BOOLEAN = ColumnType.LONG, ColumnType.DOUBLE, ColumnType.STRING, ColumnType.BOOLEAN


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("x", 2.5, DOUBLE),
        ("mean radius", 7.0, DOUBLE),
        ("column('mean radius') * 2", 14.0, DOUBLE),
        ("x * n + 1", 8.5, DOUBLE),
        ("n // 2 + n % 2", 2, LONG),
        ("n / 2", 1.5, DOUBLE),
        ("n ** 2", 9.0, DOUBLE),
        ("-x", -2.5, DOUBLE),
        ("x / 0", None, DOUBLE),
        ("sqrt(-x)", None, DOUBLE),
        ("maybe + 1", None, DOUBLE),
        ("coalesce(maybe, x)", 2.5, DOUBLE),
        ("is_null(maybe)", True, BOOLEAN),
        ("1 < n <= 3 and not late", False, BOOLEAN),
        ("carrier in ('UA', 'AA')", True, BOOLEAN),
        ("'heavy' if x > 2 else 'light'", "heavy", STRING),
        ("0.0 if maybe > 1 else x", 2.5, DOUBLE),
        ("lookup(carrier, {'UA': 1, 'AA': 2}, 0)", 1, LONG),
        ("lookup(carrier, {'AA': 2}, 0)", 0, LONG),
        ("lower(carrier) + '-' + string(n)", "ua-3", STRING),
        ("hour(at) + minute(at) / 60", 9.5, DOUBLE),
        ("weekday(at)", 0, LONG),
        ("at - time('2026-03-02')", 34_200.0, DOUBLE),
        ("clip(x, 0, 1)", 1.0, DOUBLE),
        ("max(n, 10)", 10, LONG),
        ("double(late)", 1.0, DOUBLE),
        ("long('12')", 12, LONG),
        ("long('a dozen')", None, LONG),
        ("false", False, BOOLEAN),
        ("'UA'", "UA", STRING),
        ("exp(log(x))", math.exp(math.log(2.5)), DOUBLE),
    ],
)
def test_an_expression_has_a_value_and_a_type(text, value, kind):
    found = compile_expression(text, COLUMNS)
    assert (list(found.over(ROW, 1)), found.type) == ([value], kind)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("x +", "not an expression"),
        ("y", "no column 'y'"),
        ("carrrier", "no column 'carrrier'"),
        ("x.real", "Python Attribute"),
        ("x[0]", "Python Subscript"),
        ("[each for each in (1,)]", "Python ListComp"),
        ("lambda: 1", "Python Lambda"),
        ("__import__('os')", "no function __import__()"),
        ("open('x')", "no function open()"),
        ("abs(x, key=n)", "Python Call"),
        ("(x := 3)", "Python NamedExpr"),
        ("f'{x}'", "Python JoinedStr"),
        ("x @ x", "no operator MatMult"),
        ("~n", "no operator ~"),
        ("x is n", "compares with"),
        ("carrier * 2", "takes numbers, not a string"),
        ("carrier + x", "what is no text"),
        ("x if carrier else n", "a condition is wanted"),
        ("carrier if late else x", "different types"),
        ("x > carrier", "different types"),
        ("1j", "a value such as 1j"),
        ("b'x'", "a value such as"),
        ("sqrt()", "takes 1 values"),
        ("hour(x)", "takes a datetime, not a double"),
        ("x in y", "in wants values"),
        ("lookup(x)", "lookup() takes"),
        ("x" + " + x" * 100, "at most 200 parts"),
        ("'" + "a" * 1000 + "'", "at most 1,000 characters"),
        ("(" * 400 + "x" + ")" * 400, "not an expression"),
    ],
)
def test_what_is_no_expression_over_the_columns_is_refused(text, says):
    with pytest.raises(InvalidInput) as refused:
        compile_expression(text, COLUMNS, field="inputs[0].from")
    assert says in refused.value.what
    assert refused.value.field == "inputs[0].from"
    assert refused.value.why


def test_a_near_miss_is_offered():
    with pytest.raises(InvalidInput) as refused:
        compile_expression("carrrier", COLUMNS)
    assert "carrier" in refused.value.hint


def test_powers_of_what_is_sent_take_no_time():
    assert list(compile_expression("n ** n ** n", COLUMNS).over([[2.5], [9**9]], 1)) == [None]


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(-(2**40), 2**40)), min_size=1, max_size=20))
def test_arithmetic_over_columns_is_that_of_each_row(rows):
    columns = list(zip(*rows, strict=True))
    found = compile_expression("(x - n) * 3 + abs(x)", COLUMNS).over(columns, len(rows))
    assert list(found) == [(x - n) * 3 + abs(x) for x, n in rows]
