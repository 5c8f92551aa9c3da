from datetime import UTC, datetime

import polars as pl
import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.operations import Context, Operation
from meguru.monitoring.measured import Role
from meguru.monitoring.operations import create, list_monitors, run, show, show_report
from meguru.monitoring.types import ReportVerdict, Severity
from meguru.stats import profile_frame
from meguru.stats.auc import auc
from meguru.testing.contracts.checks import MODEL, SHADOW, make_rows

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)


def march(workspace, name="delay-watch"):
    return run(workspace, name=name, start=MARCH, end=APRIL)


def types_of(workspace):
    with workspace.read() as tx:
        return [each.type for each in events.read(tx, subject="monitor/delay-watch")]


def test_a_month_like_the_training_data_is_ok(workspace, monitor, answer):
    rows = make_rows(5000)
    answer(rows)
    report = march(workspace)
    assert report.verdict is ReportVerdict.OK
    assert (report.rows, report.outcomes, report.coverage) == (5000, 5000, 1.0)
    assert (report.compared, report.drifted, report.drift_share) == (2, [], 0.0)
    assert report.live.auc.value == pytest.approx(auc(rows["_outcome"], rows["_score"]), abs=1e-9)
    assert types_of(workspace) == ["monitor.created", "monitor.evaluated"]


def test_a_worse_model_alerts_in_the_same_breath_with_its_reasons(workspace, monitor, answer):
    answer(make_rows(5000, skill=0.2))
    report = march(workspace)
    assert report.verdict is ReportVerdict.ALERT
    assert "AUC" in report.reasons[0]
    assert types_of(workspace) == ["monitor.created", "monitor.evaluated", "monitor.alerted"]
    with workspace.read() as tx:
        alerted = events.latest(tx, subject="monitor/delay-watch")
    assert alerted.data["reasons"] == report.reasons
    assert alerted.data["drifted"] == []
    assert alerted.data["auc"]["value"] == report.live.auc.value
    assert alerted.data["model"] == MODEL
    assert alerted.used == (report.ref,)


def test_drift_is_told_but_alerts_only_where_the_monitor_says_so(workspace, monitor, answer):
    create(workspace, name="strict", endpoint="delay", min_rows=200, alert_on=[Severity.INPUT_DRIFT])
    half = {"alert_on": [Severity.INPUT_DRIFT], "min_drift_share": 0.6}
    create(workspace, name="patient", endpoint="delay", min_rows=200, **half)
    answer(make_rows(5000, shift=1.0))
    assert march(workspace).verdict is ReportVerdict.OK
    assert march(workspace).drifted == ["wind"]
    assert march(workspace, "strict").verdict is ReportVerdict.ALERT
    assert "wind" in march(workspace, "strict").reasons[0]
    assert march(workspace, "patient").verdict is ReportVerdict.OK


def test_the_same_data_gives_the_same_report_and_one_event(workspace, monitor, answer):
    answer(make_rows(2000, skill=0.2))
    first, second = march(workspace), march(workspace)
    assert first == second
    assert types_of(workspace).count("monitor.alerted") == 1
    assert len(show(workspace, name="delay-watch").reports) == 1


def test_an_outcome_that_arrives_later_makes_a_new_report(workspace, monitor, answer):
    rows = make_rows(2000)
    answer(rows.head(1000))
    answer(rows.tail(1000), outcomes=False)
    first = march(workspace)
    assert first.coverage == 0.5
    answer(make_rows(10, seed=5))
    second = march(workspace)
    assert second.id != first.id
    assert [each.id for each in show(workspace, name="delay-watch").reports] == [second.id, first.id]


def test_a_shadow_is_measured_on_the_same_rows_and_a_better_one_is_told(workspace, monitor, answer):
    rows = make_rows(5000, skill=0.5)
    answer(rows)
    report = march(workspace)
    shadow = next(each for each in report.performance if each.role is Role.SHADOW)
    assert shadow.model == SHADOW
    assert shadow.auc.value == pytest.approx(auc(rows["_outcome"], rows[f"_shadow:{SHADOW}"]), abs=1e-9)
    assert shadow.difference.value == pytest.approx(report.live.auc.value - shadow.auc.value, abs=1e-9)
    told = [each for each in report.findings if each.severity is Severity.SHADOW_BETTER]
    assert told[0].breached
    assert "certainly better" in told[0].says


