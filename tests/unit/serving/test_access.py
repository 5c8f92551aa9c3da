from __future__ import annotations

import json

import pytest

from meguru.errors import Unauthenticated
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.serving.operations import create

ROW = {"hour": 5, "distance": 0.5}


@pytest.fixture
def projects(workspace):
    for name in ("team", "look", "other"):
        specs.declare(workspace, name=name, spec=ProjectSpec())


def test_who_may_only_read_sees_the_signature_and_gets_no_prediction(workspace, live, http_as):
    live(1)
    viewer = Principal(name="eve", permissions=frozenset({"*:read"}))
    http = http_as(authenticate=lambda scope: viewer)
    assert http.request("GET", "/endpoints/delay").status_code == 200
    assert http.predict({"row": ROW}).status_code == 403
    with workspace.read() as tx:
        denied = events.latest(tx, subject="principal/eve")
    assert (denied.type, denied.data) == ("access.denied", {"permission": "endpoint:predict"})
    assert denied.operation == "endpoint.predict"


def test_what_the_model_was_given_is_told_to_who_may_read_values_of_views(live, http_as):
    live(1)
    said = []
    for permissions in ({"endpoint:predict"}, {"endpoint:predict", "feature_view:get"}):
        client = Principal(name="till", permissions=frozenset(permissions))
        path = "/endpoints/delay/predict?explain=features"
        answer = http_as(authenticate=lambda scope, client=client: client).request(
            "POST", path, content=json.dumps({"row": ROW}).encode()
        )
        said.append(answer.status_code)
    assert said == [403, 200]


def test_a_denied_look_is_logged_as_a_look(workspace, live, http_as):
    live(1)
    stranger = Principal(name="eve", permissions=frozenset({"model:read"}))
    assert http_as(authenticate=lambda scope: stranger).request("GET", "/endpoints/delay").status_code == 403
    with workspace.read() as tx:
        denied = events.latest(tx, subject="principal/eve")
    assert (denied.operation, denied.data) == ("endpoint.look", {"permission": "endpoint:read"})


def test_who_is_nobody_is_401(live, http_as):
    live(1)

    async def nobody(scope):
        raise Unauthenticated("no token")

    answer = http_as(authenticate=nobody).predict({"row": ROW})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_server_that_forgot_to_say_who_is_asking_lets_nobody_in(live, http_as):
    live(1)
    assert http_as().predict({"row": ROW}).status_code == 401


GRANTS = {"team": frozenset({"endpoint:predict", "endpoint:read"}), "look": frozenset({"*:read"})}


def test_a_right_in_a_project_answers_there_and_nowhere_else(workspace, http_as, projects):
    for name in ("team/delay", "look/delay", "other/delay", "delay"):
        create(workspace, name=name, model="delay")
    anna = http_as(authenticate=lambda scope: Principal(name="anna", grants=GRANTS))
    said = {name: anna.predict({"row": ROW}, name=name).status_code for name in ("team/delay", "look/delay")}
    assert said == {"team/delay": 503, "look/delay": 403}  # allowed, and without a model yet
    assert anna.request("GET", "/endpoints/look/delay").json()["name"] == "look/delay"
    answers = [anna.predict({"row": ROW}, name=name) for name in ("other/delay", "other/nothing", "delay")]
    assert {answer.status_code for answer in answers} == {404}
    assert not any({"try", "why"} & set(answer.json()["error"]) for answer in answers)
    assert anna.request("GET", "/endpoints/other/delay").status_code == 404
    near = anna.predict({"row": ROW}, name="team/dealy")
    assert near.json()["error"]["try"] == "did you mean 'team/delay'?"


def test_a_bare_name_is_of_the_project_that_the_request_is_in(workspace, http_as, projects):
    create(workspace, name="team/delay", model="delay")
    http = http_as()
    http.state = {"workspace": workspace.with_(project="team")}
    for name in ("delay", "team/delay"):
        assert http.request("GET", f"/endpoints/{name}").json()["name"] == "team/delay"
    assert http.predict({"row": ROW}).status_code == 503
    assert http.request("GET", "/endpoints/default/delay").status_code == 404
    assert http.request("GET", "/endpoints/team/delay/openapi.json").status_code == 200
    assert http.request("GET", "/endpoints/a/team/delay").status_code == 404
    assert http.request("POST", "/endpoints/delay/x").status_code == 404
