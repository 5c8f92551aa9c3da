from __future__ import annotations

from meguru.errors import Unauthenticated
from meguru.kernel import events
from meguru.kernel.principals import Principal

ROW = {"hour": 5, "distance": 0.5}


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
