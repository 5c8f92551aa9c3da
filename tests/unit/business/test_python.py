import pytest
from tests.unit.business.conftest import APRIL, MARCH

from meguru.business import project_file
from meguru.business.kind import BusinessMetricSpec
from meguru.business.operations import specs
from meguru.business.store import of_endpoint, one
from meguru.business.value import measure_all
from meguru.datasets.client import add_files
from meguru.datasets.types import ColumnSpec
from meguru.datasets.versions.scan import HIDDEN
from meguru.errors import Forbidden, InvalidInput
from meguru.kernel.principals import Principal
from meguru.testing.contracts.checks import make_rows

SQL = "SELECT score AS value FROM predictions"
CODE = """
import polars as pl
from prices import PRICE

def cost(predictions):
    import prices
    assert prices.PRICE == PRICE
    wrong = (pl.col("score") > 0.5) & (pl.col("outcome") == 0)
    return predictions.select(value=pl.when(wrong).then(PRICE).otherwise(0), slice="carrier")

def price(predictions):
    return PRICE

def peek(predictions, people):
    import json, pathlib
    asked = json.loads(pathlib.Path("asked.json").read_text())
    tables = [table for each in asked for table in each["tables"].values()]
    files = [pathlib.Path(place) for table in tables for place in table["places"].values()]
    known = b"".join(each.read_bytes() for each in files)
    return people.select(slice="email", value=float(b"anna@" in known))

def cast(predictions):
    return pl.DataFrame({"mail": ["anna@example.org"]}).cast(pl.Int32)

def spy(predictions):
    import pathlib
    return float(len(pathlib.Path("/etc/passwd").read_text()))
"""


@pytest.fixture
def declared(workspace, endpoint, tmp_path):
    (tmp_path / "metrics.py").write_text(CODE)
    (tmp_path / "prices.py").write_text("PRICE = 300\n")

    def declared(function, **given):
        fields = {"endpoint": endpoint, "python": f"metrics.py:{function}", "unit": "JPY"} | given
        spec = project_file.prepare(tmp_path, function, fields)
        project_file.carry(workspace, tmp_path, function, spec)
        return specs.declare(workspace, name=function, spec=BusinessMetricSpec(**spec))

    return declared


def test_a_function_of_the_project_is_run_from_its_snapshot_and_kept_from_all_else(
    workspace, declared, answer, tmp_path
):
    rows = make_rows(500)
    answer(rows)
    for name in ("cast", "cost", "spy"):
        assert declared(name).change == "created"
    (tmp_path / "prices.py").write_text("PRICE = 'much'\n")
    assert declared("price").change == "created"
    with workspace.read() as tx:
        found = measure_all(tx, workspace.blobs, of_endpoint(tx, "delay"), MARCH, APRIL)
    cast, cost, price, spy = found
    assert cost.value == 300 * rows.filter((rows["_score"] > 0.5) & (rows["_outcome"] == 0)).height
    assert {each.slice for each in cost.slices} == {"AA", "DL", "UA"}
    assert "spy failed" in spy.problem
    assert "cast failed" in cast.problem
    assert "column 'mail'" in cast.problem
    assert "anna" not in cast.problem
    assert "price gave no number" in price.problem  # its modules are its own, however another's are called


def test_code_sees_no_value_that_is_hidden(workspace, declared, answer, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,email\n1,anna@example.com\n")
    add_files(workspace, "people", path, columns={"email": ColumnSpec(tags=["pii"])})
    declared("peek", datasets=["people"])
    answer(make_rows(1))
    with workspace.read() as tx:
        (found,) = measure_all(tx, workspace.blobs, of_endpoint(tx, "delay"), MARCH, APRIL)
    assert (found.problem, found.value) == ("", 0)
    assert [each.slice for each in found.slices] == [HIDDEN]


def test_code_that_is_not_here_is_refused(workspace, declared, endpoint):
    with pytest.raises(InvalidInput, match="no function"):
        declared("nothing")
    spec = BusinessMetricSpec(endpoint=endpoint, python="metrics:cost", code="0" * 64)
    with pytest.raises(InvalidInput, match="not here") as told:
        specs.declare(workspace, name="cost", spec=spec)
    assert told.value.field == "code"
    with pytest.raises(InvalidInput) as told:
        specs.declare(workspace, name="cost", spec=BusinessMetricSpec(endpoint=endpoint, python="cost"))
    assert told.value.field == "python"
    declared("cost")
    with workspace.read() as tx:
        kept = one(tx, "cost")
    assert kept.python == "metrics:cost"
    rights = frozenset({"*:read", "business_metric:write"})
    anna = workspace.with_(principal=Principal(name="anna", permissions=rights))
    spec = BusinessMetricSpec(endpoint=endpoint, python=kept.python, code=kept.code)
    with pytest.raises(Forbidden) as refused:
        specs.declare(anna, name="hers", spec=spec)
    assert "has it run here" in f"{refused.value.why} {refused.value.hint}"
    assert specs.declare(anna, name="hers", spec=BusinessMetricSpec(endpoint=endpoint, sql=SQL))
