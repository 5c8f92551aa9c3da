"""Links in messages: one person decides by one, about what they were asked, once."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.alerts.follow import AlertFollower
from meguru.alerts.links import with_links
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.alerts.show import list_alerts
from meguru.governance.kind import PrincipalSpec
from meguru.governance.operations import specs as principals
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.releases import operations as releases
from meguru.releases.review.links import LIFETIME
from meguru.server.access import Access
from meguru.server.review_link import review_routes

ADDRESS = "https://meguru.example.com"


@pytest.fixture
def client(team):
    app = Access(Starlette(routes=review_routes()), ws=team.ws, auth=True)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def linked(team):
    """Ask for a review, and return where a message about it leads its reader."""
    team.ws.settings = msgspec.structs.replace(team.ws.settings, public_url=ADDRESS)
    principals.declare(team.ws, name="ana", spec=PrincipalSpec(role="engineer", person="ana@example.com"))
    team.policy(ReleasePolicySpec())
    made = team.asked()

    def link(to):
        AlertFollower(team.ws).step()
        (alert,) = list_alerts(team.ws).items
        item = MessageItem(text="t", state="open", at=team.clock.now(), alert=alert.id, subject=alert.subject)
        message = NotificationMessage(title="t", items=[item], notification="oncall")
        (found,) = with_links(team.ws, message, to=to).items
        return found.url.removeprefix(ADDRESS)

    link.release = made
    return link


def test_looking_changes_nothing_and_pressing_approves_as_the_person_it_was_sent_to(team, client, linked):
    path = linked("mailto:ana@example.com")
    assert path.startswith("/review/")
    for _ in range(2):
        shown = client.get(path)
        assert (shown.status_code, "You decide as ana." in shown.text) == (200, True)
    assert team.states(linked.release) == []
    saw = shown.text.partition('name="saw" value="')[2].partition('"')[0]
    done = client.post(path, data={"do": "approve", "note": "on the train", "saw": saw})
    assert (done.status_code, "approved" in done.text) == (200, True)
    (kept,) = team.standing(linked.release).decisions
    assert (kept.principal, kept.note, kept.door.endswith("to mailto:ana@example.com")) == (
        "ana", "on the train", True,
    )  # fmt: skip
    assert team.told("release.approved").actor == "ana"
    releases.withdraw(team.ana, release=linked.release)
    again = client.post(path, data={"do": "approve"})
    assert (again.status_code, "each counts once" in again.text) == (409, True)


def test_it_is_for_what_was_asked_then_for_a_while_and_no_other_token_is_one(team, client, linked):
    path = linked("mailto:ana@example.com")
    for wrong in (path[:-4] + "AAAA", "/review/x", "/review/" + "a" * 5000):
        assert client.get(wrong).status_code == 404
    assert client.post(path, data={"do": "dance"}).status_code == 422
    team.policy(ReleasePolicySpec(expires="3d"))
    changed = client.post(path, data={"do": "approve"})
    assert (changed.status_code, "something changed since" in changed.text) == (409, True)
    team.clock.move(LIFETIME + timedelta(seconds=1))
    assert client.get(path).status_code == 404
    create_principal(team.ws, name="dan")  # the log goes on
    team.clock.set(team.start)
    assert client.get(path).status_code == 404


def test_others_are_led_to_the_page(linked):
    for to in ("slack:https://hooks.example.com/x", "mailto:somebody@example.com"):
        assert linked(to) == "/ui/releases/delay/1"


def test_who_was_shut_out_decides_nothing_by_an_old_link(team, client, linked):
    path = linked("mailto:ana@example.com")
    principals.retire(team.ws, name="ana")
    assert client.post(path, data={"do": "approve"}).status_code == 403