def test_scores_that_moved_are_a_drift_of_predictions_and_not_of_the_input(
    workspace, monitor, answer, baselines
):
    trained = make_rows(20_000, seed=99).select("wind", "carrier", "_score")
    baselines.known[MODEL] = {"profile": profile_frame(trained).to_dict(), "metrics": {"auc": 0.76}}
    answer(make_rows(5000, skill=4.0))
    report = march(workspace)
    moved = {each.column for each in report.findings if each.breached}
    assert moved == {"_score"}
    assert (report.compared, report.drifted) == (2, [])
    create(workspace, name="scores", endpoint="delay", min_rows=200, alert_on=[Severity.PREDICTION_DRIFT])
    assert march(workspace, "scores").verdict is ReportVerdict.ALERT
    assert all(each.startswith("score: ") for each in march(workspace, "scores").reasons)


def test_after_a_switch_each_model_answers_for_its_own_rows(workspace, monitor, answer, baselines):
    middle = datetime(2013, 3, 16, tzinfo=UTC)
    baselines.known["model/delay@3"] = baselines.known[MODEL]
    answer(make_rows(1000), end=middle)
    answer(make_rows(1500, seed=1), start=middle, model="model/delay@3")
    report = march(workspace)
    roles = {each.model: (each.role, each.rows) for each in report.performance}
    assert roles["model/delay@3"] == (Role.LIVE, 1500)
    assert roles[MODEL] == (Role.FORMER, 1000)
    assert report.model == "model/delay@3"
    assert all(each.n == 1500 for each in report.findings if each.severity is Severity.INPUT_DRIFT)


@pytest.mark.parametrize(
    ("rows", "outcomes", "words"),
    [(50, True, "50 outcomes"), (1000, False, "0 outcomes"), (0, False, "no row was answered")],
)
def test_too_little_evidence_is_its_own_verdict(workspace, monitor, answer, rows, outcomes, words):
    if rows:
        answer(make_rows(rows, skill=-2.0), outcomes=outcomes)
    report = march(workspace)
    assert report.verdict is ReportVerdict.UNKNOWN
    assert any(words in each for each in report.reasons)


def test_outcomes_that_are_no_classes_are_not_judged(workspace, monitor, answer):
    answer(make_rows(500).with_columns(pl.col("_outcome") * 7.5))
    report = march(workspace)
    assert report.live.auc is None
    assert report.verdict is ReportVerdict.UNKNOWN


def test_a_model_of_which_nothing_is_known_is_unknown_and_says_so(workspace, monitor, answer, baselines):
    baselines.known.clear()
    answer(make_rows(1000))
    report = march(workspace)
    assert report.verdict is ReportVerdict.UNKNOWN
    assert any("holdout" in each for each in report.reasons)
    assert report.live.auc is not None


def test_a_column_that_has_no_value_any_more_is_a_data_break(workspace, monitor, answer):
    rows = make_rows(1000).with_columns(pl.lit(None, dtype=pl.String).alias("carrier"))
    answer(rows)
    report = march(workspace)
    assert report.verdict is ReportVerdict.ALERT
    assert "carrier" in report.reasons[0]


def test_only_rows_within_the_window_count(workspace, monitor, answer, hour):
    answer(make_rows(1000))
    assert run(workspace, name="delay-watch", start=APRIL, end=APRIL + hour).rows == 0
    assert run(workspace, name="delay-watch", start=MARCH, end=MARCH + (APRIL - MARCH) / 2).rows == 500


def test_a_report_is_found_by_its_reference_and_in_the_list(workspace, monitor, answer):
    answer(make_rows(1000))
    report = march(workspace)
    assert (
        show_report(workspace, ref=report.ref) == show_report(workspace, ref=f"report/{report.id}") == report
    )
    assert list_monitors(workspace, endpoint="delay")[0].last == report.summary()
    with pytest.raises(NotFound):
        show_report(workspace, ref="report/nothing")


def monitored(ctx: Context, *, name: str) -> str:
    return run(ctx, name=name, start=MARCH, end=APRIL).id


def test_it_runs_within_another_operation(workspace, monitor, answer):
    answer(make_rows(1000))
    outer = Operation(monitored, "outer.run", "monitor:run", query=False, evented=True)
    assert outer(workspace, name="delay-watch") == march(workspace).id


@pytest.mark.parametrize(
    ("start", "end", "field"), [(APRIL, MARCH, "end"), (MARCH.replace(tzinfo=None), APRIL, "start")]
)
def test_a_window_that_makes_no_sense_is_refused(workspace, monitor, start, end, field):
    with pytest.raises(InvalidInput) as caught:
        run(workspace, name="delay-watch", start=start, end=end)
    assert caught.value.field == field


def test_a_baseline_that_is_no_profile_is_refused_with_its_model(workspace, monitor, answer, baselines):
    baselines.known[MODEL] = {"profile": {"rows": 1}}
    answer(make_rows(300))
    with pytest.raises(InvalidInput) as caught:
        march(workspace)
    assert caught.value.where == MODEL
