"""One server holds several environments: each a workspace of its own, behind its own path."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from meguru.app.open import open_local
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token
from meguru.server.asgi import build
from meguru.server.environments import EnvironmentRouter, views

FROM_HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Give three workspaces: the one at the root, staging and prod."""
    folder = tmp_path_factory.mktemp("environments")
    with (
        open_local(folder / "dev") as dev,
        open_local(folder / "staging") as staging,
        open_local(folder / "prod") as prod,
    ):
        yield {"": dev, "staging": staging, "prod": prod}


def client(places, **options):
    apps = {name: build(ws, any_host=True, **options) for name, ws in places.items()}
    return TestClient(EnvironmentRouter(apps.pop(""), apps))


def test_each_has_its_own_things_doors_and_background(places):
    with client(places) as browser:
        made = browser.post("/env/staging/api/v1/pool/set", json={"name": "gpu", "slots": 2})
        assert made.status_code == 200
        found = {
            path: [each["name"] for each in browser.get(f"{path}/api/v1/pool/list").json()]
            for path in ("", "/env/staging", "/env/prod")
        }
        assert found == {"": [], "/env/staging": ["gpu"], "/env/prod": []}
        assert browser.get("/env/staging/health").json() == {"status": "ok"}
        missing = browser.get("/env/stagin/health")
        assert (missing.status_code, "staging" in missing.text) == (404, True)


def test_pages_lead_to_pages_of_their_environment_and_switch_to_the_others(places):
    with client(places) as browser:
        page = browser.get("/env/prod/").text
        assert 'href="/env/prod/ui/endpoints"' in page
        assert 'href="/ui/endpoints"' not in page
        assert 'href="/env/staging/"' in page
        assert 'href="/ui/endpoints"' in browser.get("/").text


def test_a_token_of_one_opens_no_other_and_each_signs_in_by_itself(places):
    create_principal(places["staging"], name="anna", role="engineer")
    secret = create_token(places["staging"], principal="anna").secret
    with client(places, auth=True) as browser:
        asked = {
            path: browser.get(
                f"{path}/api/v1/pool/list", headers={"Authorization": f"Bearer {secret}"}
            ).status_code
            for path in ("", "/env/staging", "/env/prod")
        }
        assert asked == {"": 401, "/env/staging": 200, "/env/prod": 401}
        html = {"Accept": "text/html"}
        away = browser.get("/env/staging/ui/models?x=1", headers=html, follow_redirects=False)
        assert away.headers["location"] == "/env/staging/sign-in?then=/env/staging/ui/models%3Fx%3D1"
        form = {"token": secret, "then": "/env/staging/ui/models"}
        landed = browser.post("/env/staging/sign-in", data=form, headers=FROM_HERE)
        assert (landed.status_code, landed.url.path) == (200, "/env/staging/ui/models")
        refused = browser.get("/env/prod/", headers=html, follow_redirects=False)
        assert refused.headers["location"] == "/env/prod/sign-in"


def test_when_one_can_not_start_the_server_does_not(places):
    async def broken(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    app = EnvironmentRouter(build(places[""]), {"prod": broken})
    with pytest.raises(RuntimeError, match="no database"), TestClient(app):
        pass


def test_a_page_shows_them_side_by_side_to_who_is_let_in(places):
    apps = {name: build(ws, any_host=True, auth=True) for name, ws in places.items()}
    router = EnvironmentRouter(apps.pop(""), apps, views(places, auth=True))
    create_principal(places["staging"], name="berta", role="engineer")
    secret = create_token(places["staging"], principal="berta").secret
    with TestClient(router) as browser:
        browser.post("/env/staging/sign-in", data={"token": secret}, headers=FROM_HERE)
        page = browser.get("/env/staging/ui/environments").text
    assert "prod: the token is not valid" in page
    assert "staging: " not in page


def test_after_a_sign_in_one_is_in_the_project_that_one_came_for(places):
    with client(places, auth=True) as browser:
        html = {"Accept": "text/html"}
        away = browser.get("/env/staging/projects/team/ui/models", headers=html, follow_redirects=False)
        assert away.headers["location"] == "/env/staging/sign-in?then=/env/staging/projects/team/ui/models"
