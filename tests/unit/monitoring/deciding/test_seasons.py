"""Drift rings only where it is beyond earlier windows too; which there were, and what they said, is told."""

import math
from datetime import timedelta

import pytest

from meguru.monitoring.deciding.seasons import moments_of
from meguru.monitoring.types import ReportVerdict, Severity

from .conftest import DAY, START


def finding(found, check="ks"):
    return next(each for each in found.findings if each.check == check)


def test_a_weekday_is_held_against_the_same_weekday(days):
    watched = days(seed=1, important=["x"])
    found = [watched.day(x=0.5 if number % 7 == 6 else 0.0) for number in range(28)]
    first = found.pop(6)
    assert first.verdict is ReportVerdict.UNKNOWN
    assert "not known yet whether this is a season" in first.reasons[0]
    assert [each.verdict for each in found] == [ReportVerdict.OK] * 27
    for _ in range(6):
        watched.day(x=0.0)
    sunday = watched.day(x=0.5)
    assert sunday.verdict is ReportVerdict.OK
    assert sunday.drifted == ["x"]
    assert finding(sunday).beyond_seasons is False
    assert "against the same weekday of 4 weeks before" in finding(sunday).says
    assert "is within" in finding(sunday).says
    monday = watched.day(x=0.5)
    assert finding(monday).beyond_seasons is True
    assert monday.verdict is ReportVerdict.ALERT


def test_a_summer_like_the_last_one_is_no_alarm(days):
    watched = days(seed=2, n=1000, important=["x"])
    for number in range(350, 378):
        watched.day(x=math.sin(2 * math.pi * number / 364))
    watched.skip(364 - 28 + 13)
    # Nothing is known of the days just before: only last year tells.
    found = watched.day(x=math.sin(2 * math.pi * (350 + 13) / 364))
    assert finding(found).beyond_seasons is not True
    assert found.verdict is ReportVerdict.OK


def test_without_any_earlier_window_drift_rings_only_for_who_asked_for_it(days):
    found = days().day(x=1.0)
    assert finding(found).beyond_seasons is None
    assert found.verdict is ReportVerdict.ALERT
    by_itself = days(important=["x"], alert_on=[Severity.DATA_BREAK]).day(x=1.0)
    assert by_itself.verdict is ReportVerdict.UNKNOWN


def test_what_lasts_does_not_hide_itself_in_its_own_past(days):
    watched = days(seed=4, important=["x"])
    for _ in range(7):
        watched.day(x=0.0)
    assert [watched.day(x=0.3).verdict for _ in range(20)][1:] == [ReportVerdict.ALERT] * 19


@pytest.mark.parametrize("length", [timedelta(hours=1), DAY, 7 * DAY, 30 * DAY])
def test_a_season_is_of_windows_that_are_shorter_than_it(length):
    known = {each: moments_of(each, START, START + length) for each in ("day", "week", "year", "trailing")}
    assert bool(known["day"]) == (length < DAY)
    assert bool(known["week"]) == (length <= DAY)
    assert len(known["year"]) == (3 if length <= DAY else 1)
    assert known["trailing"] == []


def test_of_unimportant_columns_drift_explains_and_does_not_ring(days):
    watched = days(important=["x"])
    found = [watched.day(x=0.0, y=1.0) for _ in range(3)][-1]
    assert found.verdict is ReportVerdict.OK
    assert found.drifted == ["y"]
    assert "1 of 2 columns drifted (y)" in found.reasons[0]


def test_without_important_columns_alert_on_decides(days):
    assert days(alert_on=[Severity.DATA_BREAK]).day(x=1.0).verdict is ReportVerdict.OK
    assert days(alert_on=[Severity.INPUT_DRIFT]).day(x=1.0).verdict is ReportVerdict.ALERT


def test_an_important_input_that_nobody_has_is_told_and_keeps_a_window_from_being_ok(days):
    found = days(important=["z"]).day(x=0.0)
    assert found.verdict is ReportVerdict.UNKNOWN
    assert found.reasons == ["z is important, and no such input is compared"]


def test_a_window_that_is_not_known_to_be_ok_tells_which_columns_drifted(days):
    found = days(checks=[{"check": "performance"}, {"check": "psi"}], alert_on=["performance_drop"]).day(
        x=1.0
    )
    assert found.verdict is ReportVerdict.UNKNOWN
    assert found.reasons == ["performance was not judged: no row was answered", "1 of 1 columns drifted (x)"]
