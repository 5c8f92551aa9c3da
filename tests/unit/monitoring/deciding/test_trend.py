"""A model is held against its own past: evidence adds up over windows."""

from datetime import timedelta

import msgspec
import numpy as np
import pytest

from meguru.monitoring.deciding.judge import judge
from meguru.monitoring.measured import Estimate, MeasuredMetric, ModelPerformance, Role
from meguru.monitoring.types import ReportVerdict
from meguru.monitoring.window import MonitoredWindow, PastWindow

from .conftest import DAY, MODEL, START

CHECKS = [{"check": "performance"}]


class Outcomes:
    """Days with outcomes: an AUC that is drawn with its error, as DeLong's interval tells it."""

    def __init__(self, monitor, error, seed=0):
        self.monitor, self.error, self.draw = monitor, error, np.random.default_rng(seed)
        self.past, self.start = [], START

    def day(self, auc=0.76, model=MODEL, known=True, selective=""):
        value = auc + self.error * self.draw.normal()
        estimate = Estimate(
            value=value,
            low=value - 1.96 * self.error,
            high=value + 1.96 * self.error,
            level=0.95,
            method="DeLong",
            n=1000,
        )
        metric = MeasuredMetric(metric="auc", estimate=estimate if known else None, reference=0.76)
        n = 1000 if known else 0
        live = ModelPerformance(
            model=model, role=Role.LIVE, rows=1000, outcomes=n, reference=0.76, metrics=[metric]
        )
        window = MonitoredWindow(
            model=model,
            rows=1000,
            outcomes=n,
            min_rows=200,
            broken={},
            performance=(live,),
            selective=selective,
            start=self.start,
            end=self.start + DAY,
            past=tuple(self.past[-14:]),
        )
        found = judge(self.monitor, window)
        self.past.append(
            PastWindow(
                start=window.start,
                end=window.end,
                model=model,
                rows=1000,
                verdict=found.verdict,
                findings=tuple(found.findings),
                causes=tuple(found.causes),
                trend=found.trend,
            )
        )
        self.start += timedelta(days=1)
        return found


class Fixed:
    """Draws what it is told to."""

    def __init__(self, values):
        self.values = iter(values)

    def normal(self):
        return next(self.values)


@pytest.fixture
def outcomes(watch):
    def outcomes(error, seed=0):
        return Outcomes(watch(checks=CHECKS, alert_on=["performance_drop"]), error, seed)

    return outcomes


def days_until_it_rings(watched, auc, most=60):
    return next((day for day in range(most) if watched.day(auc).verdict is ReportVerdict.ALERT), None)


def test_a_year_in_which_nothing_is_wrong_is_quiet(outcomes):
    for error in (0.02, 0.003):
        watched = outcomes(error, seed=1)
        assert {watched.day().verdict for _ in range(365)} == {ReportVerdict.OK}


def test_a_loss_of_two_hundredths_is_told_on_the_day_where_a_day_knows_it(outcomes):
    watched = outcomes(0.003, seed=2)
    for _ in range(20):
        watched.day()
    assert days_until_it_rings(watched, 0.74) == 0
    assert "of the 20 windows before" in watched.past[-1].findings[-1].says


def test_where_a_day_knows_little_evidence_adds_up(outcomes):
    watched = outcomes(0.02, seed=9)
    for _ in range(30):
        watched.day()
    assert 3 < days_until_it_rings(watched, 0.74) < 40
    assert "falls behind" in watched.past[-1].findings[-1].says


def test_a_loss_that_is_no_harm_is_none_however_certain_it_is(outcomes):
    watched = outcomes(0.0005, seed=4)
    for _ in range(20):
        watched.day()
    assert days_until_it_rings(watched, 0.755) is None


def test_what_weekdays_do_is_no_loss(outcomes):
    watched = outcomes(0.003, seed=5)
    found = [watched.day(0.745 if number % 7 == 6 else 0.765).verdict for number in range(120)]
    assert ReportVerdict.ALERT not in found[14:]


def test_another_model_is_held_against_its_own_past_alone(outcomes):
    watched = outcomes(0.003, seed=6)
    for _ in range(20):
        watched.day(0.80)
    assert days_until_it_rings(watched, 0.80) is None
    found = [watched.day(0.76, model="model/delay@3") for _ in range(20)]
    assert {each.verdict for each in found} == {ReportVerdict.OK}
    assert found[-1].trend.windows == 20


def test_windows_without_outcomes_forget_nothing(outcomes):
    watched = outcomes(0.003, seed=7)
    known = [watched.day() for _ in range(10)][-1].trend
    assert watched.day(known=False).trend == known


def test_a_drop_that_chance_makes_in_a_year_of_small_days_has_to_last(outcomes):
    watched = outcomes(0.02)
    watched.draw = Fixed([0, -3.2, 0, 0, -3.2, -3.2])
    found = [watched.day().verdict for _ in range(6)]
    unknown = ReportVerdict.UNKNOWN
    assert found == [
        ReportVerdict.OK,
        unknown,
        ReportVerdict.OK,
        ReportVerdict.OK,
        unknown,
        ReportVerdict.ALERT,
    ]
    sure = outcomes(0.004)
    sure.draw = Fixed([-10])
    assert sure.day().verdict is ReportVerdict.ALERT


def test_outcomes_of_one_kind_only_are_no_evidence(outcomes):
    watched = outcomes(0.003, seed=8)
    known = [watched.day() for _ in range(10)][-1].trend
    found = [watched.day(0.70, selective="they come for one kind only") for _ in range(4)]
    assert {each.verdict for each in found} == {ReportVerdict.UNKNOWN}
    assert [each.trend for each in found] == [known] * 4
    judging = msgspec.structs.replace(watched.monitor, checks=[CHECKS[0] | {"selective": "judge"}])
    watched.monitor = judging
    assert watched.day(0.70, selective="they come for one kind only").verdict is ReportVerdict.ALERT
