"""A person is found by a value in whatever form a table, a log or a JSON value has it, and nobody else is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from meguru.artifacts.erasure import ErasureSubject
from meguru.artifacts.erasure.redaction import TextRedactor


@pytest.mark.parametrize(
    ("value", "column", "theirs"),
    [
        ("7", [7, 8, 70], [0]),
        ("7", [7.0, 7.5, None], [0]),
        ("7.0", [7, 8], [0]),
        ("7.5", [7, 8], []),
        ("7", ["7", " 7 ", "7.0", "17", "07"], [0, 1, 2]),
        ("007", ["007", "7", "0070"], [0]),
        ("007", [7, 8], [0]),
        ("Anna@Example.com", ["anna@example.com", " ANNA@example.com", "xanna@example.com"], [0, 1]),
        ("anna", ["anna", "Anna"], [0]),
        ("Zoë", ["Zoë", "Zoe\u0308", "Zoe"], [0, 1]),
        ("2001-02-03", [date(2001, 2, 3), date(2001, 2, 4)], [0]),
        ("2001-02-03T04:00:00+00:00", [datetime(2001, 2, 3, 4, tzinfo=UTC)], [0]),
        ("true", [True, False], [0]),
        ("1", [[1], [2]], []),
        ("2001-02-03T04:00:00+00:00", [datetime(2001, 2, 3, 4)], []),  # noqa: DTZ001 - of no zone
        ("1", [timedelta(1)], []),
    ],
)
def test_rows_are_found_by_the_value_in_the_type_of_the_column(value, column, theirs) -> None:
    table = pl.DataFrame({"who": column}).with_row_index()
    subject = ErasureSubject({"who": [value]})
    assert table.filter(subject.rows(table.schema))["index"].to_list() == theirs
    if not isinstance(column[0], list | date | bool):
        assert [n for n, each in enumerate(column) if subject.is_value("who", each)] == theirs


def test_a_row_with_any_of_several_values_is_theirs() -> None:
    table = pl.DataFrame({"user_id": [7, 8, 9], "email": ["x@y", None, "a@b"]}).lazy()
    assert ErasureSubject({"user_id": ["7"], "email": ["A@B"]}).count(table) == 2


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail anna@example.com now", "mail ••• now"),
        ("<b>Anna@Example.COM</b>", "<b>•••</b>"),
        ("joanna@example.com and anna@example.com.au", "joanna@example.com and anna@example.com.au"),
        ("7 rows, user_id=7, user_id: 70", "7 rows, user_id=•••, user_id: 70"),
        ("user_id: 7\nn: 7\n", "user_id: •••\nn: 7\n"),
        ("{'user_id': '7', 'n': 7}", "{'user_id': '•••', 'n': 7}"),
    ],
)
def test_text_is_masked_where_it_names_them(text, masked) -> None:
    words = TextRedactor(ErasureSubject({"email": ["anna@example.com"], "user_id": ["7"]}))
    found, _ = words.masked(text)
    assert found == masked
    assert words.masked(found)[1] == 0


def test_records_of_theirs_go_from_lists_and_values_are_masked() -> None:
    words = TextRedactor(ErasureSubject({"user_id": ["7"]}))
    value = {
        "rows": [{"user_id": 7, "x": 1}, {"user_id": 8, "x": 7}],
        "user_id": [7, 8],
        "one": {"user_id": "7"},
    }
    left, count = words.without(value)
    assert left == {"rows": [{"user_id": 8, "x": 7}], "user_id": [8], "one": {"user_id": "•••"}}
    assert count == 3


def test_a_person_is_found_as_the_name_of_a_field() -> None:
    words = TextRedactor(ErasureSubject({"email": ["anna@example.com"]}))
    found = {"by person": {"Anna@example.com": 3, "bob@example.org": 4}}
    assert words.without(found) == ({"by person": {"•••": 3, "bob@example.org": 4}}, 1)
