"""Delimited text: what a file says is kept, whatever the pieces in which it is read."""

from __future__ import annotations

import csv
import gzip
import io
import math
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.datasets.ingest.convert import convert
from meguru.datasets.ingest.delimited import delimited
from meguru.datasets.ingest.records import CHUNK
from meguru.datasets.ingest.walk import RecordWalk
from meguru.datasets.types import Dialect, ReadOptions
from meguru.errors import InvalidInput, MeguruError, UsageError


@pytest.fixture
def file(tmp_path):
    def write(text: str | bytes, name: str = "x.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def rows(path, **said):
    frame, made = ingested(path, **said)
    by_line, again = ingested(path, chunk=1, **said)
    assert by_line.equals(frame)
    assert again == made
    return frame.rows(), made.dialect


def ingested(path, chunk=CHUNK, **said):
    target = path.with_name("made.parquet")
    if chunk == CHUNK:
        made = convert(path, "csv", path.name, ReadOptions(**said), target)
    else:
        made = delimited(path, path.name, ReadOptions(**said), target, chunk=chunk)
    return pl.read_parquet(target), made


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(file, delimiter):
    text = "a,b,c\n1,x y,2.5\n2,z,3.5\n".replace(",", delimiter)
    assert rows(file(text))[0] == [(1, "x y", 2.5), (2, "z", 3.5)]


def test_a_semicolon_file_with_decimal_commas_is_no_file_of_commas(file):
    found_rows, dialect = rows(file("a;b\n1,5;2,5\n2,5;3,5\n"), decimal=",")
    assert (found_rows, dialect.delimiter) == ([(1.5, 2.5), (2.5, 3.5)], ";")


@pytest.mark.parametrize(
    ("encoding", "said"), [("cp932", "cp932"), ("utf-16", None), ("utf-8-sig", None), ("euc-jp", "EUC-JP")]
)
def test_encodings_are_said_or_marked(file, encoding, said):
    path = file("名前,数\n東京,1\n大阪,2\n".encode(encoding))
    assert rows(path, encoding=said)[0] == [("東京", 1), ("大阪", 2)]


def test_what_is_not_utf8_is_refused_with_what_others_make_of_it(file):
    with pytest.raises(InvalidInput) as caught:
        rows(file("名前,数\n東京,1\n".encode("cp932")))
    assert "--encoding cp932 reads '名前,数'" in caught.value.hint


def test_blank_lines_are_no_rows_and_are_counted(file):
    found_rows, dialect = rows(file("a,b\n1,2\n\n  \n3,4\n\n"))
    assert (found_rows, dialect.blank) == ([(1, 2), (3, 4)], 3)
    assert rows(file("a\n1\n\n2\n"))[0] == [(1,), (2,)]


def test_a_line_of_empty_fields_is_a_row(file):
    assert rows(file("a,b\n1,2\n,\n"))[0] == [(1, 2), (None, None)]
    assert rows(file('a\n1\n""\n'))[0] == [(1,), (None,)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n3\n", "row 2 has 1 fields, and the first line 2"),
        ('a,b\n1,"x\ny"\n3\n', "row 2 has 1 fields"),
        ('a,b\n"1,1",2\n3\n', "row 2 has 1 fields"),
    ],
)
def test_a_short_row_is_refused_with_its_number(file, text, why):
    with pytest.raises(InvalidInput) as caught:
        rows(file(text))
    assert why in caught.value.why


