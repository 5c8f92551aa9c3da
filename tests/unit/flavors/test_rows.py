"""Rows are decoded fast, and refused with the field at fault."""

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.errors import InvalidInput
from meguru.flavors.rows import decoder
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn

SIGNATURE = Signature(
    inputs=(
        SignatureColumn(name="dep_hour", type=ColumnType.LONG),
        SignatureColumn(name="wind gust", type=ColumnType.DOUBLE, nullable=True),
        SignatureColumn(name="weekend", type=ColumnType.BOOLEAN),
    )
)
GOOD = {"dep_hour": 7, "wind gust": None, "weekend": True}


def refused(rows) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        decoder(SIGNATURE).convert(rows)
    return caught.value


def test_rows_become_a_matrix_in_signature_order():
    read = decoder(SIGNATURE)
    matrix = read.matrix(read.convert([{"weekend": False, "wind gust": 2, "dep_hour": 7}]))
    assert matrix.tolist() == [[7.0, 2.0, 0.0]]
    assert matrix.dtype == np.float64


def test_null_becomes_nan():
    read = decoder(SIGNATURE)
    assert math.isnan(read.matrix(read.convert([GOOD]))[0, 1])


def test_no_rows_are_an_empty_matrix():
    read = decoder(SIGNATURE)
    assert read.matrix(read.convert([])).shape == (0, 3)


def test_a_wrong_type_is_named_with_its_row_and_column():
    error = refused([GOOD, GOOD, GOOD, GOOD | {"dep_hour": "seven"}])
    assert error.field == "rows[3].dep_hour"
    assert "a whole number" in error.what
    assert "'seven'" in error.why


def test_a_missing_column_is_named():
    error = refused([GOOD, {"dep_hour": 7, "weekend": True}])
    assert error.field == "rows[1].wind gust"
    assert "a number or null" in error.why


def test_an_unknown_column_gets_the_near_miss():
    error = refused([{"dep_huor": 7, "wind gust": None, "weekend": True}])
    assert error.field == "rows[0].dep_huor"
    assert "'dep_hour'" in error.hint


def test_null_where_none_may_be_is_refused():
    assert refused([GOOD | {"weekend": None}]).field == "rows[0].weekend"


def test_a_fraction_is_no_whole_number():
    assert refused([GOOD | {"dep_hour": 7.5}]).field == "rows[0].dep_hour"


def test_rows_that_are_no_array_are_refused():
    assert refused("seven").field == "rows"
    assert refused([1]).field == "rows[0]"


def test_columns_are_read_like_rows():
    read = decoder(SIGNATURE)
    rows = read.convert({"dep_hour": [7, 8], "wind gust": [1.5, None], "weekend": [True, False]})
    assert read.matrix(rows)[:, 0].tolist() == [7.0, 8.0]


def test_a_wrong_value_in_a_column_is_named():
    with pytest.raises(InvalidInput) as caught:
        decoder(SIGNATURE).convert({"dep_hour": [7, "x"], "wind gust": [1, 1], "weekend": [True, True]})
    assert caught.value.field == "columns.dep_hour[1]"


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(InvalidInput) as caught:
        decoder(SIGNATURE).convert({"dep_hour": [7, 8], "wind gust": [1], "weekend": [True, True]})
    assert caught.value.field == "columns.wind gust"


def test_the_row_type_fits_into_a_bigger_request():
    read = decoder(SIGNATURE)
    request = msgspec.defstruct("Request", [("rows", list[read.row_type]), ("key", str, "")])
    body = json.dumps({"rows": [GOOD], "key": "a"}).encode()
    assert read.matrix(msgspec.json.decode(body, type=request).rows).shape == (1, 3)


def test_a_frame_has_the_signatures_types():
    import polars as pl

    read = decoder(SIGNATURE)
    frame = read.frame(read.convert([GOOD]))
    assert frame.schema == {"dep_hour": pl.Int64, "wind gust": pl.Float64, "weekend": pl.Boolean}


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.lists(st.integers())
)


@given(st.lists(st.dictionaries(st.sampled_from([*GOOD, "other"]), values), max_size=4))
def test_whatever_comes_is_read_or_refused_with_a_field(rows):
    field = ""
    try:
        read = decoder(SIGNATURE).convert(rows)
    except InvalidInput as error:
        read, field = [], error.field
    assert field.startswith("rows") or len(read) == len(rows)
