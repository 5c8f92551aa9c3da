"""What messages about a monitor's alert show: words, a drawing, data; and the link behind which it is."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.alerts.channels import Envelope
from meguru.alerts.channels.mail import _mail
from meguru.alerts.channels.slack import payload as slack_payload
from meguru.alerts.channels.teams import payload as teams_payload
from meguru.alerts.follow import AlertFollower
from meguru.alerts.links import PAGE, read_link, read_picture_link, with_links
from meguru.alerts.notifications.evidence import EVIDENCE_SOURCES, with_evidence
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.alerts.show import list_alerts
from meguru.base.clock import FixedClock
from meguru.base.settings import load_settings
from meguru.errors import NotFound
from meguru.kernel.kinds import provided
from meguru.monitoring.operations import run
from meguru.server.access import Access
from meguru.server.evidence_picture import picture_routes
from meguru.testing.contracts.checks import make_rows

START, END = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
PNG = b"\x89PNG\r\n"


@pytest.fixture
def alert(workspace, monitor, answer):
    answer(make_rows(3000, shift=1.0, skill=-0.5))
    run(workspace, name="delay-watch", start=START, end=END)
    AlertFollower(workspace).step()
    (opened,) = list_alerts(workspace).items
    return opened


def message(alert, language="en"):
    item = MessageItem(text="it rang", state="open", at=alert.last_at, alert=alert.id, facts=["rows: 3000"])
    return NotificationMessage(title="it rang", items=[item], notification="oncall", language=language)


def linked(workspace, told, url="https://meguru.example.com"):
    ws = workspace.with_()
    ws.settings = msgspec.structs.replace(workspace.settings, public_url=url)
    return with_links(ws, told.message, to="slack:x", drawn=frozenset(told.drawings))


def test_a_message_tells_what_it_is_and_what_it_is_not(workspace, alert):
    told = with_evidence(workspace, message(alert))
    (item,) = told.message.items
    assert item.facts[0] == "rows: 3000"
    assert any("It is not a data break" in each for each in item.facts)
    assert told.drawings[alert.id].startswith("<svg")
    data = json.loads(json.dumps(item.evidence))
    assert data["report"].startswith("report/")
    assert data["columns"][0]["column"] in {"wind", "_score"}
    assert {each["cause"] for each in data["explanations"]} >= {"data_break", "season", "release"}
    assert "データの破損" in " ".join(with_evidence(workspace, message(alert, "ja")).message.items[0].facts)


def test_a_mail_has_the_drawing_in_it(workspace, alert):
    told = with_evidence(workspace, message(alert))
    envelope = Envelope(
        address="a@example.com",
        message=told.message,
        delivery="dlv-1",
        secret="",
        settings=load_settings({}, smtp="smtp://127.0.0.1:1"),
        drawings=told.drawings,
    )
    mail = _mail(envelope)
    html = mail.get_body(("html",)).get_content()
    (picture,) = [each for each in mail.walk() if each.get_content_type() == "image/png"]
    assert picture.get_content().startswith(PNG)
    assert f"cid:{picture['Content-ID'].strip('<>')}" in html
    assert mail.get_body(("plain",)).get_content()


def test_chats_get_a_link_that_shows_the_drawing_and_nothing_else(workspace, alert):
    shown = linked(workspace, with_evidence(workspace, message(alert)))
    (image,) = [each for each in slack_payload(shown)["blocks"] if each["type"] == "image"]
    url = image["image_url"]
    assert url.startswith("https://meguru.example.com/evidence/")
    cards = teams_payload(shown)["attachments"][0]["content"]["body"]
    assert [each["url"] for each in cards if each["type"] == "Image"] == [url]
    app = Access(Starlette(routes=picture_routes()), ws=workspace, auth=True)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        path = url.removeprefix("https://meguru.example.com")
        found = client.get(path)
        assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
        assert found.content.startswith(PNG)
        for wrong in (path.replace("/evidence/", "/evidence/x"), "/evidence/abc.png"):
            assert client.get(wrong).status_code == 404


def test_no_picture_is_linked_where_chats_can_not_reach_it(workspace, alert):
    told = with_evidence(workspace, message(alert))
    for url in ("http://meguru.example.com", "", "http://127.0.0.1:7474"):
        assert not linked(workspace, told, url).items[0].picture


def test_a_link_is_good_for_days_and_not_for_ever(workspace, alert):
    url = linked(workspace, with_evidence(workspace, message(alert))).items[0].picture
    token = url.rpartition("/")[2].removesuffix(".png")
    assert read_picture_link(workspace, token).alert == alert.id
    later = workspace.with_()
    later.clock = FixedClock(workspace.clock.now() + timedelta(days=30))
    with pytest.raises(NotFound, match="too old"):
        read_picture_link(later, token)


def test_alerts_of_other_things_are_told_as_before(workspace):
    item = MessageItem(text="t", state="open", at=START, alert="alert-nope")
    plain = NotificationMessage(title="t", items=[item], notification="oncall")
    told = with_evidence(workspace, plain)
    assert (told.message, dict(told.drawings)) == (plain, {})


def test_a_message_goes_out_though_its_evidence_can_not_be_told(workspace, alert, monkeypatch):
    def broken(tx, id, language):
        raise ZeroDivisionError

    monkeypatch.setitem(provided(EVIDENCE_SOURCES)._loaded, "report", broken)
    told = with_evidence(workspace, message(alert))
    assert (told.message, dict(told.drawings)) == (message(alert), {})


def test_the_link_of_a_drawing_acknowledges_nothing_and_the_other_shows_none(workspace, alert):
    (item,) = linked(workspace, with_evidence(workspace, message(alert))).items
    drawing = item.picture.rpartition("/")[2].removesuffix(".png")
    button = item.acknowledge.rpartition(PAGE)[2]
    assert read_link(workspace, button).alert == read_picture_link(workspace, drawing).alert == alert.id
    for read, token in ((read_link, drawing), (read_picture_link, button)):
        with pytest.raises(NotFound, match="not one of ours"):
            read(workspace, token)
