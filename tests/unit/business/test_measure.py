import msgspec
import polars as pl
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.unit.business.conftest import APRIL, MARCH, tell

from meguru.app.nouns import load_operations
from meguru.business.operations import create, measure, show_metric
from meguru.business.questions import features_of
from meguru.business.store import put_value
from meguru.business.types import BusinessMetric
from meguru.console.routes import routes
from meguru.datasets.client import add_files
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.monitoring.operations import create as create_monitor
from meguru.monitoring.operations import run
from meguru.monitoring.types import ReportVerdict, Severity
from meguru.testing.contracts.checks import SHADOW, make_rows

COST = (
    "SELECT CASE WHEN score > 0.5 AND outcome = 0 THEN 300 WHEN score <= 0.5 AND outcome = 1 THEN 2000"
    " ELSE 0 END AS value FROM predictions WHERE outcome IS NOT NULL"
)


def cost_of(rows):
    cost = (
        pl.when((pl.col("_score") > 0.5) & (pl.col("_outcome") == 0))
        .then(300)
        .when((pl.col("_score") <= 0.5) & (pl.col("_outcome") == 1))
        .then(2000)
        .otherwise(0)
    )
    return rows.select(cost).to_series()


def march(workspace, name="delay_cost"):
    return measure(workspace, name=name, start=MARCH, end=APRIL)


def test_a_drop_in_yen_raises_the_alert_while_all_that_is_technical_is_green(workspace, endpoint, answer):
    create(
        workspace,
        name="delay_cost",
        endpoint=endpoint,
        sql=COST,
        unit="JPY",
        direction="lower",
        target=100_000.0,
    )
    checks = [{"check": "performance"}, {"check": "psi"}, {"check": "business"}]
    alert_on = [Severity.DATA_BREAK, Severity.PERFORMANCE_DROP, Severity.BUSINESS_MISS, Severity.INPUT_DRIFT]
    create_monitor(workspace, name="watch", endpoint=endpoint, checks=checks, min_rows=200, alert_on=alert_on)
    rows = make_rows(2000)
    answer(rows)
    report = run(workspace, name="watch", start=MARCH, end=APRIL)
    assert report.verdict is ReportVerdict.ALERT
    assert [each.severity for each in report.findings if each.breached] == [Severity.BUSINESS_MISS]
    total = cost_of(rows).sum()
    assert report.business[0].value == total
    assert report.reasons[0].startswith(f"delay_cost {total:,} [")
    assert report.reasons[0].endswith("JPY is certainly above its target 100,000 JPY")
    kept = show_metric(workspace, name="delay_cost").values
    assert [(each.value, each.rows) for each in kept] == [(total, 2000)]
    assert run(workspace, name="watch", start=MARCH, end=APRIL).id == report.id
    load_operations()
    with TestClient(Starlette(routes=routes(lambda _: workspace))) as client:
        for path in (f"/ui/reports/{report.id}", f"/ui/reports/{report.id}/file"):
            shown = client.get(path, headers={"Accept-Language": "en"}).text
            assert all(each in shown for each in ("Business", "delay_cost", "100,000 JPY", SHADOW))


FARES = pl.DataFrame({"carrier": ["AA", "DL", "UA"], "fare": [100, 200, 400]})
JOINED = (
    "SELECT p.carrier AS slice, f.fare * p.outcome AS value"
    " FROM predictions p JOIN fares f ON p.carrier = f.carrier"
)


@pytest.fixture
def measured(workspace, endpoint, answer, tmp_path):
    """Measure four metrics of the same rows together; a shadow scored all but the first thousand."""
    FARES.write_parquet(tmp_path / "fares.parquet")
    add_files(workspace, "fares", [tmp_path / "fares.parquet"])
    create(workspace, name="sum", endpoint=endpoint, sql=COST, unit="JPY", direction="lower")
    create(workspace, name="mean", endpoint=endpoint, sql=COST, unit="JPY", per="1000 predictions")
    create(workspace, name="joined", endpoint=endpoint, sql=JOINED, datasets=["fares"])
    create(workspace, name="average", endpoint=endpoint, sql="SELECT avg(wind) AS value FROM predictions")
    create_monitor(workspace, name="watch", endpoint=endpoint, checks=[{"check": "business"}], min_rows=200)
    late = pl.when(pl.int_range(pl.len()) >= 1000).then(pl.col(f"_shadow:{SHADOW}"))
    rows = make_rows(3000).with_columns(late.alias(f"_shadow:{SHADOW}"))
    answer(rows)
    report = run(workspace, name="watch", start=MARCH, end=APRIL)
    return rows, {each.metric: each for each in report.business}


