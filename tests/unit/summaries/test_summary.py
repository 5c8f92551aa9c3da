"""What business readers are told: value, risk and change; and the report that is sent by the calendar."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from meguru.app.open import open_local
from meguru.business.types import BusinessValue
from meguru.errors import InvalidInput
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.principals import create_principal
from meguru.governance.projects.operations import specs as projects
from meguru.governance.projects.spec import ProjectSpec
from meguru.governance.standing import standing
from meguru.kernel.jobs.schema import job
from meguru.serving import create as endpoints
from meguru.serving.traffic import store as traffic
from meguru.serving.traffic.types import TrafficCounts
from meguru.summaries import build
from meguru.summaries.build import metric_sentence, show
from meguru.summaries.calendar import ReportCalendar
from meguru.summaries.kind import ScheduledReportSpec
from meguru.summaries.operations import list_reports, reports
from meguru.summaries.send import message_of
from meguru.summaries.spec import next_moment


def spoken(lines, language="en"):
    return [each.say(language) for each in lines]


@pytest.fixture
def seeded(seeded_place):
    """A workspace in which much has happened."""
    with open_local(seeded_place()) as ws:
        yield ws


def test_a_reader_is_told_of_value_risk_and_change(seeded):
    with seeded.db.write() as tx:
        counts = TrafficCounts(start=seeded.clock.now() - timedelta(minutes=3), rows=1_234, latencies={})
        traffic.put(tx, "delay", "server", [counts])
    found = show(seeded)
    delay = next(each for each in found.endpoints if each.endpoint == "delay")
    assert "It answered 1,234 questions." in spoken(delay.value)
    assert any("a new version went live: delay@1" in each for each in spoken(delay.changes))
    assert found.needs_attention > 0
    for language in ("en", "ja"):
        for each in (*delay.value, *delay.risks, *delay.changes, *found.risks):
            assert each.say(language)
            assert "{" not in each.say(language)
    assert spoken(delay.value, "ja")[0] == "1,234 件の問い合わせに答えました。"


def test_what_happened_at_other_times_is_not_told(seeded):
    early = show(seeded, since=datetime(2001, 1, 1, tzinfo=UTC), until=datetime(2001, 2, 1, tzinfo=UTC))
    assert all(each.changes == [] for each in early.endpoints)
    with pytest.raises(InvalidInput):
        show(seeded, since=seeded.clock.now(), until=seeded.clock.now() - timedelta(days=1))


def test_what_one_may_not_see_is_not_told(seeded):
    projects.declare(seeded, name="team", spec=ProjectSpec())
    create_principal(seeded, name="bea", role="guest")
    grants.declare(seeded, name="bea", spec=GrantSpec(to="principal/bea", role="viewer", projects=["team"]))
    with seeded.read() as tx:
        bea = seeded.with_(principal=standing(tx, "bea"))
    found = show(bea)
    assert (found.endpoints, found.risks) == ([], [])


def test_what_nobody_watches_is_a_risk(workspace):
    endpoints.create(workspace, name="price", model="price", description="Tells what a house costs.")
    (price,) = show(workspace).endpoints
    assert price.purpose == "Tells what a house costs."
    assert spoken(price.risks) == ["Nothing watches how good its answers are."]
    assert price.standing.say("en") == "It has no model yet."


def test_a_report_is_promised_once_at_its_moment(workspace):
    spec = ScheduledReportSpec(to=["mailto:a@example.com", "console"], every="* * * * *", language="ja")
    reports.declare(workspace, name="board", spec=spec)
    (known,) = list_reports(workspace)
    assert known.due_at is not None
    assert ReportCalendar(workspace).tick() == 0
    with workspace.db.write() as tx:
        tx.exec_driver_sql("update scheduled_report set due_at = '2026-01-01T00:00:00.000000Z'")
    assert ReportCalendar(workspace).tick() == 2
    assert ReportCalendar(workspace).tick() == 0
    with workspace.read() as tx:
        kinds = tx.execute(select(job.c.kind).where(job.c.kind == "scheduled_report")).scalars().all()
    assert len(kinds) == 2


def test_the_calendar_looks_again_after_a_look_that_failed(workspace):
    stop, looks = threading.Event(), []

    class UnluckyCalendar(ReportCalendar):
        pause = 0.0

        def tick(self):
            looks.append(1)
            if len(looks) == 1:
                raise OSError("the database is away")
            stop.set()
            return 0

    UnluckyCalendar(workspace).run(stop)
    assert len(looks) == 2


def test_a_report_is_a_message_in_its_language(seeded):
    message = message_of(show(seeded), "team/board", "ja", "https://example.com")
    assert message.title.startswith("team: ")
    assert message.items[0].url == "https://example.com/projects/team/ui/summary"
    assert all(each.text for each in message.items)


@pytest.mark.parametrize(
    "spec",
    [
        ScheduledReportSpec(to=[]),
        ScheduledReportSpec(to=["nobody"]),
        ScheduledReportSpec(to=["console"], every="now and then"),
        ScheduledReportSpec(to=["console"], tz="Mars/Olympus"),
        ScheduledReportSpec(to=["console"], days=0),
        ScheduledReportSpec(to=["slack:https://hooks.slack.com/services/secret"]),
    ],
)
def test_a_report_that_reaches_nobody_is_refused(workspace, spec):
    with pytest.raises(InvalidInput):
        reports.declare(workspace, name="board", spec=spec)


def test_a_month_begins_where_its_reader_lives():
    spec = ScheduledReportSpec(to=["console"], tz="Asia/Tokyo")
    moment = next_moment(spec, datetime(2026, 1, 15, tzinfo=UTC))
    assert moment == datetime(2026, 1, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"), [(12_345.6, "12,346"), (450_000.0, "450,000"), (12.345, "12.35"), (0.042, "0.042")]
)
def test_numbers_are_written_as_people_read_them(value, text):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    measured = BusinessValue(
        metric="cost", start=start, end=start + timedelta(days=1), value=value, unit="JPY"
    )
    assert f" {text} JPY" in metric_sentence("cost", measured).say("en")


def test_changes_of_a_time_are_told_however_many_came_since(seeded, monkeypatch):
    monkeypatch.setattr(build, "EVENTS_PAGE", 1)
    (delay,) = (each for each in show(seeded).endpoints if each.endpoint == "delay")
    assert len(delay.changes) > 1
