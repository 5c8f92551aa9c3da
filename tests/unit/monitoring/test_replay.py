"""What a monitor would have said of the windows that were, by its rules and by others."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from meguru.cli.root import root
from meguru.errors import InvalidInput, UsageError
from meguru.kernel import events
from meguru.monitoring.operations import create, replay, run, show
from meguru.monitoring.schedule.rules import WindowRule
from meguru.testing.contracts.checks import make_rows

MARCH, DAY = datetime(2013, 3, 1, tzinfo=UTC), timedelta(days=1)


@pytest.fixture
def days(workspace, endpoint, answer):
    """Four days, the last two with other wind."""
    for number, shift in enumerate((0.0, 0.0, 1.0, 1.0)):
        start = MARCH + number * DAY
        answer(make_rows(600, seed=number, shift=shift), start=start, end=start + DAY)
    return create(
        workspace, name="delay-watch", endpoint=endpoint, min_rows=200, window=WindowRule(calendar="day")
    )


def verdicts(found):
    return [each.verdict.value for each in found.windows]


def test_a_rule_is_tried_over_the_windows_that_were_before_it_is_saved(workspace, days):
    found = replay(workspace, name="delay-watch")
    assert verdicts(found) == ["ok"] * 4
    assert (found.rang, found.alerts, found.rang_then) == (0, 0, 0)
    tried = replay(workspace, name="delay-watch", changes={"alert_on": ["input_drift"]})
    assert verdicts(tried) == ["ok", "ok", "alert", "alert"]
    assert (tried.rang, tried.alerts) == (2, 1)
    assert [each.began for each in tried.windows] == [False, False, True, False]
    assert tried.windows[2].causes == ["input_drift wind"]
    assert "against the 2 windows before" in tried.windows[2].reasons[0]
    short = replay(workspace, name="delay-watch", start=MARCH + 2 * DAY, limit=1)
    assert [each.start for each in short.windows] == [MARCH + 3 * DAY]


def test_a_window_that_begins_before_its_first_row_is_replayed_too(workspace, days):
    found = replay(workspace, name="delay-watch", changes={"window": {"calendar": "week"}})
    assert [(each.start.day, each.rows) for each in found.windows] == [(25, 1800), (4, 600)]


def test_a_replay_stores_nothing_and_says_what_was_said_then(workspace, days):
    report = run(workspace, name="delay-watch", start=MARCH + 2 * DAY, end=MARCH + 3 * DAY)
    with workspace.read() as tx:
        head = events.head(tx)
    found = replay(workspace, name="delay-watch", changes={"persist": {"windows": 1}, "important": ["wind"]})
    assert [each.then for each in found.windows] == ["", "", report.verdict.value, ""]
    assert verdicts(found)[2:] == ["unknown", "unknown"]  # no weekday was seen twice
    with workspace.read() as tx:
        assert events.head(tx) == head
    assert len(show(workspace, name="delay-watch").reports) == 1


def test_replayed_as_it_is_a_monitor_says_what_its_reports_said(workspace, days):
    then = [
        run(workspace, name="delay-watch", start=MARCH + n * DAY, end=MARCH + (n + 1) * DAY) for n in range(4)
    ]
    found = replay(workspace, name="delay-watch")
    assert [each.reasons for each in found.windows] == [each.reasons for each in then]
    assert [each.then for each in found.windows] == verdicts(found)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "other"}, "changes.endpoint"),
        ({"persist": {"windows": 9}}, "persist"),
        ({"persists": {}}, "persists"),
        ({"alert_on": ["weather"]}, "alert_on[0]"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_field(workspace, days, changes, field):
    with pytest.raises(InvalidInput) as caught:
        replay(workspace, name="delay-watch", changes=changes)
    assert caught.value.field == field


def test_what_rings_on_without_being_in_a_window_is_not_told_again(workspace, endpoint, answer):
    create(workspace, name="strict", endpoint=endpoint, min_rows=200, alert_on=["input_drift"])
    spans = [(MARCH + n * DAY, MARCH + (n + 1) * DAY) for n in range(3)]
    for number, (start, end) in enumerate(spans):
        answer(make_rows(600, seed=number, shift=1.0 if number == 0 else 0.0), start=start, end=end)
    found = [run(workspace, name="strict", start=start, end=end).verdict.value for start, end in spans]
    assert found == ["alert", "alert", "ok"]
    with workspace.read() as tx:
        told = [each.type for each in events.read(tx, subject="monitor/strict")]
    assert told.count("monitor.alerted") == 1
    assert told.count("monitor.evaluated") == 3


def test_a_field_is_set_as_a_whole_or_by_its_parts(tmp_path):
    said = ["--set", "persist=2", "--set", "persist.windows=1"]
    refused = CliRunner().invoke(root, ["monitor", "replay", "w", *said, "--workspace", str(tmp_path / "w")])
    assert isinstance(refused.exception, UsageError)
    assert refused.exception.hint == "set persist.windows alone"
