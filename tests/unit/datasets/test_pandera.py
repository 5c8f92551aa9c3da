"""Schemas of pandera are taken over as declarations, which judge rows as pandera does."""

from __future__ import annotations

from datetime import UTC, datetime

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.datasets.expectations.base import CheckedRows
from meguru.datasets.expectations.evaluate import evaluate
from meguru.datasets.expectations.pandera import declared, expectations_of_schema
from meguru.datasets.expectations.read import expectations_of
from meguru.errors import InvalidInput


class Orders(pa.DataFrameModel):
    id: int = pa.Field(unique=True, ge=0)
    price: float = pa.Field(nullable=True, gt=0, lt=10)
    status: str = pa.Field(isin=["a", "b"], ne="c")
    zip: str = pa.Field(str_matches=r"\d{2}", str_length={"min_value": 2, "max_value": 3})

    class Config:
        strict = True


def holds(frame, expect):
    rows = CheckedRows(scan=frame.lazy(), schema=dict(frame.schema), now=datetime(2024, 1, 1, tzinfo=UTC))
    return all(each.passed for each in evaluate(expectations_of(expect), rows))


ROW = st.fixed_dictionaries(
    {
        "id": st.integers(-1, 30),
        "price": st.one_of(st.none(), st.floats(-1, 11)),
        "status": st.sampled_from(["a", "b", "b", "c"]),
        "zip": st.sampled_from(["12", "123", "12x", "1234", "x12"]),
    }
)


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=3))
def test_rows_hold_the_declarations_if_and_only_if_pandera_accepts_them(rows):
    schema = {"id": pl.Int64, "price": pl.Float64, "status": pl.String, "zip": pl.String}
    frame = pl.DataFrame(rows, schema=schema)
    try:
        Orders.validate(frame, lazy=True)
        accepted = True
    except pa.errors.SchemaErrors:
        accepted = False
    assert holds(frame, expectations_of_schema(Orders)) is accepted


def test_a_schema_is_named_in_a_project_file_and_code_in_it_is_refused(tmp_path):
    (tmp_path / "schema.py").write_text(
        "import pandera.polars as pa\n"
        "orders = pa.DataFrameSchema({'id': pa.Column(int, pa.Check.in_range(0, 5, include_min=False))})\n"
        "custom = pa.DataFrameSchema({'id': pa.Column(int, pa.Check(lambda data: True))})\n"
    )
    other = {"check": "volume", "min": 1}
    found = declared(tmp_path, ["schema.py:orders", other])
    assert found[-1] == other
    assert {"check": "expression", "where": "0 < column('id') <= 5"} in found
    assert holds(pl.DataFrame({"id": [1, 5]}), found)
    assert not holds(pl.DataFrame({"id": [0]}), found)
    for wrong in ("schema.py:custom", "schema.py:nope", "../schema.py:orders", "schema.py", "none.py:x"):
        with pytest.raises(InvalidInput):
            declared(tmp_path, wrong)
