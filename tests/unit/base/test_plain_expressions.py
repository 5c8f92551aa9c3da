"""Expressions over JSON values: what they give, what is null, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.base.expressions import PlainExpression
from meguru.errors import InvalidInput

FACTS = {
    "subject": "dataset/flights@3",
    "rows": 2000,
    "share": 0.25,
    "name": "",
    "at": "2026-03-01T12:00:00+00:00",
    "tags": ["a", "b"],
    "data": {"rows": 2000, "mean radius": 3, "inner": {"ok": True}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rows > 1000", True),
        ("data.rows / 0", None),
        ("data['mean radius'] + 1", 4),
        ("data.inner.ok and share < 0.5", True),
        ("not data.inner.ok", False),
        ("subject == 'dataset/flights@3'", True),
        ("starts_with(subject, 'dataset/') and 'a' in tags", True),
        ("name in ('x', '')", True),
        ("0 < share < 0.3", True),
        ("'big' if rows > 10 else 'small'", "big"),
        ("hour(time(at))", 12),
        ("time(at) - time('2026-03-01')", 43_200.0),
        ("gone", None),
        ("gone > 3", None),
        ("gone > 3 or rows > 3", True),
        ("gone > 3 and rows < 3", False),
        ("gone > 3 and rows > 3", None),
        ("is_null(gone) or gone > 3", True),
        ("coalesce(gone, 7)", 7),
        ("rows.more.than.there", None),
        ("rows > 'text'", None),
        ("string(rows) + name", "2000"),
        ("tags * 1000000000", None),
        ("name * 1000000000", None),
        ("10 ** 400", None),
        ("null", None),
    ],
)
def test_an_expression_has_a_value_or_null(text, value):
    assert PlainExpression(text).over(FACTS) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("rows >", "not an expression"),
        ("x" * 1001, "at most 1,000 characters"),
        ("+".join("1" * 150), "at most 200 parts"),
        ("rows.__class__()", "can't hold a Python Call"),
        ("lambda: 1", "can't hold a Python Lambda"),
        ("[x for x in tags]", "can't hold a Python ListComp"),
        ("open('/etc/passwd')", "no function open()"),
        ("lenght(name)", "no function lenght()"),
        ("rows is None", "compares with"),
        ("rows @ rows", "can't hold a Python BinOp"),
        ("tags[0]", "a path is written"),
        ("min(1)", "min() takes 2 values"),
        ("'%s' % rows + f'{rows}'", "can't hold a Python JoinedStr"),
    ],
)
def test_what_is_not_of_the_language_is_refused(text, words):
    with pytest.raises(InvalidInput) as refused:
        PlainExpression(text, field="filter")
    assert words in refused.value.what
    assert refused.value.field == "filter"


def test_it_tells_what_it_reads():
    expression = PlainExpression("data.rows > 3 and subject == 'x' and true")
    assert expression.paths == {("data", "rows"), ("subject",)}


@given(st.text(max_size=60))
def test_no_text_does_anything_else_than_be_read_or_refused(text):
    try:
        expression = PlainExpression(text)
    except InvalidInput:
        return
    expression.over(FACTS)
