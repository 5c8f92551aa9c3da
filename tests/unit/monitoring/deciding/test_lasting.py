"""What rings has to last, and is over when it has been gone for long."""

import msgspec

from meguru.monitoring.deciding.rules import Persistence, Recovery
from meguru.monitoring.types import CauseState, ReportVerdict, Severity

SMALL, LARGE = 0.24, 1.0


def test_drift_that_is_not_large_rings_on_the_second_of_three_windows(days):
    watched = days(seed=1)
    assert [watched.day(x=0.0).verdict for _ in range(3)] == [ReportVerdict.OK] * 3
    first = watched.day(x=SMALL)
    assert first.verdict is ReportVerdict.OK
    assert [each.state for each in first.causes] == [CauseState.PENDING]
    assert any("it rings if it lasts, in 2 of 3 windows" in each for each in first.reasons)
    watched.day(x=0.0)
    second = watched.day(x=SMALL)
    assert second.verdict is ReportVerdict.ALERT
    assert second.causes[0].since == watched.past[3].start


def test_drift_that_is_twice_as_large_as_is_worth_an_alarm_rings_at_once(days):
    assert days().day(x=LARGE).verdict is ReportVerdict.ALERT


def test_what_comes_in_one_of_three_windows_only_never_rings(days):
    watched = days(seed=2)
    for shift in (SMALL, 0.0, 0.0) * 4:
        assert watched.day(x=shift).verdict is ReportVerdict.OK


def test_an_alert_ends_after_two_calm_windows_and_hovering_is_not_calm(days):
    watched = days(seed=3, n=10_000, seasons=[])
    assert watched.day(x=LARGE).verdict is ReportVerdict.ALERT
    hovering = watched.day(x=0.15)
    assert not any(each.breached for each in hovering.findings)
    assert hovering.verdict is ReportVerdict.ALERT
    assert hovering.causes[0].calm == 0
    first = watched.day(x=0.0)
    assert (first.verdict, first.causes[0].calm) == (ReportVerdict.ALERT, 1)
    assert any("over after 2 calm windows, and 1 were" in each for each in first.reasons)
    assert watched.day(x=0.0).verdict is ReportVerdict.OK


def test_a_monitor_says_how_long_what_rings_lasts(days):
    quick = days(persist=Persistence(windows=1, of=1), recover=Recovery(windows=1))
    assert quick.day(x=SMALL).verdict is ReportVerdict.ALERT
    assert quick.day(x=0.0).verdict is ReportVerdict.OK
    slow = days(persist=Persistence(windows=3, of=3))
    slow.day(x=0.0)
    assert [slow.day(x=SMALL).verdict for _ in range(3)] == [ReportVerdict.OK] * 2 + [ReportVerdict.ALERT]


def test_a_broken_column_rings_at_once_and_is_over_when_it_is_back(days):
    watched = days()
    watched.day(x=0.0)
    assert watched.day(x=0.0, broken={"y": "it is missing"}).verdict is ReportVerdict.ALERT
    assert watched.day(x=0.0).verdict is ReportVerdict.OK


def test_a_window_without_rows_neither_ends_nor_repeats_an_alert(days):
    watched = days()
    assert watched.day(x=LARGE).verdict is ReportVerdict.ALERT
    empty = watched.day(rows=0)
    assert empty.verdict is ReportVerdict.UNKNOWN
    assert [(each.state, each.seen) for each in empty.causes] == [(CauseState.RINGING, False)]
    assert watched.day(x=0.0).verdict is ReportVerdict.ALERT
    assert watched.day(x=0.0).verdict is ReportVerdict.OK


def test_with_another_model_everything_begins_anew(days):
    watched = days()
    assert watched.day(x=LARGE).verdict is ReportVerdict.ALERT
    assert watched.day(x=0.0, model="model/delay@3").verdict is ReportVerdict.OK


def test_the_same_window_and_past_give_the_same_decision(days):
    found = []
    for _ in range(2):
        watched = days(seed=7)
        found.append(
            [msgspec.json.encode(watched.day(x=each).causes) for each in (0, SMALL, SMALL, LARGE, 0, 0)]
        )
    assert found[0] == found[1]


def test_a_cause_of_an_alert_that_a_report_keeps_comes_back_as_it_was(days):
    (cause,) = days().day(x=LARGE).causes
    assert msgspec.json.decode(msgspec.json.encode(cause), type=type(cause)) == cause
    assert (cause.severity, cause.what) == (Severity.INPUT_DRIFT, "x")


def test_what_a_monitor_no_longer_rings_on_is_over(days):
    for fields in ({}, {"important": ["x"], "seasons": []}):
        watched = days(**fields)
        assert watched.day(x=LARGE).verdict is ReportVerdict.ALERT
        watched.monitor = msgspec.structs.replace(
            watched.monitor, alert_on=[Severity.DATA_BREAK], important=[]
        )
        found = watched.day(x=LARGE)
        assert (found.verdict, found.causes, found.drifted) == (ReportVerdict.OK, [], ["x"])


def test_drift_of_few_columns_ends_an_alert_that_asks_for_many(days):
    watched = days(seasons=[])
    watched.monitor = msgspec.structs.replace(watched.monitor, min_drift_share=1.0)
    assert watched.day(x=LARGE, y=LARGE, z=LARGE).verdict is ReportVerdict.ALERT
    found = [watched.day(x=LARGE, y=0.0, z=0.0).verdict for _ in range(3)]
    assert found == [ReportVerdict.ALERT, ReportVerdict.OK, ReportVerdict.OK]


def test_a_monitor_of_before_rings_at_once_on_all_drift_and_no_longer_than_it_lasts(days):
    before = {"persist": Persistence(windows=1, of=1), "recover": Recovery(windows=1, below=1.0)}
    watched = days(n=10_000, seasons=[], **before)
    found = [watched.day(x=shift).verdict for shift in (SMALL, SMALL, 0.15, SMALL, 0.0)]
    assert [each is ReportVerdict.ALERT for each in found] == [True, True, False, True, False]
