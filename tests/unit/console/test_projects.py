"""The console within a project: its things alone, each link within it, and forms for who may do what."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.console.links import url_of
from meguru.console.routes import routes
from meguru.console.templating import TEMPLATES
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant, list_members
from meguru.governance.projects.operations import specs as projects
from meguru.governance.tokens import create_token
from meguru.monitoring import operations as monitors
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.server.access import Access
from meguru.serving import operations as endpoints
from meguru.testing.models import make_model
from meguru.tracking import runs
from meguru.triggers import operations as triggers
from meguru.triggers.kind import TriggerSpec

SENT = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
PAGES = ("/", "/ui/endpoints", "/ui/triggers", "/ui/models", "/ui/runs", "/ui/projects", "/ui/events")


@pytest.fixture
def two(workspace):
    """A project with an endpoint, its monitor and a trigger; the others have an endpoint."""
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec(description=f"of {name}"))
        endpoints.create(workspace, name=f"{name}/delay", model=f"{name}/delay")
    endpoints.create(workspace, name="price", model="price")
    monitors.create(workspace, name="team/watch", endpoint="team/delay")
    rule = TriggerSpec(on={"cron": "0 6 * * *"}, action={"endpoint": "team/delay"})
    triggers.specs.declare(workspace, name="team/hourly", spec=rule)
    return workspace


@pytest.fixture
def anna(two):
    """The secret of somebody who may look at one project and nothing else."""
    create_principal(two, name="anna", role="guest")
    grant(two, name="team", principal="anna", role="viewer")
    return create_token(two, principal="anna").secret


def client(ws, *, secret=""):
    """A client of the console behind the check of who asks, as in a server."""
    app = Access(
        Starlette(routes=routes(lambda request: request.state.workspace)),
        ws=ws,
        auth=bool(secret),
        any_host=True,
    )
    headers = {"Accept-Language": "en", "Accept": "text/html"}
    return TestClient(app, headers=headers | ({"Authorization": f"Bearer {secret}"} if secret else {}))


def leads(page):
    """Where a page leads, beside the switch between projects."""
    return re.findall(
        r'<a [^>]*href="([^"]*)"', re.sub(r'(?s)<details class="projects">.*?</details>', "", page)
    )


@pytest.mark.parametrize(
    ("ref", "here", "within_team"),
    [
        ("model/team/delay@5", "/projects/team/ui/models/delay/5", "/projects/team/ui/models/delay/5"),
        ("model/delay@5", "/ui/models/delay/5", "/ui/models/delay/5"),
        ("model/default/delay", "/ui/models/delay", "/ui/models/delay"),
        ("endpoint/第一/需要", *["/projects/%E7%AC%AC%E4%B8%80/ui/endpoints/%E9%9C%80%E8%A6%81"] * 2),
        ("monitor/other/watch", "/projects/other/ui/monitors/watch", "/projects/other/ui/monitors/watch"),
        ("trigger/team/x", *["/projects/team/ui/triggers?name=x#trigger-team%2Fx"] * 2),
        ("release/team/x@2", *["/projects/team/ui/endpoints/x?release=2#release-2"] * 2),
        ("run/run-1", "/ui/runs/run-1", "/projects/team/ui/runs/run-1"),
        ("project/other", "/ui/projects/other", "/projects/team/ui/projects/other"),
        ("job/j-1", "/ui/events?subject=job%2Fj-1", "/projects/team/ui/events?subject=job%2Fj-1"),
    ],
)
def test_a_reference_leads_into_its_project(two, ref, here, within_team):
    assert url_of(ref) == here
    assert url_of(ref, "/projects/team") == within_team


def test_things_of_the_default_project_stay_in_its_own_pages():
    assert url_of("model/delay@5", "/projects/default") == "/projects/default/ui/models/delay/5"
    assert url_of("model/team/delay@5", "/projects/default") == "/projects/team/ui/models/delay/5"


def test_pages_of_a_project_show_its_things_and_those_of_all_show_all_by_their_full_names(two):
    with client(two) as browser:
        everything = browser.get("/ui/endpoints").text
        assert [name in everything for name in ("team/delay", "other/delay", ">price<")] == [True] * 3
        team = browser.get("/projects/team/ui/endpoints").text
        assert [name in team for name in ("team/delay", "other/delay", ">price<")] == [True, False, False]
        default = browser.get("/projects/default/ui/endpoints").text
        assert [name in default for name in ("team/delay", "other/delay", ">price<")] == [False, False, True]
        assert "<h1>team/delay" in browser.get("/projects/team/ui/endpoints/delay").text
        assert browser.get("/projects/team/ui/endpoints/price").status_code == 404
        assert "team/hourly" in browser.get("/projects/team/ui/triggers").text
        assert "team/hourly" not in browser.get("/projects/other/ui/triggers").text
        watch = browser.get("/projects/team/ui/monitors/watch").text
        assert 'href="/projects/team/ui/endpoints/delay"' in watch


def test_a_page_says_in_which_project_it_is_and_leads_to_the_others(two):
    with client(two) as browser:
        team = browser.get("/projects/team/ui/endpoints").text
        assert "<title>Endpoints · team · Meguru</title>" in team
        assert '<a href="/projects/team/ui/endpoints" aria-current="true">team</a>' in team
        assert '<a href="/projects/other/ui/endpoints">other</a>' in team
        assert '<a href="/ui/endpoints">all</a>' in team
        assert 'data-base="/projects/team"' in team
        everything = browser.get("/ui/endpoints").text
        assert '<a href="/ui/endpoints" aria-current="true">all</a>' in everything
        assert 'data-base=""' in everything


def test_no_link_leads_out_of_a_project_but_those_to_other_projects(two):
    team = two.with_(project="team")
    model = add_model(team, "delay", make_model()).ref
    made = releases.create(team, endpoint="delay", model=model)
    releases.check(team, release=made.ref)
    assert releases.promote(team, release=made.ref).ref == "release/team/delay@1"
    assert runs.start(team, experiment="需要", name="first").experiment == "team/需要"
    with client(two) as browser:
        pages, waiting = {}, [f"/projects/team{page}" for page in PAGES]
        while waiting:
            path = waiting.pop()
            if path in pages or "lang=" in path:
                continue
            pages[path] = browser.get(path)
            found = [urljoin(path, unescape(href)).partition("#")[0] for href in leads(pages[path].text)]
            waiting += [link for link in found if link.startswith("/projects/team/")]
            outside = [link for link in found if not link.startswith("/projects/team/")]
            assert [link for link in outside if "/projects/" not in link] == [], path
    assert len(pages) > 30
    assert {path: page.status_code for path, page in pages.items() if page.status_code >= 400} == {}


def test_templates_write_no_address_without_what_stands_before_it():
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text("utf-8")
        assert re.findall(r'(?:href|action|src|data-[a-z]+)="/(?!sign-)', text) == [], path.name


def test_who_may_see_one_project_sees_that_one_alone(two, anna):
    with client(two, secret=anna) as browser:
        page = browser.get("/").text
        assert "team" in page
        assert "other" not in page
        assert "other" not in browser.get("/projects/team/").text
        assert "other" not in browser.get("/ui/projects").text
        assert "<form" not in browser.get("/ui/projects/team").text.partition("<main")[2]
        for hidden in ("/ui/projects/other", "/ui/projects/default", "/projects/other/ui/endpoints/delay"):
            assert browser.get(hidden).status_code == 404
        assert browser.post("/ui/projects/team/edit", data={"do": "retire"}, headers=SENT).status_code == 403
        assert browser.post("/ui/projects/other/edit", data={"do": "retire"}, headers=SENT).status_code == 403


def test_a_project_that_is_not_there_and_one_that_may_not_be_seen_are_answered_alike(two, anna):
    with client(two, secret=anna) as browser:
        there, nowhere = browser.get("/projects/other/ui/models"), browser.get("/projects/other2/ui/models")
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.text.replace("other", "x") == nowhere.text.replace("other2", "x")
        assert "<h1>" in there.text


def test_projects_are_made_and_roles_given_and_taken_by_forms(two):
    create_principal(two, name="bert", role="guest")
    with client(two) as browser:
        page = browser.post("/ui/projects", data={"name": "需要 予測".replace(" ", "-")}, headers=SENT)
        assert page.url.path == "/ui/projects/需要-予測"
        assert "<h1>需要-予測" in page.text

        def send(**fields):
            return browser.post(f"{page.url.path}/edit", data=fields, headers=SENT)

        assert "bert" in send(do="grant", principal="bert", role="engineer").text.partition('id="grant"')[0]
        assert [each.role for each in list_members(two, name="需要-予測")] == ["engineer"]
        assert "of many" in send(do="describe", description="of many").text
        send(do="revoke", principal="bert")
        assert list_members(two, name="需要-予測") == []
        assert send(do="grant", principal="nobody", role="viewer").status_code == 404
        assert send(do="grant", principal="bert", role="king").status_code == 404
        assert send(do="explode").status_code == 422
        again = browser.post("/ui/projects", data={"name": "team"}, headers=SENT)
        assert (again.status_code, "of team" in browser.get("/ui/projects/team").text) == (409, True)
        assert browser.post("/ui/projects", data={"name": "a/b"}, headers=SENT).status_code == 422
        assert "需要" not in send(do="retire").text
        assert browser.post("/ui/projects", data={"name": "x"}).status_code == 403
