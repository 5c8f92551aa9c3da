"""Links that acknowledge: one alert, signed, for some days; looking changes nothing."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.unit.alerts.conftest import failed, succeeded

from meguru.alerts import show
from meguru.alerts.links import LIFETIME, LinkClaim, read_link, seal_link, with_links
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.app.open import open_workspace
from meguru.base.settings import load_settings
from meguru.errors import NotFound
from meguru.kernel import events
from meguru.server.access import Access
from meguru.server.acknowledge import acknowledge_routes


@pytest.fixture
def ws(tmp_path, clock):
    settings = load_settings({}, public_url="https://meguru.example.com/")
    with open_workspace(tmp_path / "links", settings=settings, clock=clock) as opened:
        yield opened


@pytest.fixture
def client(ws):
    app = Access(Starlette(routes=acknowledge_routes()), ws=ws, auth=True)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def alert(happen, keep):
    happen(failed())
    return keep()[0]


@pytest.fixture
def path(ws, alert, clock):
    item = MessageItem(text="t", state="open", at=clock.now(), alert=alert.id)
    message = NotificationMessage(title="t", items=[item], notification="oncall")
    (linked,) = with_links(ws, message, to="mailto:anna@example.com").items
    assert linked.url == f"https://meguru.example.com/ui/alerts/{alert.id}"
    return linked.acknowledge.removeprefix("https://meguru.example.com")


def test_looking_changes_nothing_and_pressing_acknowledges(ws, client, path, alert):
    for _ in range(2):
        shown = client.get(path)
        assert (shown.status_code, "train could not finish" in shown.text) == (200, True)
    assert show.show(ws, alert=alert.id).state == "open"
    done = client.post(path, data={"name": "Anna", "note": "on it"})
    assert (done.status_code, "Anna (by link)" in done.text) == (200, True)
    with ws.read() as tx:
        (told,) = events.read(tx, types=["alert.acknowledged"])
    assert told.data["link"] == "notification/oncall to mailto:anna@example.com"
    assert (told.actor, told.data["note"]) == ("alerts/link", "on it")


def test_played_again_it_changes_nothing(ws, client, path):
    client.post(path, data={"name": "Anna"})
    again = client.post(path, data={"name": "Mallory"})
    assert "Anna (by link)" in again.text
    with ws.read() as tx:
        assert len(events.read(tx, types=["alert.acknowledged"])) == 1


def test_it_is_for_one_alert_and_over_with_it(ws, client, path, happen, keep):
    happen(succeeded())
    keep()
    assert "It is over." in client.post(path).text
    assert keep(state="acknowledged") == []


def test_one_that_was_changed_is_too_old_or_is_anything_else_is_refused(ws, client, path, alert, clock):
    wrong = [path[:-4] + "AAAA", "/acknowledge/x", "/acknowledge/" + "a" * 5000, "/acknowledge/%00"]
    for each in wrong:
        assert client.get(each).status_code == client.post(each).status_code == 404
    clock.move(LIFETIME + timedelta(seconds=1))
    assert "too old" in client.post(path).text
    assert show.show(ws, alert=alert.id).state == "open"


def test_one_of_another_workspace_is_refused(ws, tmp_path, clock):
    until = clock.now() + LIFETIME
    claim = LinkClaim(alert="alert-1", route="oncall", to="console", until=until)
    with open_workspace(tmp_path / "other", clock=clock) as other:
        token = seal_link(other, claim)
        assert read_link(other, token) == claim
    seal_link(ws, claim)
    with pytest.raises(NotFound, match="not one of ours"):
        read_link(ws, token)


def test_a_page_of_another_site_can_not_press(client, path):
    assert client.post(path, headers={"origin": "https://evil.example"}).status_code == 403


def test_without_an_address_of_the_server_there_are_no_links(tmp_path, clock):
    item = MessageItem(text="t", state="open", at=clock.now(), alert="alert-1")
    message = NotificationMessage(title="t", items=[item], notification="oncall")
    with open_workspace(tmp_path / "none", clock=clock) as ws:
        assert with_links(ws, message, to="console") == message
