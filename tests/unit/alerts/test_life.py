"""The life of an alert: opened, counted, looked after, muted, answered, and back again."""

from datetime import timedelta

import pytest
from tests.unit.alerts.conftest import failed, succeeded

from meguru.alerts import show
from meguru.alerts.acknowledge import acknowledge, mute, resolve, unmute
from meguru.alerts.follow import AlertFollower
from meguru.alerts.sentences import sentence_of
from meguru.alerts.types import AlertState
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.kinds import Urgency
from meguru.kernel.principals import Principal


def types(ws):
    with ws.read() as tx:
        names = ("opened", "reopened", "persisted", "acknowledged", "muted", "unmuted", "resolved")
        return [each.type for each in events.read(tx, types=[f"alert.{name}" for name in names])]


def test_what_needs_a_person_opens_one_alert_however_often_it_comes(ws, happen, keep):
    happen(*(failed(run=f"run-{n}", message=f"no rows {n}") for n in range(5)))
    (alert,) = keep()
    assert (alert.about, alert.cause, alert.count) == ("pipeline/train", "pipeline_run.failed", 5)
    assert (alert.severity, alert.state) == (Urgency.WARNING, AlertState.OPEN)
    assert (alert.subject, alert.evidence["message"]) == ("pipeline_run/run-4", "no rows 4")
    assert types(ws) == ["alert.opened"]


def test_things_and_causes_are_told_apart(happen, keep):
    happen(failed("train"), failed("score"))
    happen(
        ("trigger.failed", "trigger/t", {"firing": "f", "key": "k", "depth": 1, "root": "", "evidence": {}})
    )
    assert {each.about for each in keep()} == {"pipeline/train", "pipeline/score", "trigger/t"}


def test_it_is_over_when_an_event_answers_it(ws, happen, keep):
    happen(failed(), failed("score"))
    keep()
    happen(succeeded())
    assert [each.about for each in keep()] == ["pipeline/score"]
    (over,) = keep(state="resolved")
    with ws.read() as tx:
        (answer,) = events.read(tx, types=["pipeline_run.succeeded"])
    assert (over.resolved_event, over.resolved_by) == (answer.id, "local")


def test_what_comes_and_goes_needs_more_good_answers_in_a_row_each_time(ws, happen, keep, wait):
    for needed in (1, 2, 3):
        happen(failed())
        assert keep()[0].reopened == needed - 1
        for _ in range(needed):
            assert keep()
            wait(minutes=1)
            happen(succeeded())
        assert keep() == []
    assert types(ws).count("alert.opened") == 1
    assert types(ws).count("alert.reopened") == 2
    wait(hours=2)
    happen(failed())
    (new,) = keep()
    assert (new.count, new.reopened) == (1, 0)


def test_a_bad_one_between_good_ones_starts_the_count_anew(happen, keep):
    happen(failed(), succeeded(), failed(), succeeded(), failed(), succeeded())
    (alert,) = keep()
    assert (alert.good_answers, alert.reopened, alert.count) == (1, 1, 3)


def test_people_look_after_it_and_say_that_it_is_over(ws, happen, keep):
    happen(failed())
    (alert,) = keep()
    mine = acknowledge(ws, alert=alert.id, note="the source is down")
    assert (mine.state, mine.acknowledged_by, mine.note) == ("acknowledged", "local", "the source is down")
    acknowledge(ws, alert=alert.ref)
    done = resolve(ws, alert=alert.id, note="it is up again")
    assert (done.resolved_by, done.is_open) == ("local", False)
    assert types(ws) == ["alert.opened", "alert.acknowledged", "alert.resolved"]
    with pytest.raises(Conflict, match="is over"):
        acknowledge(ws, alert=alert.id)
    happen(failed())
    assert keep()[0].id != alert.id  # who says that it is over means it


def test_muted_it_is_counted_and_told_again_afterwards(ws, happen, keep, wait, clock):
    happen(failed())
    (alert,) = keep()
    with pytest.raises(InvalidInput, match="until then"):
        mute(ws, alert=alert.id, until=clock.now() - timedelta(hours=1))
    mute(ws, alert=alert.id, until=clock.now() + timedelta(hours=1))
    happen(failed(), failed())
    assert keep()[0].muted_count == 2
    wait(hours=2)
    assert keep()[0].muted_until is None
    with ws.read() as tx:
        (told,) = events.read(tx, types=["alert.unmuted"])
    assert told.data["meanwhile"] == 2
    assert unmute(ws, alert=alert.id).muted_count == 0


