"""Every link of a seeded workspace's pages opens, and opens the very thing that it names."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.base import refs
from meguru.console.links import PAGES, url_of
from meguru.console.pages import endpoints
from meguru.console.routes import routes
from meguru.kernel.kinds import event_types, kinds

pytestmark = pytest.mark.xdist_group("links")  # one process follows them all, once
WITH_VERSIONS = ("model", "dataset", "pipeline")
ELSEWHERE = ("/get-artifact", "/ui/static/", "/projects/")


class Links(HTMLParser):
    """Collects the links of a page, the reference that each names, and the ids of its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.add(unescape(given["id"]))
        if tag == "a" and "href" in given:
            named = given.get("title", "") if given.get("class") == "ref" else ""
            self.links.append((given["href"], named))


@pytest.fixture(scope="module")
def crawled(filled):
    """Every page that can be reached from the first one, by its address, and every link."""
    app = Starlette(routes=routes(lambda _: filled))
    with TestClient(app, headers={"Accept-Language": "en"}) as browser:
        yield browser, *_crawl(browser)


def _crawl(browser):
    pages, links, waiting = {}, set(), ["/"]
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        pages[path] = browser.get(path)
        for href, named in Links(pages[path].text).links:
            whole = urljoin(path, href)
            links.add((whole, named))
            address = whole.partition("#")[0]
            if not address.startswith(ELSEWHERE) and "lang=" not in address:
                waiting.append(address)
    return pages, links


def test_no_link_leads_nowhere(crawled):
    _, pages, _ = crawled
    assert len(pages) > 60
    assert {path: page.status_code for path, page in pages.items() if page.status_code >= 400} == {}


def test_the_part_of_a_page_that_a_link_names_is_there(crawled):
    _, pages, links = crawled
    lost = []
    for address, _ in links:
        path, _, part = address.partition("#")
        if part and path in pages:
            # The page that answered in the end says itself which of its parts is meant.
            part = unquote(pages[path].url.fragment or part)
            if part not in Links(pages[path].text).ids:
                lost.append(address)
    assert lost == []


def test_a_link_opens_the_version_that_it_names_and_no_other(crawled):
    _, pages, links = crawled
    seen = set()
    for address, named in links:
        if not named or refs.parse(named).kind not in WITH_VERSIONS:
            continue
        text = pages[address].text
        head = text.partition('id="head"')[2].partition("</section>")[0]
        if refs.parse(named).version:
            assert f'<code title="{named}">' in head, f"{address} shows another thing than {named}"
        seen.add(named)
    assert {"model/delay@1", "model/delay@2", "dataset/flights@1", "dataset/flights@2"} <= seen
    assert {"pipeline/train@1", "pipeline/careful@1"} <= seen


def test_what_a_page_listens_to_are_beginnings_of_types_of_events(crawled):
    _, pages, _ = crawled
    said = [each for page in pages.values() for each in re.findall(r'data-live="([^"]*)"', page.text)]
    interests = {one for each in said for one in each.split(" ") if one}
    types = event_types()
    assert {one for one in interests - {"*"} if not any(name.startswith(one) for name in types)} == set()
    assert "feature_view." in interests


def test_every_kind_that_has_a_page_was_seen(crawled):
    _, _, links = crawled
    seen = {refs.parse(named).kind for _, named in links if named}
    declared = {kind.name for kind in kinds().values() if kind.page}
    # What is asked of an approval is an event of its step: only an answer names the approval itself.
    assert seen >= {*PAGES, *declared} - {"approval", "firing", "project", "quarantine"}


def test_the_page_of_a_version_has_that_versions_facts(crawled):
    browser, *_ = crawled
    first, third = (browser.get(f"/ui/models/delay/{number}").text for number in (1, 3))
    assert "<title>delay @1 · Meguru</title>" in first
    assert "by hand" in third
    assert "by hand" not in first.partition('id="versions"')[0]
    assert 'title="release/delay@1"' in first
    assert 'title="release/delay@1"' not in third.partition('id="about"')[2]
    assert 'title="release/delay@2"' in third
    assert "meguru why model/delay@1" in first


def test_old_addresses_of_versions_go_on_working(crawled):
    browser, *_ = crawled
    for kind, name in (("model", "delay"), ("dataset", "flights")):
        old = browser.get(f"/ui/{kind}s/{name}?version=1")
        assert f'<code title="{kind}/{name}@1">' in old.text
    assert '<code title="model/delay@1">' in browser.get("/ui/models/delay/champion").text
    assert browser.get("/ui/models/delay/77").status_code == 404


def test_a_release_that_is_not_in_the_newest_window_is_shown_when_it_is_asked_for(crawled, monkeypatch):
    browser, *_ = crawled
    monkeypatch.setattr(endpoints, "RELEASES", 1)
    assert "release-1" not in Links(browser.get("/ui/endpoints/delay").text).ids
    assert "release-1" in Links(browser.get("/ui/endpoints/delay?release=1").text).ids
    assert browser.get("/ui/endpoints/delay?release=x").status_code == 422


def test_a_firing_is_shown_when_it_is_asked_for(crawled):
    browser, *_ = crawled
    (firing,) = (each for each in Links(browser.get("/ui/triggers").text).ids if each.startswith("firing-"))
    address = url_of(firing.replace("firing-", "firing/", 1))
    assert firing in Links(browser.get(address).text).ids
