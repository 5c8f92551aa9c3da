"""The page of a review: what reviewers see, and forms that need no script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.console.routes import routes
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.registry.schema import model_version
from meguru.releases import operations as releases
from meguru.releases.types import ReleaseState

SITE = {"sec-fetch-site": "same-origin", "origin": "http://testserver"}
PAGE = "/ui/releases/delay/{version}"


class Browsers:
    def __init__(self, team):
        self.team, self.who = team, "ana"
        load_operations()
        self.client = TestClient(
            Starlette(routes=routes(lambda _: getattr(team, self.who))), headers={"Accept-Language": "en"}
        )

    def page(self, who, path="", version=1, **headers):
        self.who = who
        answer = self.client.get(path or PAGE.format(version=version), headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, who, status=200, version=1, **form):
        self.who = who
        answer = self.client.post(f"{PAGE.format(version=version)}/edit", data=form, headers=SITE)
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def browsers(team):
    found = Browsers(team)
    with found.client:
        yield found


def saw(page):
    return page.partition('name="saw" value="')[2].partition('"')[0]


def test_reviewers_decide_on_the_page_that_they_saw(team, browsers):
    team.policy(ReleasePolicySpec(approvals=2))
    team.asked()
    for path in ("/ui/reviews", "/"):
        assert 'href="/ui/releases/delay/1"' in browsers.page("ana", path)
    shown = browsers.page("ana")
    assert "please" in shown
    assert "endpoint/delay answers with model/delay@1, its first model" in shown
    assert "not what you looked at" in browsers.send("ana", 409, do="approve", saw="0" * 64)
    shown = browsers.send("ana", do="approve", note="<b>fine</b>", saw=saw(shown))
    assert "&lt;b&gt;fine&lt;/b&gt;" in shown
    assert "Withdraw my approval" in shown
    assert "why is it refused" in browsers.send("ben", 422, do="refuse", note="")
    assert "Put it live" in browsers.send("ben", do="approve", saw=saw(browsers.page("ben")))
    assert "this form can" in browsers.send("ben", 422, do="dance")
    browsers.send("ben", do="promote")
    assert releases.show(team.ws, ref="delay@1").state is ReleaseState.LIVE
    assert "No release waits for people" in browsers.page("ana", "/ui/reviews")


def test_the_page_says_what_voided_an_approval_and_who_may_not_decide(team, browsers):
    team.policy(ReleasePolicySpec())
    made = releases.create(team.ben, endpoint="delay", model="delay@1").ref
    releases.check(team.ben, release=made)
    releases.request(team.ben, release=made)
    assert "You put release/delay@2 together" in browsers.page("ben", version=2)
    browsers.send("ana", version=2, do="approve")
    team.policy(ReleasePolicySpec(expires="9d"))
    shown = browsers.page("ana", version=2)
    assert "Something changed since it was checked" in shown or "changed since" in shown
    assert "release_policy/production expires" in shown
    assert ">9d<" in shown
    japanese = browsers.page("ana", version=2, **{"Accept-Language": "ja"})
    assert "の審査" in japanese
    assert "承認が足りません" in japanese


def test_the_newest_reviews_are_listed_though_old_ones_stay_open_for_ever(team):
    team.policy(ReleasePolicySpec(approvals=2))
    first = team.asked()
    team.clock.move(timedelta(hours=1))
    second = team.asked(version=2)
    assert [each.release for each in releases.awaiting(team.ws)] == [first, second]
    assert [each.release for each in releases.awaiting(team.ws, limit=1)] == [second]


def test_a_review_whose_model_was_removed_still_tells_what_people_decided(team):
    team.policy(ReleasePolicySpec())
    made = team.asked()
    releases.approve(team.ana, release=made, note="looked at it")
    with team.ws.db.write() as tx:
        tx.execute(delete(model_version).where(model_version.c.version == 1))
    found = releases.review(team.ws, release=made)
    assert [each.note for each in found.standing.decisions] == ["looked at it"]
    assert (found.content.params, found.content.metrics) == ([], [])
