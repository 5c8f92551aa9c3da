"""Webhooks: what is told to whom, signed how, and what happens when it is not taken."""

import base64
import hashlib
import hmac
import json
import logging
from datetime import timedelta

import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.operations.operation import Operation
from meguru.mlflow.registry.topics import TOPICS
from meguru.webhooks import call, manage, show
from meguru.webhooks.addresses import addresses_of, check_url, is_public
from meguru.webhooks.follow import WebhookFollower
from meguru.webhooks.types import DeliveryResponse, WebhookState

API = "/api/2.0/mlflow"
SECRET = "a secret of theirs"


def test_everything_that_happens_to_a_model_is_told_in_mlflows_words(
    client, ws, receiver, settle, make_version, post
):
    manage.create(ws, name="all", url=receiver.url, topics=list(TOPICS))
    make_version()
    which = {"name": "m", "version": "1"}
    post("model-versions/set-tag", **which, key="t", value="x")
    client.request("DELETE", f"{API}/model-versions/delete-tag", json={**which, "key": "t"})
    post("registered-models/alias", **which, alias="best")
    client.request("DELETE", f"{API}/registered-models/alias", json={"name": "m", "alias": "best"})
    post("model-versions/transition-stage", **which, stage="Staging", archive_existing_versions=False)
    assert settle() == 6
    told = [(each["entity"], each["action"], each["data"]) for each in receiver.bodies()]
    assert told == [
        ("registered_model", "created", {"name": "m", "tags": {"a": "b"}, "description": "d"}),
        (
            "model_version",
            "created",
            {**which, "source": "s3://b/m", "run_id": None, "tags": {"k": "v"}, "description": None},
        ),
        ("model_version_tag", "set", {**which, "key": "t", "value": "x"}),
        ("model_version_tag", "deleted", {**which, "key": "t"}),
        ("model_version_alias", "created", {"name": "m", "alias": "best", "version": "1"}),
        ("model_version_alias", "deleted", {"name": "m", "alias": "best"}),
    ]


def test_a_prompt_is_told_as_a_prompt(client, ws, receiver, settle, post):
    manage.create(ws, name="all", url=receiver.url, topics=list(TOPICS))
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    post("registered-models/create", name="p", tags=prompt)
    tags = [*prompt, {"key": "mlflow.prompt.text", "value": "Hi {{x}}"}]
    post("model-versions/create", name="p", source="prompt-template", tags=tags)
    settle()
    assert [each["entity"] for each in receiver.bodies()] == ["prompt", "prompt_version"]
    assert receiver.bodies()[1]["data"]["template"] == "Hi {{x}}"


def test_a_webhook_is_told_of_its_topics_since_it_was_made_and_while_it_is_on(
    client, ws, receiver, settle, make_version
):
    make_version("before")
    made = manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"])
    make_version("one")
    assert settle() == 1
    manage.update(ws, webhook=made.id, state=WebhookState.DISABLED)
    make_version("off")
    manage.update(ws, webhook=made.id, state=WebhookState.ACTIVE)
    make_version("two")
    WebhookFollower(ws).step()
    settle()
    assert [each["data"]["name"] for each in receiver.bodies()] == ["one", "two"]


def test_an_older_webhook_does_not_bring_a_newer_one_what_was_before_it(
    client, ws, receiver, settle, make_version
):
    topics = ["registered_model.created"]
    older, newer = receiver.url.replace("a=1", "a=older"), receiver.url.replace("a=1", "a=newer")
    manage.create(ws, name="older", url=older, topics=topics)
    make_version("before")
    manage.create(ws, name="newer", url=newer, topics=topics)
    make_version("after")
    assert settle() == 3
    told = sorted((path, json.loads(body)["data"]["name"]) for path, _, body in receiver.calls)
    assert told == [("/hook?a=newer", "after"), ("/hook?a=older", "after"), ("/hook?a=older", "before")]


def test_a_call_is_promised_once_however_many_follow_the_log(client, ws, receiver, settle, make_version):
    manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"])
    make_version()
    assert [WebhookFollower(ws).step(), WebhookFollower(ws).step(), settle()] == [1, 0, 0]
    assert len(receiver.calls) == 1