def test_what_is_retired_needs_nobody(ws, happen, keep):
    happen(
        (
            "endpoint.failed",
            "endpoint/e",
            {"model": "m@1", "release": "r", "server": "s", "why": "w", "fault": {}, "answering": None},
        )
    )
    assert [each.severity for each in keep()] == [Urgency.CRITICAL]
    happen(("endpoint.retired", "endpoint/e", {}))
    assert keep() == []


def test_ten_thousand_alerts_of_a_minute_are_few(ws, happen, keep):
    for n in range(6):
        happen(*(failed(f"p{n}-{m}") for m in range(20)))
    found = keep()
    assert len(found) == 21
    assert sum(each.count for each in found) == 120
    (storm,) = [each for each in found if each.about.startswith("many:")]
    assert (storm.count, len(storm.evidence["things"])) == (100, 50)
    assert sentence_of(storm) == "100 things have the same trouble: pipeline run failed"
    assert len(types(ws)) == 21


def test_a_storm_is_over_when_nothing_more_comes(happen, keep, wait):
    happen(*(failed(f"p{n}") for n in range(30)))
    assert len(keep()) == 21
    wait(minutes=90)
    assert len(keep()) == 20


def test_what_nobody_looks_after_is_told_again_each_day(ws, happen, keep, wait):
    happen(failed())
    for _ in range(30):
        keep()
        wait(hours=2)
        happen(failed())
    (alert,) = keep()
    assert types(ws).count("alert.persisted") == 2
    acknowledge(ws, alert=alert.id)
    wait(days=2)
    happen(failed())
    keep()
    assert types(ws).count("alert.persisted") == 2


def test_two_followers_count_each_event_once(ws, happen, keep):
    first, second = AlertFollower(ws), AlertFollower(ws)
    happen(failed(), failed())
    assert [first.step(), second.step()] == [2, 0]
    happen(failed())
    assert [second.step(), first.step()] == [1, 0]
    assert keep()[0].count == 3


def test_what_was_long_before_the_first_look_is_history(happen, keep, wait):
    happen(failed("old"))
    wait(days=8)
    happen(failed("new"))
    assert [each.about for each in keep()] == ["pipeline/new"]


def test_its_sentence_is_for_readers_of_both_languages(happen, keep):
    happen(failed("team/delay"))
    (alert,) = keep()
    assert sentence_of(alert) == (
        "team/delay could not finish its work; what it makes is as old as its last success."
    )
    japanese = sentence_of(alert, "ja")
    assert "team/delay" in japanese
    assert japanese != sentence_of(alert)


def test_lists_are_by_state_severity_and_page(ws, happen, keep):
    happen(*(failed(f"p{n}") for n in range(5)))
    keep()
    first = show.list_alerts(ws, limit=3)
    rest = show.list_alerts(ws, limit=3, after=first.next_cursor)
    assert (len(first.items), len(rest.items), rest.next_cursor) == (3, 2, "")
    assert {each.id for each in first.items} & {each.id for each in rest.items} == set()
    assert show.list_alerts(ws, severity="critical").items == []


def test_a_page_does_not_begin_behind_an_alert_that_one_may_not_see(ws, happen, keep):
    happen(failed())
    (there,) = keep()
    eve = ws.with_(principal=Principal(name="eve", grants={"team": frozenset({"alert:read"})}))
    for id in (there.id, there.id[:-6] + "000000"):
        with pytest.raises(NotFound, match=f"^there is no alert '{id}'$") as caught:
            show.list_alerts(eve, after=id)
        assert there.id not in caught.value.why


def test_what_ends_within_a_batch_makes_no_storm_of_few(happen, keep):
    many = [failed(f"p{n}", run=f"r{n}") for n in range(12)]
    happen(*many, succeeded("p0"), *(failed(f"q{n}", run=f"s{n}") for n in range(7)))
    assert not [each for each in keep() if each.about.startswith("many:")]
