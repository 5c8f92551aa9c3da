"""Cards on the console: read, written, confirmed, kept, and given as files."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.cards import operations as cards
from meguru.console.routes import routes
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal

SENT = {"Sec-Fetch-Site": "same-origin"}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def browser(own):
    load_operations()
    with TestClient(Starlette(routes=routes(lambda _: own)), headers=ENGLISH) as client:
        yield client


def test_a_part_is_written_confirmed_and_kept_by_forms(browser, own):
    place = "/ui/models/delay/1/card"
    text = "Tell **who** waits. <b>"
    done = browser.post(
        f"{place}/edit", data={"do": "edit", "part": "intended_use", "text": text}, headers=SENT
    )
    assert done.url.path == place
    assert "<p>Tell <strong>who</strong> waits. &lt;b&gt;</p>" in done.text
    newer = browser.get("/ui/models/delay/2/card").text
    assert "to be looked at again" in newer
    assert "features +1 (gusts)" in newer
    data = {"do": "confirm", "part": "intended_use"}
    assert (
        "to be looked at again"
        not in browser.post("/ui/models/delay/2/card/edit", data=data, headers=SENT).text
    )
    old = {"do": "edit", "part": "intended_use", "text": "x", "expect": "another"}
    assert browser.post(f"{place}/edit", data=old, headers=SENT).status_code == 409
    kept = browser.post(f"{place}/edit", data={"do": "write", "reason": "audit"}, headers=SENT).text
    assert 'href="/ui/models/delay/1/card?kept=1"' in kept
    assert "kept #1" in browser.get(f"{place}?kept=1").text
    assert browser.post(f"{place}/edit", data={"do": "burn"}, headers=SENT).status_code == 422
    assert browser.post(f"{place}/edit", data=data).status_code == 403
    assert "card/delay" in browser.get("/ui/cards").text
    assert "Model card: delay@2" in browser.get("/ui/cards/delay").text


def test_pages_lead_to_cards_and_cards_to_files(browser):
    for page, card in (
        ("/ui/models/delay/2", "/ui/models/delay/2/card"),
        ("/ui/datasets/flights/1", "/ui/datasets/flights/1/card"),
        ("/ui/endpoints/delay", "/ui/endpoints/delay/card"),
    ):
        assert f'href="{card}"' in browser.get(page).text
        assert f'href="{card}?as=pdf&amp;lang=en"' in browser.get(card).text
        for kind, media in (("pdf", "application/pdf"), ("html", "text/html"), ("markdown", "text/markdown")):
            assert browser.get(f"{card}?as={kind}").headers["content-type"].startswith(media)
    assert "運用手順書" in browser.get("/ui/endpoints/delay/card?lang=ja").text
    assert "/ui/models/delay/2/card?against=1" in browser.get("/ui/models/delay/2/card").text
    differs = browser.get("/ui/models/delay/2/card?against=1").text
    assert "meguru card diff model/delay@1 model/delay@2" in differs
    assert "gusts" in differs.partition('id="differences"')[2].partition("</section>")[0]
    changes = browser.get("/ui/models/delay/changelog?lang=en")
    assert "Version 2" in changes.text
    assert browser.get("/ui/models/delay/changelog?as=markdown").text.startswith("# Change-log of delay")


def test_who_may_only_read_is_shown_no_form(own):
    load_operations()
    viewer = own.with_(principal=Principal(name="vera", permissions=permissions_of("viewer")))
    with TestClient(Starlette(routes=routes(lambda _: viewer)), headers=ENGLISH) as client:
        shown = client.get("/ui/models/delay/2/card")
        assert shown.status_code == 200
        assert "What you can write" not in shown.text
        data = {"do": "edit", "part": "owners", "text": "me"}
        assert client.post("/ui/models/delay/2/card/edit", data=data, headers=SENT).status_code == 403
    assert cards.list_cards(own) == []
