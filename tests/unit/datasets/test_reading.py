from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.datasets.expectations.base import CheckedRows
from meguru.datasets.expectations.judge import judge
from meguru.datasets.expectations.read import of_checks
from meguru.datasets.reading import conform, first_read, read, schema_of
from meguru.datasets.types import Checks, DatasetColumn
from meguru.errors import InvalidInput
from meguru.flavors.columns import pick


@pytest.fixture
def csv(tmp_path):
    def write(text, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def types(frame):
    return {column.name: column.type for column in schema_of(frame)}


def test_na_and_nothing_are_missing_values(csv):
    frame = read(csv("a,b\n1,NA\nNA,x\n,y\n"), "csv", "data.csv")
    assert frame.to_dicts() == [{"a": 1, "b": None}, {"a": None, "b": "x"}, {"a": None, "b": "y"}]


def test_the_last_row_counts_for_the_type_of_a_column(csv):
    frame = read(csv("a,b\n" + "1,1\n" * 5000 + "2.5,x\n"), "csv", "data.csv")
    assert types(frame) == {"a": "Float64", "b": "String"}


def test_dates_and_times_are_recognised_if_all_values_are(csv):
    text = "day,at,zone,not\n2013-01-01,2013-01-01 05:00:00,2013-01-01T10:00:00Z,2013-01-01\nNA,NA,NA,soon\n"
    frame = read(csv(text), "csv", "data.csv")
    assert types(frame) == {"day": "Date", "at": "Datetime", "zone": "Datetime[UTC]", "not": "String"}
    assert frame.row(0)[0] == date(2013, 1, 1)
    assert frame.row(0)[2] == datetime(2013, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"a,b\n1,2,3\n", "more fields"),
        (b"a,b\n\xff\xfe\x80,1\n", "utf-8"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "two columns are called 'a'"),
        (b"a,b,c\n1,2,3\n4,5", "row 2 has 2 fields, and the first line 3"),
    ],
)
def test_a_damaged_csv_is_refused_with_the_reason(csv, data, why):
    with pytest.raises(InvalidInput) as caught:
        read(csv(data), "csv", "month.csv")
    assert caught.value.where == "month.csv"
    assert why in caught.value.why


def test_a_damaged_parquet_is_refused(csv):
    with pytest.raises(InvalidInput, match="can't be read as parquet"):
        read(csv(b"PAR1 and then nothing", "x.parquet"), "parquet", "x.parquet")


def test_parquet_and_both_kinds_of_json_are_read(tmp_path):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_json(tmp_path / "a.json")
    frame.write_ndjson(tmp_path / "a.jsonl")
    assert read(tmp_path / "a.parquet", "parquet", "a").equals(frame)
    assert read(tmp_path / "a.json", "json", "a").equals(frame)
    assert read(tmp_path / "a.jsonl", "json", "a").equals(frame)


CELLS = st.one_of(
    st.integers(-(2**40), 2**40).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.just("NA"),
    st.dates().map(str),
    st.text("abc XYZ", min_size=1).filter(str.strip),
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20))
def test_reading_with_the_types_found_gives_the_same_rows(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "again.csv"
    pl.DataFrame(rows, schema=["a", "b"], orient="row").write_csv(path)
    first, dialect = first_read(path, "csv", "again.csv")
    assert read(path, "csv", "again.csv", columns=schema_of(first), dialect=dialect).equals(first)


def asks(work):
    """Count how often a frame lists its columns: each time costs as much as there are columns."""
    listing = {getattr(pl.DataFrame, name).fget.__code__ for name in ("columns", "schema", "dtypes")}
    count = 0

    def look(frame, event, _):
        nonlocal count
        count += event == "call" and frame.f_code in listing

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("width", [10, 1000])
def test_a_wide_table_is_asked_for_its_columns_as_seldom_as_a_narrow_one(width):
    names = [f"c{index}" for index in range(width)]
    frame = pl.DataFrame({name: [1] for name in names})
    columns = [DatasetColumn(name=name, type="Float64") for name in (*names, "new")]
    assert asks(lambda: conform(frame, columns)) <= 3
    assert asks(lambda: pick(frame, names)) <= 3
    rows = CheckedRows(scan=frame.lazy(), schema=dict(frame.schema), now=datetime(2024, 1, 1, tzinfo=UTC))
    expected = of_checks(Checks(unique=names[:100], null_pct=dict.fromkeys(names[:400], 5.0)))
    assert asks(lambda: judge(expected, rows)) <= 3


def test_a_frame_gets_the_columns_and_types_of_a_merged_schema_in_its_order():
    columns = [
        DatasetColumn(name=name, type=kind)
        for name, kind in (("b", "Float64"), ("new", "String"), ("a", "Int64"))
    ]
    frame = conform(pl.DataFrame({"a": [1], "b": [2]}), columns)
    assert frame.schema == {"b": pl.Float64, "new": pl.String, "a": pl.Int64}
    assert frame.rows() == [(2.0, None, 1)]