def test_an_event_that_can_not_be_told_holds_nothing_up(client, ws, receiver, settle, caplog, make_version):
    def say(ctx):
        told = {"model": "no-version", "version": 1, "source": "s3://b/m", "reason": "it can't be read"}
        ctx.emit("model_version.unverified", "model/no-version", data=told)

    manage.create(ws, name="w", url=receiver.url, topics=list(TOPICS))
    Operation(say, "test.say", "test:write", query=False, evented=True)(ws)
    make_version()
    assert settle() >= 1
    assert "registered_model" in {each["entity"] for each in receiver.bodies()}
    assert "no webhook can be told" in caplog.text


def test_a_call_is_signed_with_the_secret_over_its_id_its_time_and_its_body(
    client, ws, receiver, settle, make_version
):
    manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"], secret=SECRET)
    make_version()
    settle()
    ((path, headers, body),) = receiver.calls
    assert path == "/hook?a=1"
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["X-MLflow-Signature"] == f"v1,{wanted}"


def test_a_secret_is_shown_nowhere(client, ws, receiver, settle, caplog, make_version, post):
    caplog.set_level(logging.DEBUG)
    receiver.statuses = [500, 403]
    body = {"name": "w", "url": receiver.url, "secret": SECRET}
    body["events"] = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
    made = client.post(f"{API}/webhooks", json=body)
    make_version()
    settle()
    identity = made.json()["webhook"]["webhook_id"]
    tried = client.post(f"{API}/webhooks/{identity}/test", json={})
    shown = [made.text, tried.text, client.get(f"{API}/webhooks").text, repr(show.show(ws, webhook=identity))]
    with ws.read() as tx:
        shown += [repr(events.read(tx, after=0, limit=1000)), caplog.text]
    assert not [text for text in shown if SECRET in text]
    assert show.show(ws, webhook=identity).has_secret


def test_a_call_that_is_not_taken_is_made_again_with_the_same_id(
    client, ws, receiver, settle, clock, make_version
):
    receiver.statuses = [500, 429]
    manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"])
    make_version()
    settle()
    settle()
    assert len(receiver.calls) == 1
    for seconds in (1, 2):
        clock.move(timedelta(seconds=seconds))
        settle()
    assert len({headers["X-MLflow-Delivery-Id"] for _, headers, _ in receiver.calls}) == 1
    assert len(receiver.calls) == 3


@pytest.mark.parametrize("statuses", [[404], [302], [500] * 10])
def test_a_call_that_is_refused_or_never_taken_is_told_in_the_log(
    client, ws, receiver, settle, clock, statuses, make_version
):
    receiver.statuses = list(statuses)
    manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"])
    make_version()
    for _ in range(12):
        settle()
        clock.move(timedelta(minutes=10))
    if statuses == [302]:  # it is not followed, so nobody took the call
        assert [path for path, _, _ in receiver.calls] == ["/hook?a=1"]
    assert len(receiver.calls) == len(statuses)
    with ws.read() as tx:
        (told,) = events.read(tx, after=0, types=("webhook.failed",))
    assert told.data["topic"] == "registered_model.created"


def test_nobody_is_called_who_was_removed_meanwhile(client, ws, receiver, settle, make_version):
    made = manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"])
    make_version()
    WebhookFollower(ws).step()
    manage.delete(ws, webhook=made.id)
    settle()
    assert receiver.calls == []
    with pytest.raises(NotFound):
        show.show(ws, webhook=made.id)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_webhook_is_tried_with_an_example_of_each_topic(ws, receiver, topic):
    made = manage.create(ws, name="w", url=receiver.url, topics=[topic])
    answer = show.try_out(ws, webhook=made.id)
    assert (answer.status, answer.body, answer.is_taken) == (200, "taken", True)
    (told,) = receiver.bodies()
    assert f"{told['entity']}.{told['action']}" == topic
    assert told["data"]["name"].startswith("example_")


