"""The native API: each operation over HTTP, the same results, the same errors."""

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru import errors
from meguru.api.native import native_routes
from meguru.app.nouns import load_operations
from meguru.governance.principals import create_principal, list_principals
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.kernel.remote import RemoteWorkspace
from meguru.server.access import Access, check_exposure
from meguru.testing.events import declare_events
from meguru.tracking.operations import create_experiment, list_experiments

declare_events("thing.made")

HOST = "http://127.0.0.1"


def client_of(ws, *, auth=False):
    load_operations()
    app = Access(Starlette(routes=native_routes()), ws=ws, auth=auth)
    return TestClient(app, base_url=HOST)


@pytest.fixture
def client(workspace):
    with client_of(workspace) as opened:
        yield opened


@pytest.fixture
def remote(client):
    ws = RemoteWorkspace(HOST)
    ws.http.close()
    ws.http = client
    return ws


def test_an_operation_called_on_a_server_gives_what_it_gives_here(workspace, remote):
    made = create_principal(remote, name="sato", role="viewer")
    assert list_principals(workspace) == [made] == list_principals(remote)


def test_errors_arrive_as_the_same_errors(remote):
    with pytest.raises(errors.NotFound) as caught:
        create_principal(remote, name="sato", role="viewr")
    assert "viewer" in caught.value.hint


def test_an_idempotency_key_works_over_http(remote):
    keyed = remote.with_(idempotency_key="k")
    assert create_principal(keyed, name="sato") == create_principal(keyed, name="sato")
    with pytest.raises(errors.Conflict):
        create_principal(remote, name="sato")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 422, None),
        (b"[]", 422, None),
        (b"\xff", 422, None),
        (b'{"name": 3}', 422, "name"),
        (b'{"nam": "x"}', 422, "nam"),
        (b"{}", 422, "name"),
    ],
)
def test_a_bad_body_is_answered_clearly(client, body, status, field):
    answer = client.post("/api/v1/principal/create", content=body)
    assert answer.status_code == status
    assert answer.json()["error"].get("field") == field


def test_an_oversized_body_is_refused_before_it_is_read(workspace):
    workspace.settings = msgspec.structs.replace(workspace.settings, max_body=1000)
    with client_of(workspace) as client:
        answer = client.post("/api/v1/principal/create", content=b" " * 1001)
        assert answer.status_code == 413
        assert client.post("/api/v1/principal/create", content=iter([b" " * 600] * 2)).status_code == 413


def test_a_query_takes_typed_parameters(client):
    assert client.get("/api/v1/event/list?limit=2").status_code == 200
    answer = client.get("/api/v1/event/list?limit=two")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "limit")
    assert client.get("/api/v1/event/list?limit=1&limit=2").status_code == 422


def test_blobs_go_up_and_come_down_checked(remote, client, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"hello" * 1000)
    digest = remote.blobs.put_file(path)
    assert remote.blobs.get_bytes(digest) == path.read_bytes()
    assert remote.blobs.size(digest) == 5000
    assert client.put(f"/api/v1/blobs/{digest}", content=b"other").status_code == 422
    assert client.get("/api/v1/blobs/" + "0" * 64).status_code == 404
    assert client.get("/api/v1/blobs/..%2f..%2fetc").status_code in {404, 422}


def test_the_openapi_document_names_every_operation(client):
    from meguru.kernel.operations import native

    document = client.get("/openapi.json").json()
    for one in native().values():
        entry = document["paths"][one.path]["get" if one.query else "post"]
        assert entry["summary"]
        assert entry["x-permission"] == one.permission


def test_with_authentication_only_a_valid_token_gets_in(workspace):
    create_principal(workspace, name="vera", role="viewer")
    secret = create_token(workspace, principal="vera").secret
    with client_of(workspace, auth=True) as client:
        assert client.get("/api/v1/principal/list").status_code == 401
        assert (
            client.get("/api/v1/principal/list", headers={"Authorization": "Bearer mgr_no"}).status_code
            == 401
        )
        allowed = {"Authorization": f"Bearer {secret}"}
        assert client.get("/api/v1/principal/list", headers=allowed).status_code == 200
        refused = client.post("/api/v1/principal/create", json={"name": "x"}, headers=allowed)
        assert refused.status_code == 403
        assert "principal:write" in refused.json()["error"]["why"]