def test_every_number_has_an_interval_its_parts_and_what_it_had_been_without_retraining(measured):
    rows, found = measured
    cost, total, mean = cost_of(rows), found["sum"], found["mean"]
    assert (total.value, mean.value) == (cost.sum(), pytest.approx(1000 * cost.mean()))
    # Rows that don't depend on each other: 20 blocks tell the error of the plain formula, give or take.
    half = 2.09 * cost.std() * len(cost) ** 0.5
    assert total.high - total.value == pytest.approx(half, rel=0.5)
    assert (mean.high - mean.value) == pytest.approx((total.high - total.value) / 3, rel=0.01)
    joined = rows.join(FARES, on="carrier").with_columns(cost=pl.col("fare") * pl.col("_outcome"))
    assert found["joined"].value == joined["cost"].sum()
    parts = dict(joined.group_by("carrier").agg(pl.col("cost").sum()).iter_rows())
    assert {each.slice: each.value for each in found["joined"].slices} == parts
    assert found["joined"].datasets == ["dataset/fares@1"]
    average = found["average"]
    assert average.value == pytest.approx(rows["wind"].mean())
    assert average.high - average.low == pytest.approx(2 * 2.09 / 3000**0.5, rel=0.5)
    assert not average.known
    both, (other,) = rows[1000:], total.others
    frozen = cost_of(both.with_columns(pl.col(f"_shadow:{SHADOW}").alias("_score")))
    assert (other.model, other.rows) == (SHADOW, 2000)
    assert (other.live, other.value) == (cost_of(both).sum(), frozen.sum())
    assert other.difference == other.live - other.value
    half = 2.09 * (cost_of(both) - frozen).std() * 2000**0.5
    assert other.high - other.difference == pytest.approx(half, rel=0.5)


def test_late_outcomes_change_the_value_and_the_log_has_what_it_was(workspace, endpoint, answer):
    create(workspace, name="delay_cost", endpoint=endpoint, sql=COST)
    rows = make_rows(600)
    batch = answer(rows, outcomes=300)
    first = march(workspace)
    assert (first.rows, first.outcomes, first.coverage) == (600, 300, 0.5)
    with workspace.db.write() as tx:
        tell(tx, batch, rows["_outcome"].to_list())
    second = march(workspace)
    assert second.value == cost_of(rows).sum()
    with workspace.read() as tx:
        told = events.latest(tx, subject="business_metric/delay_cost").data
    assert (told["before"], told["value"]) == (first.value, second.value)
    failed = msgspec.structs.replace(second, value=None, problem="the query took too long")
    with workspace.db.write() as tx:
        put_value(tx, failed, second.at)
    third = march(workspace)  # of the same data
    assert (third.value, third.problem) == (second.value, "")
    assert len(show_metric(workspace, name="delay_cost").values) == 1


def test_what_can_not_be_measured_says_why_and_the_others_are_measured(workspace, endpoint, answer):
    wrong = {
        "SELECT nothing AS value FROM predictions": "nothing",
        "SELECT score, outcome FROM predictions": "no column called value",
        "SELECT carrier AS value FROM predictions": "value is no number",
        "SELECT score / (score - score) AS value FROM predictions": "not finite",
        "SELECT 1 AS value FROM predictions, elsewhere": "elsewhere",
        "SELECT score AS value FROM predictions WHERE score > 2": "no row of the answer",
    }
    for number, sql in enumerate(wrong):
        create(workspace, name=f"wrong{number}", endpoint=endpoint, sql=sql, target=1.0)
    average = "SELECT avg(wind) AS value FROM predictions"
    create(workspace, name="wrong6", endpoint=endpoint, sql=average, per="prediction", target=1.0)
    create(workspace, name="wrong7", endpoint=endpoint, sql=average, datasets=["gone"], target=1.0)
    create(
        workspace, name="well", endpoint=endpoint, sql="SELECT score AS value FROM predictions", target=1.0
    )
    create_monitor(workspace, name="watch", endpoint=endpoint, checks=[{"check": "business"}], min_rows=200)
    answer(make_rows(300))
    report = run(workspace, name="watch", start=MARCH, end=APRIL)
    found = {each.metric: each for each in report.business}
    for number, why in enumerate([*wrong.values(), "not for a number of predictions", "gone"]):
        assert found[f"wrong{number}"].value is None
        assert why in found[f"wrong{number}"].problem
        assert f"wrong{number} was not measured" in report.notes[0]
    assert found["well"].problem == ""
    assert [each.column for each in report.findings] == ["well"]
    assert report.verdict is ReportVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("sql", "every"),
    [
        ("SELECT 300 * outcome AS value FROM predictions", False),
        ("SELECT value FROM (SELECT * FROM predictions)", True),
        ("SELECT p.* FROM predictions p", True),
        ("SELECT fare AS value FROM predictions NATURAL JOIN fares", True),
    ],
)
def test_features_that_a_query_may_mean_without_a_name_are_there(sql, every):
    metric = BusinessMetric(name="x", endpoint="delay", sql=sql, created_at=MARCH, created_by="me")
    assert (features_of([metric]) is None) is every


def test_what_makes_no_sense_is_refused_with_the_field(workspace, endpoint):
    wrong = {
        "sql": {"sql": "DELETE FROM predictions"},
        "per": {"sql": COST, "per": "year"},
        "datasets[0]": {"sql": COST, "datasets": ["predictions"]},
        "datasets[1]": {"sql": COST, "datasets": ["fares@1", "fares@2"]},
        "unit": {"sql": COST, "unit": "x" * 101},
    }
    for field, given in wrong.items():
        with pytest.raises(InvalidInput) as told:
            create(workspace, name="x", endpoint=endpoint, **given)
        assert told.value.field == field
    with pytest.raises(InvalidInput, match="by SQL, or by a function"):
        create(workspace, name="x", endpoint=endpoint)
    with pytest.raises(InvalidInput, match="reads datasets alone"):
        create(
            workspace, name="x", endpoint=endpoint, sql="SELECT * FROM read_csv('/etc/passwd'), predictions"
        )
    with pytest.raises(NotFound, match="endpoint"):
        create(workspace, name="x", endpoint="dely", sql=COST)
