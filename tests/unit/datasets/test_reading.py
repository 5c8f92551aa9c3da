from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import polars as pl
import pytest

from meguru.datasets.expectations.base import CheckedRows
from meguru.datasets.expectations.evaluate import evaluate
from meguru.datasets.expectations.read import of_checks
from meguru.datasets.ingest.convert import convert
from meguru.datasets.paths import format_of
from meguru.datasets.reading import conform, read, schema_of
from meguru.datasets.types import Checks, DatasetColumn, Dialect, ReadOptions
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


def made(path, format):
    """Return the rows of a file as they are kept."""
    target = path.with_name("made.parquet")
    found = convert(path, format, path.name, ReadOptions(), target)
    return pl.read_parquet(path if found.taken else target)


def test_na_and_nothing_are_missing_values(csv):
    frame = made(csv("a,b\n1,NA\nNA,x\n,y\n"), "csv")
    assert frame.to_dicts() == [{"a": 1, "b": None}, {"a": None, "b": "x"}, {"a": None, "b": "y"}]


def test_the_last_row_counts_for_the_type_of_a_column(csv):
    frame = made(csv("a,b\n" + "1,1\n" * 5000 + "2.5,x\n"), "csv")
    assert types(frame) == {"a": "Float64", "b": "String"}


def test_dates_and_times_are_recognised_if_all_values_are(csv):
    text = "day,at,zone,not\n2013-01-01,2013-01-01 05:00:00,2013-01-01T10:00:00Z,2013-01-01\nNA,NA,NA,soon\n"
    frame = made(csv(text), "csv")
    assert types(frame) == {"day": "Date", "at": "Datetime", "zone": "Datetime[UTC]", "not": "String"}
    assert frame.row(0)[0] == date(2013, 1, 1)
    assert frame.row(0)[2] == datetime(2013, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"a,b\n1,2,3\n", "row 1 has 3 fields, and the first line 2"),
        (b"a,b\n\xff\xfe\x80,1\n", "utf-8"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "two columns are called 'a'"),
        (b"a,b,c\n1,2,3\n4,5", "row 2 has 2 fields, and the first line 3"),
    ],
)
def test_a_damaged_csv_is_refused_with_the_reason(csv, data, why):
    with pytest.raises(InvalidInput) as caught:
        made(csv(data, "month.csv"), "csv")
    assert caught.value.where == "month.csv"
    assert why in caught.value.why


def test_a_damaged_parquet_is_refused(csv):
    with pytest.raises(InvalidInput, match="can't be read as parquet"):
        made(csv(b"PAR1 and then nothing", "x.parquet"), "parquet")


def test_one_table_has_one_schema_whatever_brought_it(tmp_path):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, None]})
    frame.write_csv(tmp_path / "a.csv")
    frame.cast({"a": pl.UInt16, "c": pl.Float32}).write_parquet(tmp_path / "a.parquet")
    frame.cast({"b": pl.Categorical}).write_ipc(tmp_path / "a.arrow")
    frame.write_ipc_stream(tmp_path / "a.arrows")
    frame.write_avro(tmp_path / "a.avro")
    frame.write_json(tmp_path / "a.json")
    frame.write_ndjson(tmp_path / "a.jsonl")
    for path in sorted(tmp_path.iterdir()):
        assert made(path, format_of(path.name, field="files")).equals(frame), path.name


def test_a_file_of_an_earlier_version_is_read_as_it_was_then(csv):
    columns = [DatasetColumn(name=name, type=kind) for name, kind in (("day", "Date"), ("n", "Float64"))]
    told = Dialect(delimiter=";", decimal=",", nulls=["-"], times={"day": "%d.%m.%Y"}, blank=1)
    path = csv("day;n\n01.02.2024;1,5\n\n-;2\n")
    assert read(path, "csv", path.name, columns=columns, dialect=told).rows() == [
        (date(2024, 2, 1), 1.5),
        (None, 2.0),
    ]
    path = csv("day,n\n2024-02-01,1\nNA,2\n")
    assert read(path, "csv", path.name, columns=columns).rows() == [(date(2024, 2, 1), 1.0), (None, 2.0)]


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
    assert asks(lambda: evaluate(expected, rows)) <= 3


def test_a_frame_gets_the_columns_and_types_of_a_merged_schema_in_its_order():
    columns = [
        DatasetColumn(name=name, type=kind)
        for name, kind in (("b", "Float64"), ("new", "String"), ("a", "Int64"))
    ]
    frame = conform(pl.DataFrame({"a": [1], "b": [2]}), columns)
    assert frame.schema == {"b": pl.Float64, "new": pl.String, "a": pl.Int64}
    assert frame.rows() == [(2.0, None, 1)]
