"""What a report says before outcomes are known, and of groups of rows."""

import math
from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.monitoring.base import Baseline
from meguru.monitoring.estimated_classes import with_expected_classes
from meguru.monitoring.measured import ModelPerformance, Role
from meguru.monitoring.operations import create, run
from meguru.monitoring.types import Report, ReportVerdict, Severity
from meguru.stats.estimates import ScoreOutcomes
from meguru.tasks.multiclass import Multiclass
from meguru.testing.contracts.checks import MODEL, make_baseline, make_rows

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
ESTIMATE = {"check": "estimate"}
UNSURE = (0.4 + (pl.col("_score") - 0.4) * 0.3).alias("_score")


@pytest.fixture
def known(baselines):
    """Have the registry know what became of the model's holdout by score."""
    made = make_baseline(make_rows(20_000, seed=99))
    outcomes = {name: each.to_dict() for name, each in made.outcomes.items()}
    baselines.known[MODEL] |= {"profile": made.profile.to_dict() | {"outcomes": outcomes}}


def march(workspace):
    return run(workspace, name="watch", start=MARCH, end=APRIL)


def test_quality_is_estimated_before_any_outcome_and_stands_beside_it_afterwards(
    workspace, endpoint, known, answer
):
    both = [ESTIMATE, {"check": "performance"}]
    create(workspace, name="watch", endpoint=endpoint, min_rows=200, checks=both)
    answer(make_rows(3000), outcomes=False)
    before = march(workspace)
    assert before.verdict is ReportVerdict.UNKNOWN  # an estimate is no proof
    assert before.reasons[-1].endswith("estimated before outcomes are known")
    found = before.live.measured("auc")
    assert found.estimate is None
    assert found.expected.low < 0.76 < found.expected.high
    (said,) = [each for each in before.findings if each.check == "estimate"]
    assert (said.breached, said.statistic) == (False, found.expected.value)
    assert said.says.endswith("estimated before outcomes are known")
    answer(make_rows(3000, seed=1))
    after = march(workspace)
    found = after.live.measured("auc")
    assert (found.expected.n, found.estimate.n) == (6000, 3000)
    assert max(found.expected.low, found.estimate.low) < min(found.expected.high, found.estimate.high)
    (said,) = [each for each in after.findings if each.check == "estimate"]
    assert "estimated, and 3,000 outcomes say 0.7" in said.says
    assert msgspec.json.decode(msgspec.json.encode(after), type=Report) == after


def test_a_window_of_unsure_scores_is_expected_to_be_worse_and_rings_where_that_is_asked_for(
    workspace, endpoint, known, answer
):
    create(
        workspace,
        name="watch",
        endpoint=endpoint,
        min_rows=200,
        checks=[ESTIMATE],
        alert_on=[Severity.ESTIMATED_DROP],
        persist={"windows": 1, "of": 1},
    )
    answer(make_rows(3000).with_columns(UNSURE), outcomes=False)
    report = march(workspace)
    assert report.verdict is ReportVerdict.ALERT
    assert "is certainly below" in report.reasons[0]


def test_without_a_holdout_nothing_is_estimated_and_the_report_says_why(workspace, endpoint, answer):
    create(workspace, name="watch", endpoint=endpoint, min_rows=200, checks=[ESTIMATE])
    answer(make_rows(3000))
    report = march(workspace)
    why = f"nobody knows what became of the holdout of {MODEL} by score"
    assert report.notes == [f"estimate was not judged: {why}"]
    assert report.live.measured("auc").expected is None


def test_classes_of_which_a_model_says_nonsense_are_not_estimated():
    one = ScoreOutcomes(np.array([0.5]), np.array([10.0]), np.array([0.0]))
    task = Multiclass(classes=("a", "b"))
    baseline = Baseline(model=MODEL, outcomes={"a": one, "b": one}, task=task)
    live = ModelPerformance(model=MODEL, role=Role.LIVE, rows=1, outcomes=0)
    rows = pl.DataFrame({"_output:probabilities": [[0.5, 0.5]]})
    assert with_expected_classes(live, rows, baseline) == live


def test_a_group_that_is_decided_for_less_often_alerts_with_the_groups_named(workspace, endpoint, answer):
    check = {"check": "fairness", "columns": ["carrier"], "min_rows": 50}
    create(workspace, name="watch", endpoint=endpoint, min_rows=200, checks=[check])
    answer(make_rows(3000), outcomes=False)
    fair = march(workspace)
    assert fair.verdict is ReportVerdict.OK
    assert fair.reasons[0].startswith("carrier: selection rate is 0.")
    less = pl.when(pl.col("carrier") == "UA").then(pl.col("_score") / 2).otherwise(pl.col("_score"))
    answer(make_rows(9000, seed=3).with_columns(less.alias("_score")), outcomes=False)
    report = march(workspace)
    assert report.verdict is ReportVerdict.ALERT
    (found,) = report.findings
    assert (found.severity, found.slice) == (Severity.UNFAIR, "carrier=UA")
    assert " of UA; the difference 0." in report.reasons[0]
    assert "is certainly above 0.1" in report.reasons[0]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "columns"),
        ({"columns": ["carrier"], "criterion": "fair"}, "criterion"),
        ({"columns": ["carrier"], "criterion": "mae"}, "limit"),
        ({"columns": ["carrier"], "limit": 0}, "limit"),
        ({"columns": ["carrier"], "criterion": "calibration", "comparison": "ratio"}, "comparison"),
        ({"columns": ["carrier"], "cuts": {"wind": [2, 1]}}, "cuts"),
        ({"columns": ["carrier"], "min_rows": 0}, "min_rows"),
        ({"columns": ["carrier"], "threshold": math.nan}, "threshold"),
        ({"columns": ["carrier"], "criterion": "calibration", "favorable": 0}, "favorable"),
    ],
)
def test_options_of_fairness_that_make_no_sense_are_refused_by_name(workspace, endpoint, options, field):
    with pytest.raises(InvalidInput) as refused:
        create(workspace, name="watch", endpoint=endpoint, checks=[{"check": "fairness"} | options])
    assert refused.value.field == f"checks[0].{field}"


