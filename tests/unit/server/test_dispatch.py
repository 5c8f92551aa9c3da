"""A prediction passes the check of access and nothing else; other paths are looked up."""

from __future__ import annotations

import asyncio
import re

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Mount, Route

from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant
from meguru.governance.projects.operations import specs
from meguru.governance.tokens import create_token
from meguru.kernel.kinds.kind import load
from meguru.mlflow.door import PATHS, MlflowDoor
from meguru.server.asgi import LATE, build
from meguru.server.dispatch import PredictionsFirst, RouteTable
from meguru.server.late_routes import LateRoutes
from meguru.serving import metrics
from meguru.serving.operations import create


def ask(app, path, method="GET", **given):
    async def send():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **given)

    return asyncio.run(send())


def say(text):
    async def said(request):
        return PlainTextResponse(f"{text} {request.path_params or ''}".strip())

    return said


class Tried(Route):
    """A route that counts how often it was tried."""

    count = 0

    def matches(self, scope):
        self.count += 1
        return super().matches(scope)


@pytest.fixture
def table():
    app = Starlette()
    routes = [
        *(Tried(f"/thing/{index}", say(index), methods=["POST"]) for index in range(100)),
        Route("/thing/7", say("read"), methods=["GET"]),
        Route("/thing/{id}", say("any")),
        Mount("/mounted", PlainTextResponse("mounted")),
    ]
    app.router = RouteTable(routes)
    return app


def test_a_path_without_parameters_is_found_without_trying_the_others(table):
    assert ask(table, "/thing/99", "POST").text == "99"
    tried = [route.count for route in table.router.routes if isinstance(route, Tried)]
    assert tried == [0] * 99 + [1]


def test_each_method_of_a_path_finds_its_route(table):
    assert ask(table, "/thing/7", "POST").text == "7"
    assert ask(table, "/thing/7").text == "read"


def test_paths_with_parameters_and_mounts_are_found_as_before(table):
    assert ask(table, "/thing/other").text == "any {'id': 'other'}"
    assert ask(table, "/mounted/below").text == "mounted"


def test_what_no_route_has_is_404_and_a_wrong_method_is_405(table):
    assert ask(table, "/nothing").status_code == 404
    refused = ask(table, "/thing/99", "DELETE")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_a_slash_too_many_leads_to_the_address_without_it(table):
    moved = ask(table, "/thing/7/")
    assert (moved.status_code, moved.headers["location"]) == (307, "http://localhost/thing/7")


def late_doors():
    yield from ((load(place)(), LateRoutes(place, *paths)) for place, paths in LATE.items())
    mlflow = MlflowDoor(PlainTextResponse("other"))
    yield mlflow.routes(), LateRoutes(mlflow.routes, *PATHS)


def test_every_route_that_is_imported_late_is_where_it_is_looked_for():
    for routes, late in late_doors():
        for route in routes:
            path = re.sub(r"{[^}]*}", "x", route.path) + ("/x" if isinstance(route, Mount) else "")
            assert late.matches({"type": "http", "path": path})[0] is Match.FULL, path


def test_a_prediction_passes_nothing_else_and_all_else_passes_it_by():
    seen = []

    async def endpoints(scope, receive, send):
        seen.append(scope["path"].removeprefix(scope["root_path"]))
        await PlainTextResponse("scored")(scope, receive, send)

    app = PredictionsFirst(endpoints, PlainTextResponse("features"), PlainTextResponse("other"))
    assert ask(app, "/get-online-features", "POST").text == "features"
    assert ask(app, "/endpoints/delay/predict", "POST").text == "scored"
    for path in ("/", "/endpoints", "/endpointsx/predict", "/api/v1/endpoints/x", "/get-online-features/x"):
        assert ask(app, path).text == "other"
    assert seen == ["/delay/predict"]


def test_predictions_of_the_whole_server_need_a_token_that_may_predict(workspace):
    create(workspace, name="delay", model="delay")
    for name, role in (("shop", "service"), ("eve", "viewer")):
        create_principal(workspace, name=name, role=role)
    app = build(workspace, auth=True)
    tokens = {name: create_token(workspace, principal=name).secret for name in ("shop", "eve")}
    status = {}
    for who, headers in {
        "nobody": {},
        "wrong": {"Authorization": "Bearer mgr_" + "x" * 43},
        **{name: {"Authorization": f"Bearer {secret}"} for name, secret in tokens.items()},
    }.items():
        status[who] = ask(
            app, "/endpoints/delay/predict", "POST", headers=headers, json={"row": {}}
        ).status_code
    assert status == {"nobody": 401, "wrong": 401, "shop": 503, "eve": 403}
    cookie = {"Cookie": f"other=1; meguru_token={tokens['shop']}"}
    assert ask(app, "/endpoints/delay/predict", "POST", headers=cookie, json={}).status_code == 503


def test_predictions_of_the_whole_server_are_not_for_other_sites_and_rebound_names(workspace):
    app = build(workspace)
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        answer = ask(app, "/endpoints/delay/predict", "POST", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "MG-201")
    answer = ask(app, "/endpoints/delay/predict", "POST", headers={"Origin": "http://localhost"}, json={})
    assert answer.status_code == 404


def test_an_endpoint_of_a_project_answers_below_the_projects_address(workspace):
    specs.declare(workspace, name="team", spec=ProjectSpec())
    create(workspace, name="team/delay", model="team/delay")
    create_principal(workspace, name="anna", role="guest")
    grant(workspace, name="team", principal="anna", role="engineer")
    headers = {"Authorization": f"Bearer {create_token(workspace, principal='anna').secret}"}
    status = {}
    for auth, given in ((True, headers), (False, {})):
        app = build(workspace, auth=auth)
        for path in ("/projects/team/endpoints/delay", "/endpoints/team/delay", "/endpoints/delay"):
            asked = ask(app, f"{path}/predict", "POST", headers=given, json={"row": {}})
            status[auth, path] = asked.status_code, ask(app, path, headers=given).status_code
    assert set(status.values()) == {(503, 200), (404, 404)}
    assert [where for where, found in status.items() if found[0] == 404] == [
        (True, "/endpoints/delay"),
        (False, "/endpoints/delay"),
    ]


def test_a_prediction_asks_only_for_the_endpoint_not_for_its_project(workspace):
    answer = ask(build(workspace), "/projects/none/endpoints/delay/predict", "POST", json={"row": {}})
    assert (answer.status_code, answer.json()["error"]["what"]) == (404, "there is no endpoint 'none/delay'")
    assert "project" in ask(build(workspace), "/projects/none/api/v1/endpoint/list").json()["error"]["what"]


def test_the_metrics_name_no_endpoint_of_a_hidden_project(workspace):
    for name in ("delay", "team/delay", "other/delay"):
        metrics.ROWS.labels(name).inc()
    specs.declare(workspace, name="team", spec=ProjectSpec())
    create_principal(workspace, name="anna", role="guest")
    grant(workspace, name="team", principal="anna", role="viewer")
    headers = {"Authorization": f"Bearer {create_token(workspace, principal='anna').secret}"}
    text = ask(build(workspace, auth=True), "/metrics", headers=headers).text
    assert 'prediction_rows_total{endpoint="team/delay"}' in text
    assert 'endpoint="delay"' not in text
    assert "other/delay" not in text
    assert "python_info" in text
    assert "other/delay" in ask(build(workspace), "/metrics").text
