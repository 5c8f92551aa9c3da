"""Models of any task are watched by its metrics, from answers over the data plane to the report."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, root_mean_squared_error

from meguru.errors import InvalidInput
from meguru.flavors.model import Model
from meguru.kernel import events
from meguru.monitoring.operations import create, run
from meguru.monitoring.types import Report, ReportVerdict, Severity
from meguru.predictions.operations import record
from meguru.predictions.types import OutcomeInput
from meguru.registry.client import add_model
from meguru.serving.operations import create as create_endpoint
from meguru.serving.operations import shadow, switch
from meguru.serving.service import PredictionService

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
COLUMNS = ["hour", "wind"]
KINDS = ["early", "late", "on time"]


def rows_of(n, seed, *, kinds=False, noise=1.0):
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(n, 2))
    frame = pl.DataFrame({name: X[:, i] for i, name in enumerate(COLUMNS)})
    truth = 10 * X[:, 0] + 5 * X[:, 1] + draw.normal(scale=noise, size=n)
    if kinds:
        return frame.with_columns(y=pl.Series(np.array(KINDS)[np.digitize(truth, [-4, 4])]))
    return frame.with_columns(y=truth)


def fares(held=400, **options):
    train, held = rows_of(400, 1), rows_of(held, 2)
    estimator = LinearRegression().fit(train.select(COLUMNS).to_numpy(), train["y"].to_numpy())
    return Model(estimator=estimator, example=train.select(COLUMNS), holdout=held, label="y", **options)


def classes(features=2):
    train, held = rows_of(400, 1, kinds=True), rows_of(400, 2, kinds=True)
    X = train.select(COLUMNS).to_numpy()
    X[:, features:] = 0
    estimator = LogisticRegression().fit(X, train["y"].to_numpy())
    return Model(estimator=estimator, example=train.select(COLUMNS), holdout=held, label="y")


@pytest.fixture
def served(workspace):
    """Answer rows at the endpoint `delay` with a model, and tell what really happened."""
    service = PredictionService(workspace)
    service.start()

    def served(model, rows, *, beside=None, outcomes=None):
        create_endpoint(workspace, name="delay", model="delay")
        ref = add_model(workspace, "delay", model).ref
        switch(workspace, name="delay", model_ref=ref, release_ref="release/delay@1")
        shadows = [] if beside is None else [add_model(workspace, "delay", beside).ref]
        shadow(workspace, name="delay", refs=shadows)
        deployments, place = service._deployments, lambda: service._deployments.look_up("delay")
        with deployments.changed:
            ready = lambda: (made := place().served) and list(made.shadows) == shadows
            assert deployments.changed.wait_for(ready, 60)
        body = {"rows": rows.select(COLUMNS).to_dicts(), "times": ["2013-03-05T00:00:00Z"] * rows.height}
        answer = json.loads(service.predict("delay", json.dumps(body).encode()).body)
        ids = [each["id"] for each in answer["predictions"]]
        known = rows["y"].to_list() if outcomes is None else outcomes
        told = [OutcomeInput(prediction_id=id, value=value) for id, value in zip(ids, known, strict=True)]
        record(workspace, endpoint="delay", outcomes=told)
        return answer["predictions"]

    yield served
    service.stop()


def watch(workspace, **options):
    create(workspace, name="watch", endpoint="delay", min_rows=200, **options)
    return run(workspace, name="watch", start=MARCH, end=APRIL)


def test_a_regression_is_watched_by_its_error_without_a_setting(workspace, served):
    rows = rows_of(500, 3)
    said = served(fares(), rows)
    report = watch(workspace)
    assert (report.verdict, report.metric, report.outcomes) == (ReportVerdict.OK, "rmse", 500)
    found = report.live.measured("rmse")
    wanted = root_mean_squared_error(rows["y"], [each["score"] for each in said])
    assert found.estimate.value == pytest.approx(wanted, rel=1e-12)
    assert found.estimate.low < found.estimate.value < found.estimate.high
    assert found.reference == pytest.approx(1, abs=0.2)
    assert found.direction == "lower"
    assert report.live.auc is None
    assert {each.metric for each in report.live.metrics} >= {"rmse", "mae"}
    drift = [each for each in report.findings if each.severity is Severity.PREDICTION_DRIFT]
    assert {each.column for each in drift} == {"_score"}


def test_a_regression_that_errs_more_alerts_and_its_event_has_the_number(workspace, served):
    served(fares(), rows_of(500, 3, noise=3.0))
    report = watch(workspace)
    assert report.verdict is ReportVerdict.ALERT
    assert report.reasons[0].startswith("rmse 2.")
    assert "is certainly above" in report.reasons[0]
    with workspace.read() as tx:
        alerted = events.latest(tx, subject="monitor/watch")
    assert (alerted.type, alerted.data["metric"], alerted.data["auc"]) == ("monitor.alerted", "rmse", None)
    assert alerted.data["estimate"]["value"] == report.live.measured("rmse").estimate.value


def test_any_metric_of_the_task_may_be_named_with_a_tolerance_in_its_unit(workspace, served):
    served(fares(), rows_of(500, 3, noise=3.0))
    wide = {"check": "performance", "metric": "mae", "tolerance": 50}
    report = watch(workspace, checks=[wide])
    assert (report.verdict, report.metric) == (ReportVerdict.OK, "mae")
    assert "tolerance 50.000" in report.reasons[0]
    with pytest.raises(InvalidInput) as refused:
        create(workspace, name="w", endpoint="delay", checks=[{"check": "performance", "metric": "auc"}])
    assert (refused.value.field, "rmse, mae" in refused.value.hint) == ("checks[0].metric", True)
    with pytest.raises(InvalidInput, match="no metric 'rsme'") as refused:
        create(workspace, name="w", endpoint="delay", checks=[{"check": "performance", "metric": "rsme"}])
    assert (refused.value.field, "rmse" in refused.value.hint) == ("checks[0].metric", True)


def test_the_error_of_a_regression_is_estimated_before_its_outcomes_are_known(workspace, served):
    served(fares(held=1200), rows_of(500, 3))
    checks = [{"check": "estimate"}, {"check": "performance"}]
    report = watch(workspace, checks=checks, persist={"windows": 1, "of": 1})
    found = report.live.measured("rmse")
    assert found.expected.method == "dle"
    assert found.expected.value == pytest.approx(1, abs=0.1)
    assert found.expected.low < found.estimate.high
    (said,) = [each for each in report.findings if each.severity is Severity.ESTIMATED_DROP]
    assert said.says.startswith(f"rmse {found.expected.value:.3f} [")
    with pytest.raises(InvalidInput) as refused:
        create(workspace, name="w", endpoint="delay", checks=[{"check": "estimate", "metric": "mape"}])
    assert refused.value.field == "checks[0].metric"


def test_log_loss_of_three_classes_is_estimated_before_outcomes_are_known(workspace, served):
    served(classes(), rows_of(600, 3, kinds=True))
    report = watch(workspace, checks=[{"check": "estimate"}])
    for name, near in (("log_loss", 0.12), ("accuracy", 0.05)):
        found = report.live.measured(name)
        assert found.expected.n == 600
        assert found.expected.value == pytest.approx(found.estimate.value, abs=near)
        assert found.expected.low < found.expected.value < found.expected.high
    assert {each.severity for each in report.findings if each.check == "estimate"} == {
        Severity.ESTIMATED_DROP
    }


def test_three_classes_are_watched_with_a_shadow_on_the_same_rows(workspace, served):
    rows = rows_of(600, 3, kinds=True)
    said = served(classes(features=1), rows, beside=classes())
    report = watch(workspace)
    assert report.metric == "log_loss"
    found = report.live.measured("log_loss")
    chances = [[each["probabilities"][kind] for kind in KINDS] for each in said]
    assert found.estimate.value == pytest.approx(log_loss(rows["y"], chances, labels=KINDS), rel=1e-9)
    labels = [each["label"] for each in said]
    assert report.live.measured("accuracy").estimate.value == accuracy_score(rows["y"], labels)
    gap = report.performance[1].measured("log_loss").difference
    assert gap.low > 0  # the live model's loss is certainly larger
    (better,) = [each for each in report.findings if each.severity is Severity.SHADOW_BETTER]
    assert better.breached
    assert "model/delay@2 does certainly better than model/delay@1 on the same rows: log_loss" in better.says
    drift = [each for each in report.findings if each.severity is Severity.PREDICTION_DRIFT]
    assert {each.column for each in drift} == {"_output:label"}


def test_a_class_that_comes_more_often_is_a_drift_of_predictions(workspace, served):
    rows = rows_of(600, 3, kinds=True).with_columns(pl.col("hour") + 1)
    served(classes(), rows)
    report = watch(workspace, checks=[{"check": "psi"}], alert_on=[Severity.PREDICTION_DRIFT])
    assert report.verdict is ReportVerdict.ALERT
    assert report.reasons[0].startswith("label: PSI")


def test_a_metric_is_measured_for_each_value_of_a_column(workspace, served):
    rows = rows_of(600, 3).with_columns(wind=pl.col("wind").sign())
    served(fares(), rows, outcomes=(10 * rows["hour"] + 5 * rows["wind"]).to_list())
    report = watch(workspace, checks=[{"check": "performance", "slices": ["wind"]}])
    slices = report.live.measured("rmse").slices
    assert {(each.column, each.value) for each in slices} == {("wind", "1.0"), ("wind", "-1.0")}
    assert sum(each.estimate.n for each in slices) == 600


def test_a_report_of_old_is_read_with_its_auc(workspace, served):
    served(fares(), rows_of(300, 3))
    plain = msgspec.to_builtins(watch(workspace))
    del plain["metric"]
    auc = {"value": 0.7, "low": 0.6, "high": 0.8, "level": 0.95, "method": "delong", "n": 300}
    for each in plain["performance"]:
        del each["metrics"]
        each |= {"auc": auc, "reference": 0.75}
    old = msgspec.convert(plain, Report)
    assert old.metric == "auc"
    found = old.live.measured("auc")
    assert (found.estimate.value, found.reference, found.label) == (0.7, 0.75, "AUC")
    assert old.live.measured("rmse") is None