def test_a_column_that_is_not_recorded_is_unknown_and_never_fair(workspace, endpoint, answer):
    check = {"check": "fairness", "columns": ["sex"]}
    create(workspace, name="watch", endpoint=endpoint, min_rows=200, checks=[check])
    answer(make_rows(3000))
    report = march(workspace)
    assert report.verdict is ReportVerdict.UNKNOWN
    assert report.reasons == ["fairness was not judged: the rows have no column 'sex'"]


def judged(workspace, endpoint, checks=({"check": "performance"},), **options):
    create(workspace, name="watch", endpoint=endpoint, min_rows=200, checks=list(checks), **options)
    return march(workspace)


def only(rows, which):
    return rows.with_columns(_outcome=pl.when(which).then(pl.col("_outcome")))


@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "auc"])
@pytest.mark.parametrize("kind", [0.0, 1.0])
def test_outcomes_that_come_for_one_kind_only_are_unknown_and_never_ok(
    workspace, endpoint, answer, metric, kind
):
    answer(only(make_rows(3000), pl.col("_outcome") == kind))
    check = {"check": "performance", "metric": metric, "reference": 0.6, "tolerance": 0.5}
    report = judged(workspace, endpoint, [check])
    assert report.verdict is ReportVerdict.UNKNOWN
    assert f"known outcomes are {kind:.0f}, and about" in report.reasons[0]


def test_outcomes_that_come_for_high_scores_only_are_unknown_unless_that_is_how_it_is(
    workspace, endpoint, known, answer
):
    answer(only(make_rows(3000), pl.col("_score") > 0.5))
    report = judged(workspace, endpoint)
    assert report.verdict is ReportVerdict.UNKNOWN
    assert "those known don't stand for all" in report.reasons[0]
    told = {"check": "performance", "reference": 0.7, "selective": "judge"}
    create(workspace, name="anyway", endpoint=endpoint, min_rows=200, checks=[told])
    assert run(workspace, name="anyway", start=MARCH, end=APRIL).verdict is not ReportVerdict.UNKNOWN


def test_outcomes_that_are_missing_anywhere_are_judged(workspace, endpoint, known, answer):
    answer(only(make_rows(3000), pl.int_range(pl.len()) % 3 == 0))
    report = judged(workspace, endpoint)
    assert (report.verdict, report.outcomes) == (ReportVerdict.OK, 1000)


def test_reliability_and_calibration_are_told_from_the_outcomes(workspace, endpoint, known, answer):
    rows = make_rows(4000)
    answer(rows)
    report = judged(workspace, endpoint, [{"check": "calibration"}, {"check": "performance"}])
    assert report.metric == "auc"  # the calibration error stands beside it
    found = report.live.reliability
    assert sum(found.rows) == 4000
    shares = sum(share * count for share, count in zip(found.shares, found.rows, strict=True))
    assert shares == pytest.approx(rows["_outcome"].sum())
    assert found.scores == sorted(found.scores)
    assert found.slope == pytest.approx(0.9, abs=0.25)
    error = report.live.measured("calibration_error@15").estimate
    (said,) = [each for each in report.findings if each.severity is Severity.MISCALIBRATED]
    assert (said.statistic, said.breached) == (error.value, False)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_a_slice_that_is_certainly_worse_rings_by_its_name_where_that_is_asked_for(
    workspace, endpoint, answer
):
    rows = make_rows(6000)
    noise = pl.Series(make_rows(6000, seed=5)["_score"])
    broken = pl.when(pl.col("carrier") == "DL").then(noise).otherwise(pl.col("_score")).alias("_score")
    answer(rows.with_columns(broken))
    told = {"check": "performance", "reference": 0.76, "tolerance": 0.2, "slices": ["carrier"]}
    shown = judged(workspace, endpoint, [told])
    assert (shown.verdict, {each.slice for each in shown.findings}) == (ReportVerdict.OK, {""})
    create(
        workspace, name="by-slice", endpoint=endpoint, min_rows=200, checks=[told | {"slice_tolerance": 0.05}]
    )
    report = run(workspace, name="by-slice", start=MARCH, end=APRIL)
    assert report.verdict is ReportVerdict.ALERT
    drops = [each for each in report.findings if each.severity is Severity.PERFORMANCE_DROP]
    assert [each.slice for each in drops if each.breached] == ["carrier=DL"]
    assert len(drops) == 4
    assert report.reasons[0].startswith("of rows with carrier=DL alone; AUC 0.4")
    with pytest.raises(InvalidInput) as refused:
        create(
            workspace, name="w", endpoint=endpoint, checks=[{"check": "performance", "slice_tolerance": 0.1}]
        )
    assert refused.value.field == "checks[0].slice_tolerance"
