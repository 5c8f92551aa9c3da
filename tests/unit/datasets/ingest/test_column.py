"""What a column holds: more than text only if each value is written back as it stands."""

from __future__ import annotations

import polars as pl
import pytest

from meguru.datasets.ingest.column import InferredColumn
from meguru.datasets.ingest.numbers import BEYOND
from meguru.datasets.ingest.table import Table
from meguru.datasets.polars_types import NAMES


def found(*values: str, decimal: str = ".", nulls: list[str] | None = None) -> InferredColumn:
    """Return what is found of a column; the same in the smallest pieces."""
    column, pieces = InferredColumn("x", decimal, nulls), InferredColumn("x", decimal, nulls)
    column.see(pl.Series("x", values))
    for value in values:
        pieces.see(pl.Series("x", [value]))
    assert (column.kind, column.why, column.spelling) == (pieces.kind, pieces.why, pieces.spelling)
    return column


def values_of(frame: pl.DataFrame, decimal: str = ".", nulls: list[str] | None = None) -> pl.DataFrame:
    table = Table([InferredColumn(name, decimal, nulls) for name in frame.columns], nulls)
    made = table.see(frame)
    return table.typed(frame, table.types, made)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", ""], pl.Int64),
        (["9223372036854775807"], pl.Int64),
        (["1", "2.5"], pl.Float64),
        (["1.0", "2.5"], pl.Float64),
        (["1.50", "2.75"], pl.Float64),
        (["1e-05", "3.0"], pl.Float64),
        (["1002.7", "1e3"], pl.Float64),
        (["0.30000000000000004", "1.5"], pl.Float64),
        (["inf", "1.5", "nan"], pl.Float64),
        (["true", "false"], pl.Boolean),
        (["False", "True"], pl.Boolean),
        (["2024-02-29", ""], pl.Date),
        (["2024-01-01 10:00:00"], pl.Datetime("us")),
        (["2024-01-01T10:00:00.5", "2024-01-01T10:00:00.7"], pl.Datetime("us")),
        (["2024-01-01T10:00:00Z"], pl.Datetime("us", "UTC")),
        (["2024-01-01T10:00:00+09:00", "2024-07-01T10:00:00+09:00"], pl.Datetime("us", "UTC")),
    ],
)
def test_a_column_is_what_all_its_values_are(values, kind):
    assert values_of(pl.DataFrame({"x": values}))["x"].dtype == kind
    assert found(*values).kind == NAMES[kind]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["01234", "99999"], "begin with a zero"),
        (["1.10", "1.2"], "written back shorter"),
        (["1", "1.0"], "not written alike"),
        (["18446744073709551616", "1"], "beyond 64 bits"),
        (["3.14159265358979323846", "1.5"], "more digits"),
        (["1e+999", "1.5"], "larger than a number"),
        (["2e10", "31"], "may be codes"),
        (["2024-03-31T01:30:00+01:00", "2024-03-31T03:30:00+02:00"], "different offsets"),
        (["2024-02-30", "2024-02-01"], "do not exist"),
        (["2024-01-01 10:00:00.5", "2024-01-01 10:00:00"], "different numbers of decimals"),
        (["2024-01-01 10:00:00", "2024-01-01T10:00:00"], "not all written alike"),
    ],
)
def test_what_would_be_lost_is_kept_as_text_and_told(values, why):
    seen = found(*values)
    assert seen.kind == "String"
    assert why in seen.why


@pytest.mark.parametrize(
    "values", [["yes", "no"], ["+5", "6"], [" 1", "2"], ["1,5", "2"], ["-0", "1"], ["0x1f"]]
)
def test_other_words_are_text(values):
    assert (found(*values).kind, found(*values).why) == ("String", BEYOND if "-0" in values else "")


def test_a_decimal_comma_is_said():
    assert values_of(pl.DataFrame({"x": ["1,5", "-2,25"]}), decimal=",").rows() == [(1.5,), (-2.25,)]
    assert values_of(pl.DataFrame({"x": ["1.000,5"]}), decimal=",").rows() == [("1.000,5",)]


def test_na_is_missing_where_numbers_stand_beside_it_and_else_a_word():
    both = pl.DataFrame({"country": ["NA", "DE"], "sum": ["1", "NA"]})
    assert values_of(both).rows() == [(None, 1), ("DE", None)]
    assert values_of(pl.DataFrame({"x": ["NA", "DE"]})).rows() == [("NA",), ("DE",)]
    assert values_of(both, nulls=[]).rows() == [("NA", "1"), ("DE", "NA")]
    assert values_of(pl.DataFrame({"x": ["-", "7"]}), nulls=["-"]).rows() == [(None,), (7,)]
