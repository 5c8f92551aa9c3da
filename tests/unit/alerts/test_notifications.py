"""Who is told of what, when: routes, grouping, quiet hours, what is muted, and what did not arrive."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.unit.alerts.conftest import failed, succeeded

from meguru.alerts.acknowledge import acknowledge, mute, resolve
from meguru.alerts.notifications import deliver, show
from meguru.alerts.notifications.follow import NotificationFollower
from meguru.alerts.notifications.kind import NOTIFICATION, NotificationSpec
from meguru.alerts.notifications.operations import specs
from meguru.alerts.notifications.types import DispatchState
from meguru.base.hours import read_hours
from meguru.base.plugins import PluginFamily
from meguru.errors import Forbidden, InvalidInput
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.kernel.principals import Principal
from meguru.webhooks.types import DeliveryResponse

DOWN = "endpoint.failed", "endpoint/e", {
    "model": "m@1", "release": "r", "server": "s", "why": "w", "fault": {}, "answering": None,
}  # fmt: skip


@pytest.fixture
def declare(ws):
    def run(name="oncall", **given):
        given.setdefault("to", ["console"])
        return specs.declare(ws, name=name, spec=NotificationSpec(**given))

    return run


@pytest.fixture
def follow(ws, keep):
    """Open alerts, make messages of what is due, and send them."""
    worker = Worker(ws, PluginFamily("notification job handler", NOTIFICATION.jobs), threads=0)

    def run():
        keep()
        count = NotificationFollower(ws).step()
        while (job := worker._claim()) is not None:
            worker._do(job)
        return count

    return run


def messages(ws, name="oncall"):
    return [each.message for each in reversed(show.deliveries(ws, name=name))]


def texts(ws, name="oncall"):
    return [[item["text"].split(" ")[0] for item in each["items"]] for each in messages(ws, name)]


def test_an_alert_is_told_once_and_so_is_its_end(ws, happen, declare, follow, wait):
    declare()
    happen(failed(), failed(), failed())
    assert follow() == 1
    happen(failed())
    assert follow() == 0
    wait(minutes=10)
    happen(succeeded())
    assert follow() == 1
    told = [(each["items"][0]["state"], each["items"][0]["count"]) for each in messages(ws)]
    assert told == [("open", 3), ("resolved", 4)]
    assert {each.state for each in show.deliveries(ws, name="oncall")} == {"taken"}


def test_what_comes_soon_after_a_message_is_told_together(ws, happen, declare, follow, wait):
    declare(dedupe="10m")
    happen(failed("a"))
    follow()
    for name in "bcd":
        happen(failed(name))
        assert follow() == 0
    wait(minutes=11)
    assert follow() == 1
    assert texts(ws) == [["a"], ["b", "c", "d"]]
    assert messages(ws)[1]["title"] == "Meguru: 3 things need attention"


def test_what_was_over_before_it_was_told_is_told_as_over(ws, happen, declare, follow, wait):
    declare(dedupe="10m")
    happen(failed("a"))
    follow()
    happen(failed("b"), succeeded("b"))
    follow()
    wait(minutes=11)
    follow()
    assert messages(ws)[1]["items"][0]["state"] == "resolved"


def test_ten_thousand_events_of_a_minute_are_few_messages(ws, happen, declare, follow, wait):
    declare(events=["pipeline_run.failed"])
    for n in range(10):
        happen(*(failed(f"p{n}-{m}", run=f"run-{n}-{m}") for m in range(12)))
        follow()
        wait(seconds=6)
    wait(minutes=5)
    follow()
    found = messages(ws)
    assert len(found) == 2
    assert sum(len(each["items"]) + each["more"] for each in found) == 120 + 21
    assert max(len(each["items"]) for each in found) == 20


def test_severity_decides_who_is_told(ws, happen, declare, follow):
    declare("all", severity="info")
    declare("night", severity="critical")
    happen(failed(), DOWN)
    follow()
    assert (len(messages(ws, "all")[0]["items"]), len(messages(ws, "night")[0]["items"])) == (2, 1)
    assert messages(ws, "all")[0]["items"][0]["severity"] == "critical"


def test_other_events_are_told_where_they_are_asked_for(ws, happen, declare, follow):
    declare("news", alerts=False, events=["pipeline_run.succeeded"])
    happen(failed(), succeeded())
    follow()
    assert [each["items"][0]["text"] for each in messages(ws, "news")] == ["pipeline run run-2 succeeded"]


def test_nothing_is_told_in_quiet_hours_and_all_of_it_afterwards(ws, happen, declare, follow, clock):
    declare(hours="mon-fri 09:00-18:00 Asia/Tokyo")
    clock.move(datetime(2026, 1, 30, 9, 30, tzinfo=UTC) - clock.now())  # a Friday evening there
    for name in "ab":
        happen(failed(name))
        assert follow() == 0
    clock.move(timedelta(days=1))
    assert follow() == 0
    clock.move(datetime(2026, 2, 2, 0, 1, tzinfo=UTC) - clock.now())
    assert follow() == 1
    assert texts(ws) == [["a", "b"]]


def test_what_is_muted_is_told_when_that_is_over(ws, happen, declare, keep, follow, wait, clock):
    declare(dedupe=0)
    happen(failed())
    follow()
    (alert,) = keep()
    mute(ws, alert=alert.id, until=clock.now() + timedelta(hours=1))
    happen(failed(), failed())
    assert follow() == 0
    wait(hours=2)
    assert follow() == 1
    assert messages(ws)[1]["items"][0]["count"] == 3


def test_what_is_muted_before_it_is_told_waits(ws, happen, declare, keep, follow, wait, clock):
    declare(dedupe="1h")
    happen(failed("a"))
    follow()
    happen(failed("b"))
    (alert,) = [each for each in keep() if each.about == "pipeline/b"]
    follow()
    mute(ws, alert=alert.id, until=clock.now() + timedelta(hours=2))
    wait(hours=1, minutes=30)
    assert follow() == 0
    wait(hours=1)
    assert follow() == 1
    assert texts(ws)[-1] == ["b"]


def test_a_receiver_that_was_declared_later_is_not_told_of_before(ws, happen, declare, follow):
    happen(failed("before"))
    follow()
    declare()
    happen(failed("after"))
    follow()
    assert texts(ws) == [["after"]]


def test_who_looks_after_it_is_told(ws, happen, declare, keep, follow, wait):
    declare(dedupe="1h")
    happen(failed("a"))
    follow()
    happen(failed("b"))
    (alert,) = [each for each in keep() if each.about == "pipeline/b"]
    acknowledge(ws, alert=alert.id)
    wait(hours=2)
    follow()
    assert messages(ws)[-1]["items"][0]["facts"][0] == "local looks after it"
    resolve(ws, alert=alert.id)
    wait(hours=2)
    follow()
    assert messages(ws)[-1]["title"].startswith("Meguru: b")


def test_a_message_that_is_not_taken_is_sent_again_and_given_up(ws, happen, declare, keep, follow, clock):
    declare(to=["webhook:http://127.0.0.1:1/x"])
    declare("other")
    happen(failed())
    for _ in range(14):
        follow()
        clock.move(timedelta(hours=1))
    (lost,) = show.deliveries(ws, name="oncall", state="failed")
    assert (lost.attempts, "Refused" in lost.error) == (12, True)
    with ws.read() as tx:
        (told,) = events.read(tx, types=["notification.failed"])
    assert (told.subject, told.data["to"]) == ("notification/oncall", "webhook:http://127.0.0.1:1/x")
    (alert,) = [each for each in keep() if each.cause == "notification.failed"]
    # Another route tells of it; its own would only fail again.
    assert alert.id in {item["alert"] for each in messages(ws, "other") for item in each["items"]}
    assert len(messages(ws)) == 1


def test_two_followers_make_one_message(ws, happen, declare, keep):
    declare()
    happen(failed())
    keep()
    assert [NotificationFollower(ws).step(), NotificationFollower(ws).step()] == [1, 0]
    assert len(messages(ws)) == 1


def test_a_project_is_told_of_its_own_alone(ws, happen, declare, follow):
    projects.declare(ws, name="risk", spec=ProjectSpec())
    declare("risk/oncall")
    declare("every", projects=["*"])
    happen(("endpoint.failed", "endpoint/risk/e", DOWN[2]), DOWN)
    follow()
    assert [item["subject"] for item in messages(ws, "risk/oncall")[0]["items"]] == ["endpoint/risk/e"]
    assert len(messages(ws, "every")[0]["items"]) == 2


def test_nobody_is_told_of_a_project_that_they_may_not_see(ws):
    for name in ("risk", "team"):
        projects.declare(ws, name=name, spec=ProjectSpec())
    anna = ws.with_(principal=Principal(name="anna", grants={"risk": permissions_of("engineer")}))
    for given in (["*"], ["team"], ["default"]):
        with pytest.raises(Forbidden, match="may not"):
            specs.declare(anna, name="risk/x", spec=NotificationSpec(to=["console"], projects=given))
    specs.declare(anna, name="risk/x", spec=NotificationSpec(to=["console"], projects=["risk"]))


REFUSED = [
    ({"to": []}, "to"),
    ({"to": ["carrier-pigeon:x"]}, "to[0]"),
    ({"to": ["console", "webhok:https://x"]}, "to[1]"),
    ({"to": ["webhook:https://user:pw@93.184.216.34/"]}, "to[0]"),
    ({"to": ["slack:https://hooks.slack.com/services/T/B/secret"]}, "to[0]"),
    ({"to": ["slack:${SLACK_URL}"]}, "to[0]"),
    ({"to": ["webhook:${MEGURU_SECRET_KEY}"]}, "to[0]"),
    ({"to": ["mailto:a@b\nBcc: c@d"]}, "to[0]"),
    ({"to": ["mailto:nobody"]}, "to[0]"),
    ({"to": ["console:x"]}, "to[0]"),
    ({"hours": "at night"}, "hours"),
    ({"hours": "mon-fri 09:00-18:00 Asia/Tokio"}, "hours"),
    ({"hours": "25:00-26:00"}, "hours"),
    ({"dedupe": "often"}, "dedupe"),
    ({"dedupe": "8d"}, "dedupe"),
    ({"events": ["relase.*"]}, "events"),
    ({"secret": "in clear"}, "secret"),
    ({"secret": "${PATH}"}, "secret"),
]


def test_what_could_tell_nobody_or_holds_a_secret_is_refused(declare):
    for given, field in REFUSED:
        with pytest.raises(InvalidInput) as refused:
            declare(**given)
        assert refused.value.field == field
        assert "services/T/B" not in str(refused.value)


def test_a_private_address_is_refused_where_the_settings_do_not_allow_it(workspace):
    for to in ("webhook:http://127.0.0.1/x", "slack:https://10.0.0.8/x", "teams:https://169.254.169.254/"):
        with pytest.raises(InvalidInput, match="may not be called"):
            specs.declare(workspace, name="x", spec=NotificationSpec(to=[to]))


@pytest.mark.parametrize(
    ("text", "moment", "holds"),
    [
        ("mon-fri 09:00-18:00 Asia/Tokyo", "2026-01-30T08:59:00+00:00", True),
        ("mon-fri 09:00-18:00 Asia/Tokyo", "2026-01-30T09:00:00+00:00", False),
        ("fri-mon 22:00-06:00", "2026-01-31T05:00:00+00:00", True),
        ("fri 22:00-06:00", "2026-01-31T05:00:00+00:00", True),
        ("fri 22:00-06:00", "2026-01-30T05:00:00+00:00", False),
        ("00:00-24:00", "2026-01-30T05:00:00+00:00", True),
    ],
)
def test_hours_are_of_a_zone_and_may_go_over_midnight(text, moment, holds):
    hours, at = read_hours(text), datetime.fromisoformat(moment)
    assert hours.holds(at) is holds
    assert hours.holds(hours.next_start(at))


def test_a_clock_that_was_set_back_keeps_nobody_waiting(ws, happen, declare, follow, clock):
    declare(dedupe="10m")
    happen(failed("a"))
    assert follow() == 1
    clock.move(timedelta(days=-365))
    happen(failed("b"))
    assert follow() == 1


def test_a_worker_that_comes_too_late_changes_nothing_of_what_arrived(ws, happen, declare, follow):
    declare()
    happen(failed())
    follow()
    (sent,) = show.deliveries(ws, name="oncall")
    waiting = msgspec.structs.replace(sent, state=DispatchState.WAITING)
    late = DeliveryResponse(error="it hung")
    deliver._NOTE.commit(
        ws.with_(principal=deliver.ACTOR),
        lambda ctx: deliver._note(ctx, wanted=waiting, answer=late, attempt=1),
    )
    assert show.deliveries(ws, name="oncall") == [sent]


def test_a_pause_that_is_no_number_is_refused(declare):
    with pytest.raises(InvalidInput, match="no length of time"):
        declare(dedupe=float("nan"))
