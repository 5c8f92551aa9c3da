"""What libraries say of rows is told without the rows' values, whichever library it is."""

import csv
import io
import json
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import duckdb
import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest

from meguru.base.library_errors import kind_and_reason, reason

MAIL, PHONE = "anna o'neill@example.org", 5551234567
LINES = f"mail,age\n{MAIL},31\n"
INTS = {"mail": pl.Int64, "age": pl.Int64}


def raised(call: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def asked(query: str) -> Any:
    return duckdb.connect().execute(query).fetchall()


def ages(table: str) -> Any:
    ints = arrow_csv.ConvertOptions(column_types={"mail": pa.int64()})
    return arrow_csv.read_csv(io.BytesIO(table.encode()), convert_options=ints)


@pytest.mark.parametrize(
    ("call", "tells"),
    [
        (
            partial(pl.read_csv, io.StringIO(LINES), schema=INTS),
            "column 'mail'",
        ),
        (partial(pl.read_ndjson, f'{{"a": "{MAIL}"}}'.encode(), schema={"a": pl.Int64}), "as Int64"),
        (partial(pl.read_json, f'[{{"a": "{MAIL}"}}]'.encode(), schema={"a": pl.Int64}), "deserializing"),
        (partial(pl.DataFrame, [{"a": 1}, {"a": MAIL}], infer_schema_length=1), "could not append"),
        (partial(pl.DataFrame, {"a": [1, MAIL]}), "of type Int64"),
        (partial(pl.Series("mail", [MAIL]).cast, pl.Int64), "from `str` to `i64` failed in column 'mail'"),
        (partial(pl.Series("phone", [PHONE]).cast, pl.Int32), "column 'phone'"),
        (partial(pa.array, [1, MAIL]), "with type str"),
        (partial(pa.array, [PHONE], pa.int32()), "too large"),
        (partial(pa.array([PHONE]).cast, pa.int32()), "not in range"),
        (partial(pa.array([31.5]).cast, pa.int64()), "truncated"),
        (partial(ages, LINES), "conversion error to int64"),
        (partial(ages, f"mail,age\n1,2\n{MAIL},2,3\n"), "Expected 2 columns, got 3"),
        (partial(asked, f"SELECT {PHONE}::BIGINT::INT"), "Type INT64"),
        (partial(asked, f"""SELECT '{MAIL.replace("'", "''")}'::INT"""), "Conversion Error"),
        (partial(asked, f"""SELECT error('{MAIL.replace("'", "''")}')"""), "Invalid Input Error"),
        (partial(float, MAIL), "to float"),
        (partial(int, MAIL), "base 10"),
        (partial(datetime.strptime, MAIL, "%Y"), "time data"),
        (
            partial(msgspec.json.decode, f'{{"{MAIL}": "x"}}', type=dict[str, int]),
            "Expected `int`, got `str`",
        ),
    ],
)
def test_no_value_of_a_row_is_in_what_is_told(call, tells):
    error = raised(call)
    told = reason(error)
    assert tells in told
    assert not [part for part in ("anna", "neill", "example", "555", "31.5") if part in told]
    assert kind_and_reason(error) == f"{type(error).__name__}: {told}"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('invalid input syntax for type integer: "anna"', "invalid input syntax for type integer: …"),
        ("Duplicate entry 'anna' for key 'mail'", "Duplicate entry … for key 'mail'"),
        ('relation "orders" does not exist', 'relation "orders" does not exist'),
        (
            'connection to server at "127.0.0.1", port 15432 failed',
            'connection to server at "127.0.0.1", port 15432 failed',
        ),
        ("Bad int64 value: anna", "Bad int64 value"),
        ("record 123456 at line 1234567 is cut off", "record … at line 1234567 is cut off"),
        ("it holds 'anna\nand more", "it holds …"),
        ("first\nDETAIL: Key (mail)=(anna) is there", "first"),
        ("can't add: 'int' and 'NoneType'", "can't add: 'int' and 'NoneType'"),
        ("GET http://127.0.0.1:54321/a failed", "GET http://127.0.0.1:54321/a failed"),
        ("", ""),
    ],
)
def test_what_is_no_value_stays(said, told):
    assert reason(ValueError(said)) == told


def test_what_is_wrong_with_a_file_and_not_with_a_value_is_told_as_it_is(tmp_path):
    missing = raised((tmp_path / "none.csv").read_bytes)
    assert "none.csv" in reason(missing)
    assert reason(raised(partial(json.loads, '{"a":anna}'))) == "Expecting value: line 1 column 6 (char 5)"
    assert reason(raised(lambda: list(csv.reader(['"a"b'], strict=True)))) == "',' expected after '\"'"
    assert reason(raised(lambda: nothing)) == "name 'nothing' is not defined"  # noqa: F821 - it is none
    assert "0xe9" in reason(raised(partial("é".encode("latin-1").decode, "utf-8")))


def test_a_number_of_many_digits_is_left_out_at_once():
    begun = time.process_time()
    assert reason(ValueError(f"not {'1' * 1_000_000} but {'1' * 100_000}x")).startswith("not … but 111")
    assert reason(ValueError("12345 " * 20_000)) == "… " * 150
    assert time.process_time() - begun < 2