def test_pages_of_other_sites_and_rebound_names_stay_out(client):
    body = {"name": "x"}
    assert (
        client.post(
            "/api/v1/principal/create", json=body, headers={"Origin": "http://evil.example"}
        ).status_code
        == 403
    )
    assert client.get("/api/v1/principal/list", headers={"Host": "evil.example"}).status_code == 403
    assert client.post("/api/v1/principal/create", json=body, headers={"Origin": HOST}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.com", ""])
def test_beyond_loopback_a_server_needs_authentication(host):
    with pytest.raises(errors.UsageError):
        check_exposure(host, auth=False, insecure=False)
    check_exposure(host, auth=True, insecure=False)
    check_exposure(host, auth=False, insecure=True)


def test_loopback_needs_none():
    for host in ("127.0.0.1", "::1", "localhost"):
        check_exposure(host, auth=False, insecure=False)


def test_a_server_that_is_away_is_a_clear_error():
    with RemoteWorkspace("http://127.0.0.1:9") as ws, pytest.raises(errors.Busy) as caught:
        list_principals(ws)
    assert "meguru up" in caught.value.hint
    assert isinstance(caught.value.__cause__, httpx2.TransportError)


@pytest.mark.parametrize(
    ("method", "permission"), [("PUT", "blob:write"), ("GET", "blob:read"), ("HEAD", "blob:read")]
)
def test_who_may_not_touch_blobs_is_refused_and_it_is_logged(workspace, method, permission):
    create_principal(workspace, name="vera", role="viewer")
    scope = ["blob:read"] if method == "PUT" else ["dataset:read"]
    secret = create_token(workspace, principal="vera", scope=scope).secret
    digest = workspace.blobs.put_bytes(b"here")
    with client_of(workspace, auth=True) as client:
        headers = {"Authorization": f"Bearer {secret}"}
        answer = client.request(method, f"/api/v1/blobs/{digest}", headers=headers, content=b"here")
    assert answer.status_code == 403
    with workspace.read() as tx:
        denied = events.latest(tx, subject="principal/vera")
    assert (denied.type, denied.data) == ("access.denied", {"permission": permission})
    assert denied.operation == ("blob.put" if method == "PUT" else "blob.get")


@pytest.fixture
def served_as(workspace):
    """Return a function that gives a remote workspace of somebody with a role."""
    with client_of(workspace, auth=True) as client:

        def served(name, role):
            create_principal(workspace, name=name, role=role)
            ws = RemoteWorkspace(HOST, token=create_token(workspace, principal=name).secret)
            token = ws.http.headers["Authorization"]
            ws.http.close()
            ws.http = TestClient(client.app, base_url=HOST, headers={"Authorization": token})
            return ws

        yield served


def last_event(ws):
    with ws.read() as tx:
        return events.latest(tx)


def follow(ws, cause, by="system"):
    """Append an event that another one led to."""
    with ws.db.write() as tx:
        return events.append(
            tx, type="thing.made", at=ws.clock.now(), actor=by, operation="o", subject="thing/x", cause=cause
        ).id


def test_a_cause_is_what_one_did_or_what_came_of_it(workspace, served_as):
    ada = served_as("ada", "data-scientist")
    create_experiment(ada, name="one")
    own = last_event(workspace).id
    create_experiment(ada.with_(cause=own), name="two")
    assert last_event(workspace).cause == own
    came_of_it = follow(workspace, follow(workspace, own))
    create_experiment(ada.with_(cause=came_of_it), name="three")
    assert last_event(workspace).cause == came_of_it


def test_what_others_did_is_not_a_cause_of_ones_own(workspace, served_as):
    ada, foreign = served_as("ada", "data-scientist"), follow(workspace, None)
    with pytest.raises(errors.Forbidden, match="may not cite"):
        create_experiment(ada.with_(cause=foreign), name="one")
    told = last_event(workspace)
    assert (told.type, told.data) == ("access.denied", {"permission": "event:cite"})
    assert list_experiments(workspace).items == []
    eva = served_as("eva", "engineer")
    create_experiment(eva.with_(cause=foreign), name="one")
    assert last_event(workspace).cause == foreign


def test_a_cause_that_there_is_not_is_refused_to_everybody(workspace, remote, served_as):
    for ws in (remote, served_as("ada", "data-scientist")):
        with pytest.raises(errors.InvalidInput) as caught:
            create_experiment(ws.with_(cause="evt-" + "0" * 26), name="one")
        assert caught.value.field == "Meguru-Cause"


def test_a_long_chain_ends(workspace, served_as):
    ada, event = served_as("ada", "data-scientist"), None
    for _ in range(120):
        event = follow(workspace, event, by="system" if event else "ada")
    with pytest.raises(errors.Forbidden):
        create_experiment(ada.with_(cause=event), name="one")
