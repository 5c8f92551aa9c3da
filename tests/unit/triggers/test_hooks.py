"""Hooks: signed, once for each delivery, bounded, and with the test of a consumer's schema."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from starlette.testclient import TestClient

from meguru.errors import InvalidInput
from meguru.flavors import ColumnType, SignatureColumn
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel import events
from meguru.registry.client import add_model
from meguru.server.asgi import build
from meguru.serving.contracts.create import create as create_contract
from meguru.serving.create import create as create_endpoint
from meguru.testing.models import make_model
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.kinds.consumer import agreement
from meguru.webhooks.send import signature

pytest_plugins = ["meguru.testing.fixtures"]
SECRET = "correct horse battery"
PUSH = {
    "ref": "refs/heads/main",
    "before": "a" * 40,
    "after": "b" * 40,
    "repository": {"full_name": "team/models"},
    "sender": {"login": "anna"},
    "commits": [{"added": ["train/new.py"], "modified": ["train/step.py"], "removed": []}],
}


@pytest.fixture
def client(workspace, monkeypatch):
    monkeypatch.setenv("MEGURU_SOURCE_HOOK", SECRET)
    return TestClient(build(workspace, auth=True, any_host=True), raise_server_exceptions=False)


def make(workspace, hook="github", name="build", **on):
    given = {"hook": hook, "secret": "${MEGURU_SOURCE_HOOK}"} | on
    return triggers.create(workspace, name=name, on=given, action={"note": "done"})


def signed(body, secret=SECRET):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(body, delivery="d-1", event="push", secret=SECRET):
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={signed(body, secret)}",
        "Content-Type": "application/json",
    }


def log(workspace, type="hook.received"):
    with workspace.read() as tx:
        return events.read(tx, types=(type,), limit=1000)


def fired(workspace):
    Evaluator(workspace).step()
    return [each.state.value for each in triggers.history(workspace, name="build", limit=500).items]


def test_a_push_of_github_fires_once_also_when_it_is_sent_a_hundred_times(workspace, client):
    make(workspace)
    body = json.dumps(PUSH).encode()
    answers = [client.post("/hooks/build", content=body, headers=github(body)) for _ in range(100)]
    assert {each.status_code for each in answers} == {202}
    assert [each.json()["state"] for each in answers] == ["taken"] + ["known"] * 99
    (event,) = log(workspace)
    told = {name: event.data[name] for name in ("event", "repository", "branch", "commit", "sender", "paths")}
    assert told == {
        "event": "push",
        "repository": "team/models",
        "branch": "main",
        "commit": "b" * 40,
        "sender": "anna",
        "paths": ["train/new.py", "train/step.py"],
    }
    assert fired(workspace) == ["fired"]
    assert SECRET not in str(event.data)


def test_a_delivery_under_another_id_is_known_by_what_it_says(workspace, client):
    make(workspace)
    body = json.dumps(PUSH).encode()
    states = [
        client.post("/hooks/build", content=body, headers=github(body, delivery=each)).json()["state"]
        for each in ("d-1", "d-2")
    ]
    assert states == ["taken", "known"]


def test_gitlab_and_gitea_are_read_too(workspace, client):
    make(workspace, hook="gitlab", name="lab")
    make(workspace, hook="gitea", name="tea")
    push = {"ref": "refs/heads/main", "checkout_sha": "c", "project": {"path_with_namespace": "team/models"}}
    headers = {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": "u-1"}
    assert client.post("/hooks/lab", json=push, headers=headers).json() == {"state": "taken"}
    body = json.dumps(PUSH).encode()
    headers = {"X-Gitea-Event": "push", "X-Gitea-Delivery": "t", "X-Gitea-Signature": signed(body)}
    assert client.post("/hooks/tea", content=body, headers=headers).json() == {"state": "taken"}
    lab, tea = log(workspace)
    assert (lab.data["event"], lab.data["branch"], lab.data["commit"]) == ("push", "main", "c")
    assert (tea.data["event"], tea.data["repository"]) == ("push", "team/models")


def test_cloudevents_are_read_in_both_modes_and_one_event_is_one(workspace, client):
    make(workspace, hook="cloudevents")
    bearer = {"Authorization": f"Bearer {SECRET}"}
    whole = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "order.done", "data": {"n": 1}}
    structured = bearer | {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    binary = bearer | {f"ce-{name}": whole[name] for name in ("specversion", "id", "source", "type")}
    states = [
        client.post("/hooks/build", content=json.dumps(whole), headers=structured).json()["state"],
        client.post("/hooks/build", json={"n": 1}, headers=binary).json()["state"],
    ]
    assert states == ["taken", "known"]
    (event,) = log(workspace)
    assert (event.data["event"], event.data["repository"], event.data["body"]) == (
        "order.done",
        "/shop",
        {"n": 1},
    )


def test_a_signature_of_standard_webhooks_is_of_these_minutes(workspace, client, monkeypatch):
    key = base64.b64encode(b"0123456789abcdef").decode()
    monkeypatch.setenv("MEGURU_SOURCE_HOOK", f"whsec_{key}")
    make(workspace, hook="cloudevents")

    def post(moment, number):
        event = {"specversion": "1.0", "id": number, "source": "/m", "type": "x"}
        body = json.dumps(event).encode()
        text = f"{number}.{moment}.".encode() + body
        mark = f"v1,{base64.b64encode(hmac.new(b'0123456789abcdef', text, hashlib.sha256).digest()).decode()}"
        assert mark == signature(f"whsec_{key}", number, str(moment), body)  # so Meguru's own webhooks sign
        headers = {"webhook-id": number, "webhook-timestamp": str(moment), "webhook-signature": mark}
        headers["Content-Type"] = "application/cloudevents+json"
        return client.post("/hooks/build", content=body, headers=headers).status_code

    now = int(workspace.clock.now().timestamp())
    assert [post(now, "a"), post(now - 600, "b"), post(now + 600, "c")] == [202, 401, 401]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": f"sha256={signed(b'other')}"},
        {"X-Hub-Signature-256": signed(b"{}")},
        {"X-Hub-Signature-256": f"sha256={signed(b'{}', 'guessed')}"},
        {"X-Gitlab-Token": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"X-Hub-Signature-256": "sha256=\xe9".encode("latin-1")},
    ],
)
def test_what_is_not_signed_is_refused_and_nothing_is_kept(workspace, client, headers):
    make(workspace)
    answer = client.post("/hooks/build", content=b"{}", headers=headers)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert log(workspace) == log(workspace, "message.refused") == []


def test_hooks_that_are_none_are_all_alike(workspace, client):
    triggers.create(workspace, name="other", on={"event": "x.y"}, action={"note": "done"})
    answers = [client.post(f"/hooks/{name}", content=b"{}") for name in ("other", "nobody", "%00", "a%2Fb")]
    assert {each.status_code for each in answers} == {404}
    assert client.get("/hooks/other").status_code == 405


def test_a_body_that_is_too_long_is_not_read(workspace, client):
    make(workspace, max_bytes=100)
    body = b" " * 101
    assert client.post("/hooks/build", content=body, headers=github(body)).status_code == 413


@pytest.mark.parametrize("body", [b"?", b"[1]", b"[" * 4000, b'{"ref": ' + b"9" * 500 + b"}", b"\xff"])
def test_what_is_signed_and_cannot_be_read_is_a_dead_letter(workspace, client, body):
    make(workspace)
    for _ in range(2):
        client.post("/hooks/build", content=body, headers=github(body))
    (letter,) = triggers.dead_letters(workspace, name="build").items
    assert letter.size == len(body)
    assert len(log(workspace, "message.refused")) == 1
    assert fired(workspace) == []


def test_a_body_of_strange_types_is_read_without_harm(workspace, client):
    make(workspace)
    strange = {"ref": ["x"], "repository": 7, "commits": [None, {"added": "x", "removed": [1]}]}
    body = json.dumps(strange).encode()
    assert client.post("/hooks/build", content=body, headers=github(body)).status_code == 202
    (event,) = log(workspace)
    assert (event.data["branch"], event.data["repository"], event.data["paths"]) == ("", "", [])


def test_events_that_do_not_count_are_ignored(workspace, client):
    make(workspace, events=["push"])
    body = json.dumps(PUSH).encode()
    states = [
        client.post("/hooks/build", content=body, headers=github(body, event=each)).json()["state"]
        for each in ("ping", "star", "push")
    ]
    assert states == ["ignored", "ignored", "taken"]


def test_a_long_body_is_left_out_of_the_event(workspace, client):
    make(workspace)
    body = json.dumps(PUSH | {"more": "x" * 70_000}).encode()
    assert client.post("/hooks/build", content=body, headers=github(body)).status_code == 202
    (event,) = log(workspace)
    assert event.data["body"] is None
    assert event.data["branch"] == "main"


def test_a_secret_is_given_by_reference_and_needed(workspace, client, monkeypatch):
    with pytest.raises(InvalidInput, match="by reference"):
        make(workspace, secret="written out")
    with pytest.raises(InvalidInput, match="can't be named"):
        make(workspace, secret="${MEGURU_SECRET_KEY}")
    make(workspace)
    for value in (None, ""):
        monkeypatch.delenv("MEGURU_SOURCE_HOOK", raising=False)
        if value is not None:
            monkeypatch.setenv("MEGURU_SOURCE_HOOK", value)
        body = b"{}"
        assert client.post("/hooks/build", content=body, headers=github(body, secret="")).status_code in {
            401,
            409,
        }


def test_hooks_of_a_project_have_their_own_address(workspace, client):
    projects.declare(workspace, name="team", spec=ProjectSpec())
    make(workspace.with_(project="team"))
    body = b"{}"
    answers = [
        client.post(f"{where}/hooks/build", content=body, headers=github(body)).status_code
        for where in ("/projects/team", "", "/projects/nowhere")
    ]
    assert answers == [202, 404, 404]
    (event,) = log(workspace)
    assert (event.subject, event.project) == ("trigger/team/build", "team")


COLUMNS = [
    SignatureColumn(name="hour", type=ColumnType.DOUBLE),
    SignatureColumn(name="wind", type=ColumnType.DOUBLE),
]
NULLABLE = {"name": "hour", "type": "double", "nullable": True}


@pytest.fixture
def endpoint(workspace):
    add_model(workspace, "delay", make_model())
    create_endpoint(workspace, name="delay", model="delay")
    create_contract(workspace, endpoint="delay", columns=COLUMNS)
    return "delay"


def columns(**types):
    return {"columns": [{"name": name, "type": type} for name, type in types.items()]}


def test_the_schema_of_a_consumer_is_tested_and_says_every_fault(workspace, endpoint):
    whole = {"hour": "double", "wind": "double"}
    for declared, faults in (
        (columns(hour="double", wind="long", more="string"), []),
        (columns(hour="double"), ["wind is not sent"]),
        (columns(hour="string", wind="double"), ["hour is sent as string, and is double"]),
        (
            {"columns": [NULLABLE, {"name": "wind", "type": "double"}]},
            ["hour may be null where it is sent, and may not be"],
        ),
        ({"contract": 9} | columns(**whole), ["endpoint/delay has no contract 9"]),
    ):
        found = agreement(workspace, endpoint, declared)
        assert (found["faults"], found["agrees"]) == (faults, not faults)
    for declared in (None, [], b"?", b"{}", {"columns": [{"name": 1}]}):
        found = agreement(workspace, endpoint, declared)
        assert not found["agrees"]
        assert found["faults"]


def test_a_trigger_may_tell_by_the_test_of_the_schema(workspace, client, endpoint):
    on = {"hook": "cloudevents", "secret": "${MEGURU_SOURCE_HOOK}", "consumer": "delay"}
    triggers.create(workspace, name="build", on=on, action={"note": "done"}, filter="not contract['agrees']")
    for number, sent in enumerate((columns(hour="double", wind="double"), columns(hour="double"))):
        event = {"specversion": "1.0", "id": str(number), "source": "/app", "type": "app.built"}
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/cloudevents+json"}
        body = json.dumps(event | {"data": {"schema": sent}})
        assert client.post("/hooks/build", content=body, headers=headers).status_code == 202
    assert [each.data["contract"]["agrees"] for each in log(workspace)] == [True, False]
    assert sorted(fired(workspace)) == ["filtered", "fired"]
