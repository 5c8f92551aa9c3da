"""The most likely cause, on windows of which it is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest

from meguru.monitoring.evidence.cause import explain, most_likely
from meguru.monitoring.evidence.types import TroubleCause
from meguru.monitoring.measured import Estimate, MeasuredMetric, ModelPerformance, Role
from meguru.monitoring.types import Finding, ReportVerdict, Severity
from meguru.monitoring.window import PastWindow
from meguru.testing.contracts.checks import make_rows, make_window

LIVE, OLD, BESIDE = "model/delay@2", "model/delay@1", "model/delay@0"
START, WEEK = datetime(2026, 3, 2, tzinfo=UTC), timedelta(days=7)


def auc(value: float) -> Estimate:
    return Estimate(value=value, low=value - 0.01, high=value + 0.01, level=0.95, method="delong", n=1000)


def did(model=LIVE, value=0.7, role=Role.LIVE, rows=1000, outcomes=1000, reference=0.76, **more):
    metric = MeasuredMetric(metric="auc", estimate=auc(value), reference=reference)
    return ModelPerformance(model=model, role=role, rows=rows, outcomes=outcomes, metrics=[metric], **more)


def found(severity, column="", *, breached=True, says="it is so"):
    return Finding(check="a", severity=severity, model=LIVE, says=says, breached=breached, column=column)


DROP, CALM = found(Severity.PERFORMANCE_DROP), ReportVerdict.OK
DRIFT = found(Severity.INPUT_DRIFT, "wind")


@cache
def measured_window():
    """Measured once: the cases differ in what is said of it only."""
    return make_window(make_rows(400))


def window(*performance, rows=1000, outcomes=1000, past=()):
    shown = performance or (did(),)
    return replace(
        measured_window(), model=LIVE, rows=rows, outcomes=outcomes, performance=shown, past=tuple(past),
        start=START, end=START + timedelta(days=1),
    )  # fmt: skip


def before(weeks=1, *findings, model=LIVE, verdict=CALM, value=0.76, outcomes=1000, days=0):
    start = START - weeks * WEEK - timedelta(days=days)
    return PastWindow(
        start=start, end=start + timedelta(days=1), model=model, rows=1000, verdict=verdict,
        findings=findings, performance=(did(model, value, outcomes=outcomes),),
    )  # fmt: skip


def cause(seen, *findings):
    return most_likely(explain(seen, findings))


NULLS = found(Severity.DATA_BREAK, "wind", says="wind: 40 % missing")
BROKEN = [
    (window(), NULLS),
    (window(), NULLS, DROP),
    (window(past=[before()]), NULLS, DRIFT, DROP),
    (window(did(), did(OLD, 0.75, Role.FORMER), past=[before(model=OLD)]), NULLS),
    (window(outcomes=100, past=[before()]), NULLS, DROP),
    (window(past=[before(1, DRIFT)]), NULLS, DRIFT),
]
RELEASED = [
    (window(did(), did(OLD, 0.76, Role.FORMER), past=[before(model=OLD)]), DROP),
    (window(past=[before(model=OLD)]), DROP),
    (window(past=[before(model=OLD)]), DROP, DRIFT),
    (window(did(), did(BESIDE, 0.77, Role.SHADOW), past=[before(model=OLD)]), DROP),
    (window(did(), did(OLD, 0.75, Role.FORMER)), DROP, found(Severity.SHADOW_BETTER)),
    (window(past=[before(model=OLD)]), found(Severity.PREDICTION_DRIFT, "_score")),
]
LATE = [
    (window(outcomes=100, past=[before(), before(2)]), DROP, DRIFT),
    (window(outcomes=300, past=[before(), before(2), before(3)]), DROP, DRIFT),
    (window(outcomes=40, past=[before(outcomes=900)]), DROP, found(Severity.INPUT_DRIFT, "carrier")),
    (window(outcomes=100, past=[before(), before(2)]), found(Severity.BUSINESS_MISS), DRIFT),
    (window(outcomes=200, past=[before(outcomes=800, days=2)]), found(Severity.UNFAIR), DRIFT),
]
SEASONAL = [
    (window(past=[before(1, DRIFT)]), DRIFT),
    (window(past=[before(1), before(52, DRIFT, days=1), before(1, DRIFT)]), DRIFT),
    (window(did(), did(BESIDE, 0.7, Role.SHADOW), past=[before(1, DRIFT)]), DRIFT, DROP),
    (window(past=[before(1, DRIFT), before(2, DRIFT)]), DRIFT, found(Severity.PREDICTION_DRIFT, "_score")),
    (window(past=[before(1, DRIFT)]), DRIFT, found(Severity.INPUT_DRIFT, "carrier")),
    (window(past=[before(3, DRIFT)]), DRIFT),
]
CHANGED = [
    (window(), DROP),
    (window(past=[before()]), DROP),
    (window(past=[before()]), DROP, found(Severity.MISCALIBRATED)),
    (window(did(), did(BESIDE, 0.7, Role.SHADOW), past=[before()]), DROP),
    (window(), found(Severity.MISCALIBRATED)),
    (window(past=[before(), before(2)]), found(Severity.BUSINESS_MISS), DROP),
]
UNCLEAR = [
    (window(), DRIFT),
    (window(past=[before()]), DRIFT, found(Severity.INPUT_DRIFT, "carrier"), DROP),
    (window(), found(Severity.SERVICE_TROUBLE)),
    (window(), found(Severity.COST_RISE)),
    (window(past=[before()]), found(Severity.PREDICTION_DRIFT, "_score")),
]
KNOWN = {
    TroubleCause.DATA_BREAK: BROKEN,
    TroubleCause.RELEASE: RELEASED,
    TroubleCause.LABEL_DELAY: LATE,
    TroubleCause.SEASON: SEASONAL,
    TroubleCause.CONCEPT_CHANGE: CHANGED,
    TroubleCause.UNCLEAR: UNCLEAR,
}


@pytest.mark.parametrize(
    ("expected", "case"),
    [(name, case) for name, cases in KNOWN.items() for case in cases],
    ids=[f"{name}-{number}" for name, cases in KNOWN.items() for number, _ in enumerate(cases)],
)
def test_the_cause_of_a_window_of_which_it_is_known(expected, case):
    explained = explain(*case[:1], case[1:])
    assert most_likely(explained) is expected, [(each.cause, each.weight) for each in explained]


def test_nothing_is_explained_where_nothing_is_beyond_its_threshold():
    calm = found(Severity.PERFORMANCE_DROP, breached=False)
    assert explain(window(), [calm]) == []
    assert cause(window(), calm) is None


def test_every_cause_is_weighed_with_what_speaks_against_it():
    explained = explain(window(past=[before()]), [DROP])
    assert {each.cause for each in explained} == set(TroubleCause) - {TroubleCause.UNCLEAR}
    against = {each.cause: [said.text for said in each.speaks_against] for each in explained}
    assert against[TroubleCause.DATA_BREAK] == ["nothing of what comes in is broken"]
    assert against[TroubleCause.RELEASE] == [
        "the model is the one that answered in the {count} windows before"
    ]
    assert against[TroubleCause.SEASON] == ["no input moved"]
    assert against[TroubleCause.LABEL_DELAY]


def test_a_model_is_the_same_as_in_the_windows_since_it_took_over():
    past = [before(4, model=OLD), before(3), before(2), before(1)]
    explained = {each.cause: each for each in explain(window(past=past), [DROP])}
    assert explained[TroubleCause.RELEASE].speaks_against[0].values == {"count": "3"}


def test_a_season_speaks_against_itself_where_the_same_period_was_calm():
    explained = {each.cause: each for each in explain(window(past=[before()]), [DRIFT])}
    assert explained[TroubleCause.SEASON].weight == 0
    assert "not moved in the same period" in explained[TroubleCause.SEASON].speaks_against[0].text


def test_windows_without_rows_models_or_past_are_explained_without_failing():
    empty = replace(window(), model="", rows=0, outcomes=0, performance=(), columns=(), start=None, end=None)
    explained = explain(empty, [found(Severity.DATA_BREAK, says="nothing came")])
    assert most_likely(explained) is TroubleCause.DATA_BREAK
    assert msgspec.json.decode(msgspec.json.encode(explained), type=list) is not None
    assert most_likely(explain(empty, [DROP])) is TroubleCause.UNCLEAR


@pytest.mark.parametrize(("outcomes", "against"), [(300, 0), (600, 0), (950, 1)])
def test_as_many_outcomes_as_usual_is_said_where_it_is_so(outcomes, against):
    found = explain(window(outcomes=outcomes, past=[before()]), [DROP])
    (late,) = [each for each in found if each.cause is TroubleCause.LABEL_DELAY]
    assert len(late.speaks_against) == against
