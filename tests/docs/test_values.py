"""Each row of the table of values in the reference of predictions is what an endpoint does."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
import pytest

from meguru.errors import InvalidInput
from meguru.flavors.rows import Decoder
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn
from meguru.serving.body import BodyDecoder

from .page import DOCS

ROW = re.compile(r"^\| (`\w+`|any) \| (`.*?`|left out) \|(?:.*)\| (`.*?`|refused) \|$", re.MULTILINE)


def table():
    page = (DOCS / "reference" / "predictions.md").read_text("utf-8")
    section = page.partition("\n## Values\n")[2].partition("\n## ")[0]
    rows = ROW.findall(section)
    assert len(rows) == section.count("\n|") - 2, "a row of the table is not read"
    for kind, written, read in rows:
        kinds = list(ColumnType) if kind == "any" else [ColumnType(kind.strip("`"))]
        yield from ((each, written, read) for each in kinds)


FORMS = {
    # form: (where the value stands, a request with it, one where it is left out, the column's field)
    "rows": ("rows[0].x", '{"rows": [{"x": VALUE}]}', '{"rows": [{}]}', "rows[0].x"),
    "row": ("row.x", '{"row": {"x": VALUE}}', '{"row": {}}', "row.x"),
    "columns": ("columns.x[0]", '{"columns": {"x": [VALUE]}}', '{"columns": {}}', "columns.x"),
    "index": ("columns.x[0]", '{"columns": {"x": {"7": VALUE}}}', '{"columns": {}}', "columns.x"),
    "split": (
        "dataframe_split.data[0].x",
        '{"dataframe_split": {"columns": ["x"], "index": [7], "data": [[VALUE]]}}',
        '{"dataframe_split": {"columns": [], "data": [[]]}}',
        "dataframe_split.data[0].x",
    ),
}
TYPES = {"boolean": bool, "long": int, "double": float, "string": str, "datetime": datetime}


def read(kind, written, form, *, nullable):
    """Return what a value is read as, or else the error and the field that it should name."""
    decoder = BodyDecoder(
        Decoder(Signature(inputs=(SignatureColumn(name="x", type=kind, nullable=nullable),))), 100
    )
    field, body, without, column = FORMS[form]
    left_out = written == "left out"
    body = without if left_out else body.replace("VALUE", written.strip("`"))
    try:
        return decoder.decode(body.encode()).rows[0].c0
    except InvalidInput as error:
        return error, column if left_out else field


def assert_refused(found):
    error, field = found
    assert error.field == field
    assert error.why


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "written", "said"), list(table()))
def test_a_value_is_read_or_refused_as_the_reference_says(kind, written, said, form):
    missing, present = (read(kind, written, form, nullable=nullable) for nullable in (True, False))
    if said == "refused":
        assert_refused(missing)
        assert_refused(present)
    elif said == "`null`":
        assert missing is None
        assert_refused(present)
    else:
        assert type(present) is TYPES[kind]
        assert missing == present
        shown = present.astimezone(UTC) if kind == "datetime" else present
        assert msgspec.to_builtins(shown) == msgspec.json.decode(said.strip("`"))
