"""The story of an incident: why, what was done, how long it took, and the test that stays."""

from datetime import timedelta

import pytest
from tests.unit.alerts.conftest import failed, succeeded

from meguru.alerts.acknowledge import acknowledge, resolve
from meguru.alerts.incidents.operations import close, list_incidents, note, open_incident, show
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel.operations import Context
from meguru.kernel.operations.operation import Operation

DOWN = "endpoint.failed", "endpoint/e", {
    "model": "m@2", "release": "r", "server": "s", "why": "w", "fault": {}, "answering": None,
}  # fmt: skip
UP = "endpoint.serving", "endpoint/e", {"model": "m@1", "release": "r", "server": "s"}


@pytest.fixture
def cause(ws):
    """Append an event that another caused."""

    def run(before, type, subject, data):
        def say(ctx: Context):
            return ctx.emit(type, subject, data=data, cause=before.id if before else None)

        return Operation(say, "test.say", "test:write", query=False, evented=True)(ws)

    return run


def test_a_critical_alert_opens_one_for_its_thing(ws, happen, keep):
    happen(failed(), DOWN)
    keep()
    (found,) = list_incidents(ws).items
    assert (found.about, found.severity, found.state) == ("endpoint/e", "critical", "open")
    happen(UP)
    keep()
    happen(DOWN)
    keep()
    assert len(list_incidents(ws).items) == 1


def test_any_alert_can_open_one_by_hand(ws, happen, keep):
    happen(failed())
    (alert,) = keep()
    made = open_incident(ws, alert=alert.id)
    assert open_incident(ws, alert=alert.ref) == made
    assert show(ws, incident=made.ref).alert == alert


def test_it_tells_why_what_was_done_and_how_long_it_took(ws, cause, keep, clock, wait):
    wait(hours=1)
    moved = {"endpoint": "e", "model": "m@2", "before": None, "digest": "d", "reason": "better"}
    first = cause(None, "release.promoted", "release/r", moved)
    wait(minutes=10)
    down = cause(first, *DOWN)
    wait(minutes=1)
    keep()
    (incident,) = list_incidents(ws).items
    wait(minutes=4)
    started = cause(down, "trigger.fired", "trigger/again", {
        "firing": "f", "key": "k", "depth": 1, "root": "", "evidence": {},
    })  # fmt: skip
    wait(minutes=5)
    cause(started, *UP)
    keep()
    story = show(ws, incident=incident.id)
    assert [each.type for each in story.causes] == ["release.promoted", "endpoint.failed"]
    assert [each.type for each in story.done] == ["trigger.fired", "endpoint.serving"]
    figures = story.figures
    assert (figures.to_notice, figures.to_act, figures.to_restore) == (60.0, 300.0, 600.0)
    closed = close(ws, incident=incident.id, conclusion="the model wanted a column", test="endpoint/e")
    assert (closed.state, closed.tests) == ("closed", ["endpoint/e"])


def test_the_trouble_of_a_monitor_began_with_its_window(ws, happen, keep, clock):
    start, end = clock.now() - timedelta(hours=3), clock.now() - timedelta(hours=2)
    window = {
        "report": "r", "endpoint": "e", "model": "m@1", "start": start.isoformat(), "end": end.isoformat(),
        "verdict": "alert", "reasons": ["auc fell"], "rows": 10, "outcomes": 10, "drifted": [],
        "drift_share": 0.0, "auc": None, "reference": None,
    }  # fmt: skip
    happen(("monitor.alerted", "monitor/watch", window))
    keep()
    (incident,) = list_incidents(ws).items
    figures = show(ws, incident=incident.id).figures
    assert (figures.began_at, figures.to_notice) == (start, 3 * 3600)
    assert (figures.to_act, figures.to_restore) == (None, None)


def test_people_write_notes_and_name_the_test_that_stays(ws, happen, keep):
    happen(failed())
    (alert,) = keep()
    made = open_incident(ws, alert=alert.id)
    note(ws, incident=made.id, text="the source was down")
    noted = note(ws, incident=made.id, test="tests/test_rows.py::test_no_empty_column")
    assert noted.tests == ["tests/test_rows.py::test_no_empty_column"]
    with pytest.raises(InvalidInput, match="says something"):
        note(ws, incident=made.id)
    with pytest.raises(NotFound):
        note(ws, incident="inc-nothing", text="x")
    assert [each.text for each in show(ws, incident=made.id).notes] == ["the source was down", ""]


def test_it_is_closed_when_its_alert_is_over(ws, happen, keep):
    happen(failed())
    (alert,) = keep()
    made = open_incident(ws, alert=alert.id)
    with pytest.raises(Conflict, match="is not over"):
        close(ws, incident=made.id, conclusion="x")
    acknowledge(ws, alert=alert.id)
    resolve(ws, alert=alert.id)
    with pytest.raises(InvalidInput, match="learnt"):
        close(ws, incident=made.id, conclusion=" ")
    close(ws, incident=made.id, conclusion="the disk was full")
    with pytest.raises(Conflict, match="is closed"):
        note(ws, incident=made.id, text="more")
    happen(failed(), succeeded())
    assert [each.state for each in list_incidents(ws, state="closed").items] == ["closed"]
