"""Rows that clients send become rows that a model takes, of just its types."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest
from msgspec.structs import astuple

from meguru.errors import InvalidInput
from meguru.flavors import ColumnType, Signature, SignatureColumn
from meguru.flavors.rows import decoder
from meguru.serving.contracts.inputs import sources_of
from meguru.serving.contracts.types import ModelInput
from meguru.serving.contracts.view import ContractView

SENT = [
    SignatureColumn(name="n", type=ColumnType.LONG),
    SignatureColumn(name="x", type=ColumnType.DOUBLE, nullable=True),
    SignatureColumn(name="late", type=ColumnType.BOOLEAN),
    SignatureColumn(name="at", type=ColumnType.DATETIME),
    SignatureColumn(name="picture", type=ColumnType.DOUBLE, sizes=(2,)),
]
ROW = {"n": 3, "x": None, "late": True, "at": "2026-03-01T09:30:00Z", "picture": [0.5, 1.0]}


def view(columns, *inputs, sent=SENT):
    signature = Signature(inputs=tuple(SignatureColumn(name=name, **kind) for name, kind in columns.items()))
    return ContractView(2, sent, signature, [ModelInput.read(each) for each in inputs], max_rows=10)


def decoded(made, *rows):
    return made.decode(json.dumps({"rows": list(rows)}).encode())


def test_values_have_just_the_types_of_the_model_so_that_a_frame_takes_them():
    double, long = {"type": ColumnType.DOUBLE}, {"type": ColumnType.LONG}
    made = view(
        {"y": double, "count": long, "part": double, "since": {"type": ColumnType.DATETIME}},
        "y=coalesce(x, 0)",
        "count=max(late, n)",
        "part=late",
        "since='2026-03-01'",
    )
    request = decoded(made, ROW, ROW | {"x": 2.5, "n": 0})
    assert [[type(each) for each in astuple(row)] for row in request.rows] == [
        [float, int, float, dt.datetime]
    ] * 2
    frame = decoder(Signature(inputs=tuple(each.column for each in made.sources))).frame(request.rows)
    assert frame["y"].to_list() == [0.0, 2.5]
    assert frame["count"].to_list() == [3, 1]
    assert frame.schema["part"] == pl.Float64


def test_lists_go_under_another_name_and_into_no_arithmetic():
    made = view({"image": {"type": ColumnType.DOUBLE, "sizes": (2,)}}, "image=picture")
    request = decoded(made, ROW)
    assert astuple(request.rows[0]) == ([0.5, 1.0],)
    assert made.recorded(request)[1]["picture"] == ([0.5, 1.0],)
    for wrong in ("image=picture * 2", "image=x"):
        with pytest.raises(InvalidInput):
            view({"image": {"type": ColumnType.DOUBLE, "sizes": (2,)}}, wrong)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("k=n * n * n * n", {"n": 2**40, "x": 1.0}),
        ("k=long(coalesce(x, 0))", {"n": 1, "x": 1e300}),
        ("k=1 // n", {"n": 0, "x": 1.0}),
    ],
)
def test_what_is_beyond_a_column_names_the_row(text, row):
    made = view({"k": {"type": ColumnType.LONG}}, text, sent=SENT[:2])
    with pytest.raises(InvalidInput) as refused:
        decoded(made, {"n": 1, "x": 1.0}, row)
    assert refused.value.field == "rows[1]"
    assert "has no value here" in refused.value.why


def test_an_input_without_a_version_holds_where_the_column_is_missing_or_is_read():
    signature = Signature(inputs=(SignatureColumn(name="x", type=ColumnType.DOUBLE, nullable=True),))
    there, gone = SENT, [each for each in SENT if each.name != "x"]

    def text_of(sent, *inputs):
        (source,), _ = sources_of(2, sent, signature, [ModelInput.read(each) for each in inputs])
        return source.text

    assert text_of(there, "x=0.0") == "x"
    assert text_of(gone, "x=0.0") == "0.0"
    assert text_of(there, "x=x / 2") == "x / 2"
    assert text_of(there, "2:x=0.0") == "0.0"
    assert text_of(there, "3:x=0.0") == "x"
    assert text_of(gone, "x=0.0", "2:x=1.0") == "1.0"