def test_what_is_packed_is_read_and_refused_where_it_was_cut(file):
    packed = gzip.compress(b"a;b\n" + b"1;x\n\n2;y\n" * 50, mtime=0)
    assert rows(file(packed, "x.csv.gz"))[0] == [(1, "x"), (2, "y")] * 50
    for cut in (packed[: len(packed) // 2], packed[:-1], packed[:-9] + b"\0" * 9):
        with pytest.raises(InvalidInput, match="can't be read as csv"):
            rows(file(cut, "x.csv.gz"))


def test_line_ends_of_all_systems(file):
    for end in ("\n", "\r\n", "\r"):
        assert rows(file(f"a,b{end}1,x{end}2,y{end}"))[0] == [(1, "x"), (2, "y")]


def test_what_is_said_of_columns_holds(file):
    path = file(
        "zip,day,n,at\n123,31/12/2024,7,2024-03-31T01:30:00+01:00\n4,01/01/2025,NA,2024-03-31T03:30:00+02:00\n"
    )
    types = {"zip": "text", "day": "date:%d/%m/%Y", "n": "number", "at": "datetime"}
    assert rows(path, types=types)[0] == [
        ("123", date(2024, 12, 31), 7.0, datetime(2024, 3, 31, 0, 30, tzinfo=UTC)),
        ("4", date(2025, 1, 1), None, datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        ({"types": {"a": "integer"}}, InvalidInput, "is no integer"),
        ({"types": {"c": "text"}}, InvalidInput, "no column 'c'"),
        ({"types": {"a": "interger"}}, UsageError, "no type"),
        ({"delimiter": "::"}, UsageError, "one ASCII character"),
        ({"encoding": "klingon"}, UsageError, "no encoding"),
        ({"encoding": "ascii"}, InvalidInput, "is not ascii"),
    ],
)
def test_what_is_said_and_does_not_fit_is_refused(file, said, error, message):
    with pytest.raises(error, match=message):
        rows(file("a,b\nx,ü\n2,y\n"), **said)


CELL = st.one_of(
    st.integers().map(str),
    st.floats().map(repr),
    st.decimals(places=2, allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000).map(str),
    st.sampled_from(
        [
            "",
            "NA",
            "007",
            "1.10",
            "true",
            "True",
            "-0",
            "1e5",
            "2024-01-01",
            "2024-02-30",
            '"',
            ",",
            "a;b",
            "x\ny",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0\ufeff"), max_size=5),
)
COLUMN = st.one_of(CELL, st.integers(-99, 99).map(str), st.sampled_from(["1.5", "2.25", "3"]))


@given(st.data(), st.integers(1, 3), st.integers(1, 6), st.sampled_from(",;\t|"))
def test_written_back_it_is_the_same_text_or_the_file_is_refused(
    tmp_path_factory, data, width, height, delimiter
):
    header = [f"c{number}" for number in range(width)]
    kinds = [data.draw(st.sampled_from([CELL, COLUMN])) for _ in header]
    table = [[data.draw(kind) for kind in kinds] for _ in range(height)]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows([header, *table])
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_text(text.getvalue(), "utf-8", newline="")
    try:
        frame, made = ingested(path, delimiter=delimiter)
    except MeguruError:
        return
    missing = {"", *made.dialect.nulls}
    kept = [row for row in table if width > 1 or row[0].strip(" \t")]
    if width == 1:
        kept = [row for row in table if row[0].strip() or '""' in text.getvalue()]
        if frame.height != len(kept):
            return
    assert frame.height == len(kept)
    for column, values in zip(frame, zip(*kept, strict=True), strict=True):
        for value, said in zip(column.to_list(), values, strict=True):
            if said in missing:
                assert value is None
            elif column.dtype == pl.String:
                assert value == said
            elif isinstance(value, float) and "e" in said.lower() and math.isfinite(value):
                assert Decimal(said) == Decimal(repr(value))
            else:
                assert said in spelled(value), (column.dtype, value, said)


def spelled(value: object) -> set[str]:
    if isinstance(value, bool):
        return {str(value), str(value).lower(), str(value).upper()}
    if isinstance(value, float):
        short = repr(value)
        same = {f"{value:.{places}f}" for places in range(16)}
        return {short, short.removesuffix(".0"), "NaN" if math.isnan(value) else short, *same, f"{value:g}"}
    return {str(value)}


def test_a_type_that_changes_twice_and_is_the_expected_one_again_at_the_end_loses_no_row(file):
    text = "a,b\n,1\n2024-01-01T10:00:00+09:00,1\n2024-06-01T10:00:00Z,1\n"
    values = [None, "2024-01-01T10:00:00+09:00", "2024-06-01T10:00:00Z"]
    assert ingested(file(text), chunk=1)[0]["a"].to_list() == values


def test_a_name_that_only_begins_as_that_of_tabs_has_commas(file):
    assert rows(file("a,b\n1,2\n", "my.table.csv"))[0] == [(1, 2)]
    assert rows(file("a,b\tc\n1,5\t2\n", "x.tab"))[0] == [("1,5", 2)]


def test_who_reads_long_fields_is_not_cut_off_by_who_ends_before(file):
    usual, dialect = csv.field_size_limit(), Dialect()
    long = f'a\n"{"x" * (usual + 1)}"\n'.encode()
    first = RecordWalk(long, dialect, "first", is_last=True).records()
    second = RecordWalk(long, dialect, "second", is_last=True).records()
    assert [next(first), next(second)] == [["a"], ["a"]]
    first.close()
    assert len(next(second)[0]) == usual + 1
    second.close()
    assert csv.field_size_limit() == usual