def test_what_can_not_be_reached_is_told_when_it_is_tried(ws):
    made = manage.create(ws, name="w", url="http://127.0.0.1:1/x", topics=[TOPICS[0]])
    answer = show.try_out(ws, webhook=made.id)
    assert (answer.status, answer.is_taken) == (0, False)
    assert "Refused" in answer.error


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("   ", "cannot be empty"),
        ("ftp://example.com", "Invalid webhook URL scheme"),
        ("http://example.com/x", "Invalid webhook URL scheme"),
        ("https://[nonsense", "Invalid webhook URL"),
        ("https:///path", "must include a hostname"),
        ("https://127.0.0.1/x", "non-public"),
        ("https://10.0.0.8/x", "non-public"),
        ("https://169.254.169.254/latest/meta-data", "non-public"),
        ("https://[::1]/", "non-public"),
        ("https://[::ffff:192.168.0.1]/", "non-public"),
        ("https://localhost/x", "non-public"),
        ("https://2130706433/", "non-public"),
        ("https://user:word@93.184.216.34/", "no user"),
        ("https://93.184.216.34/a b", "Invalid webhook URL"),
    ],
)
def test_a_webhook_goes_by_https_to_the_open_internet_only(workspace, url, words):
    with pytest.raises(InvalidInput, match=words):
        manage.create(workspace, name="w", url=url, topics=[TOPICS[0]])


def test_an_address_is_checked_again_when_it_is_called(workspace, receiver):
    # A name whose address was changed after the webhook was made gets no call.
    with pytest.raises(InvalidInput, match="non-public"):
        addresses_of("127.0.0.1", workspace.settings)
    assert check_url("https://93.184.216.34/x", workspace.settings).hostname == "93.184.216.34"


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.216.34", True), ("100.64.0.1", False), ("64:ff9b::a00:1", False), ("2002:7f00:1::", False)],
)
def test_a_private_address_in_the_clothes_of_another_is_private(address, public):
    from ipaddress import ip_address

    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "-x"}, "Webhook name"),
        ({"events": []}, "Missing value for required parameter 'events'"),
        ({"events": [{"entity": "MODEL", "action": "CREATED"}]}, "Invalid value"),
        ({"events": [{"entity": "MODEL_VERSION", "action": "SET"}]}, "Invalid action 'set'"),
        ({"status": "SLEEPY"}, "Invalid value"),
        ({"secret": "x" * 1001}, "at most"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_refused_in_the_protocols_words(client, body, words, post):
    given = {"name": "w", "url": "https://93.184.216.34/", "events": [{"entity": 2, "action": 1}]} | body
    answer = client.post(f"{API}/webhooks", json=given)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert words in answer.json()["message"]


def test_webhooks_are_listed_page_by_page_changed_and_removed(client, ws, clock):
    for number in range(3):
        clock.move(timedelta(seconds=1))
        manage.create(ws, name=f"w{number}", url="https://93.184.216.34/", topics=[TOPICS[0]])
    first = client.get(f"{API}/webhooks", params={"max_results": 2}).json()
    rest = client.get(f"{API}/webhooks", params={"page_token": first["next_page_token"]}).json()
    assert [each["name"] for each in first["webhooks"] + rest["webhooks"]] == ["w2", "w1", "w0"]
    identity = rest["webhooks"][0]["webhook_id"]
    changed = client.patch(f"{API}/webhooks/{identity}", json={"name": "new", "status": "DISABLED"})
    shown = client.get(f"{API}/webhooks/{identity}").json()
    assert shown == changed.json()
    assert (shown["webhook"]["name"], shown["webhook"]["status"]) == ("new", "DISABLED")
    assert shown["webhook"]["events"] == [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
    assert client.request("DELETE", f"{API}/webhooks/{identity}").json() == {}
    gone = client.get(f"{API}/webhooks/{identity}")
    assert (gone.status_code, gone.json()["message"]) == (404, f"Webhook with ID {identity} not found.")


def test_nothing_is_told_of_a_webhook_that_is_removed_while_it_is_called(
    client, ws, receiver, settle, make_version, monkeypatch
):
    made = manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"])
    make_version()

    def send_and_remove(*given, **more):
        manage.delete(ws, webhook=made.id)
        return DeliveryResponse(status=404)

    monkeypatch.setattr(call, "send", send_and_remove)
    settle()
    with ws.read() as tx:
        assert events.read(tx, types=("webhook.failed",)) == []


def test_a_name_is_looked_up_before_a_change_keeps_writers_waiting(ws, monkeypatch):
    made = manage.create(ws, name="w", url="http://127.0.0.1:1/", events=["release.*"])
    written = []

    def look_up(*_, **__):
        written.append(manage.create(ws, name="other", url="http://127.0.0.1:1/", events=["release.*"]))

    monkeypatch.setattr(manage, "check_url", lambda *_: monkeypatch.undo() or look_up())
    manage.update(ws, webhook=made.id, url="http://127.0.0.1:2/")
    assert len(written) == 1
