"""Webhooks that are told of our own events: CloudEvents, signed as Standard Webhooks are."""

import base64
import hashlib
import hmac
import time

import pytest

from meguru.errors import InvalidInput
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel.operations import Context
from meguru.kernel.operations.operation import Operation
from meguru.webhooks import manage, send, show
from meguru.webhooks.enqueue import enqueue_event
from meguru.webhooks.follow import WebhookFollower
from meguru.webhooks.types import CallHeaders, WebhookMessage

KEY = b"k" * 32


def happen(ws, type, subject, /, **data):
    def say(ctx: Context):
        return ctx.emit(type, subject, data=data)

    return Operation(say, "test.say", "test:write", query=False, evented=True)(ws)


def fail(ws):
    why = {"pipeline": "train", "version": 1, "step": "fit", "type": "ValueError", "message": "no rows"}
    return happen(ws, "pipeline_run.failed", "pipeline_run/run-1", **why)


def make_project(ws):
    projects.declare(ws, name="risk", spec=ProjectSpec(description="credit"))


def test_an_event_is_told_as_a_cloud_event(ws, receiver, settle):
    manage.create(ws, name="w", url=receiver.url, events=["pipeline_run.*"], secret="a secret of theirs")
    event = fail(ws)
    assert settle() == 1
    ((_, headers, body),) = receiver.calls
    (told,) = receiver.bodies()
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert (told["specversion"], told["id"], told["type"]) == ("1.0", event.id, "pipeline_run.failed")
    assert (told["subject"], told["source"]) == ("pipeline_run/run-1", "/projects/default")
    assert told["data"] == event.data
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(b"a secret of theirs", signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{wanted}"


def test_a_secret_of_standard_webhooks_is_the_base64_of_the_key():
    made = send.signature("whsec_" + base64.b64encode(KEY).decode(), "id", "1", b"body")
    wanted = base64.b64encode(hmac.new(KEY, b"id.1.body", hashlib.sha256).digest()).decode()
    assert made == f"v1,{wanted}"


def test_what_webhooks_do_is_told_only_where_it_was_asked_for_and_no_failure_of_such_news(
    ws, receiver, settle, clock
):
    manage.create(ws, name="all", url=receiver.url, events=["*"])
    manage.create(ws, name="own", url=receiver.url, events=["webhook.failed"])
    happen(ws, "webhook.failed", "webhook/gone", topic="release.promoted", why="404")
    happen(ws, "webhook.failed", "webhook/gone", topic="webhook.failed", why="404")
    settle()
    told = [(each["type"], each["data"].get("topic")) for each in receiver.bodies()]
    assert told == [("webhook.failed", "release.promoted")]


def test_events_are_told_within_a_project(ws, receiver, settle):
    make_project(ws)
    manage.create(
        ws, name="w", url=receiver.url, events=["webhook.tested", "webhook.changed"], project="risk"
    )
    other = manage.create(ws, name="v", url=receiver.url, events=["project.*"])
    manage.update(ws, webhook=other.id, description="of the default project")
    assert settle() == 0


@pytest.mark.parametrize("patterns", [["releas.*"], ["release.promotd"], ["[", "*"], [""]])
def test_a_pattern_that_no_event_can_match_is_refused(ws, patterns):
    with pytest.raises(InvalidInput, match="no event is called"):
        manage.create(ws, name="w", url="https://93.184.216.34/", events=patterns)


def test_a_webhook_needs_something_to_tell(ws):
    with pytest.raises(InvalidInput, match="non-empty"):
        manage.create(ws, name="w", url="https://93.184.216.34/")
    made = manage.create(ws, name="w", url="https://93.184.216.34/", topics=["prompt.created"])
    with pytest.raises(InvalidInput, match="non-empty"):
        manage.update(ws, webhook=made.id, topics=[])
    changed = manage.update(ws, webhook=made.id, topics=[], events=["release.*"])
    assert (changed.topics, changed.events) == ([], ["release.*"])


def test_one_that_is_told_of_both_gets_both_shapes(ws, client, receiver, settle, make_version):
    events_ = ["model_version.*"]
    manage.create(ws, name="w", url=receiver.url, events=events_, topics=["model_version.created"])
    make_version()
    settle()
    assert sorted("type" in each for each in receiver.bodies()) == [False, True]
    assert client.get("/api/2.0/mlflow/webhooks").json()["webhooks"][0]["events"]


def test_a_webhook_is_tried_with_an_example_of_an_event(ws, receiver):
    made = manage.create(ws, name="w", url=receiver.url, events=["release.*"])
    assert show.try_out(ws, webhook=made.id).is_taken
    assert show.try_out(ws, webhook=made.id, topic="release.promoted").is_taken
    assert [each["data"] for each in receiver.bodies()] == [{"example": True}] * 2
    with pytest.raises(InvalidInput, match="no topic"):
        show.try_out(ws, webhook=made.id, topic="nothing.at_all")


def test_a_call_on_purpose_is_made_once_for_each_key_with_what_is_said(ws, receiver, settle):
    hook = manage.create(ws, name="w", url=receiver.url, events=["release.*"])
    event = happen(ws, "webhook.failed", "webhook/gone", topic="x.y", why="404")

    def twice(ctx: Context):
        for _ in range(2):
            enqueue_event(ctx, hook, event, key="firing-1", said={"day": "2026-01-31"})
        ctx.emit("webhook.failed", "webhook/gone", data={"topic": "x.y", "why": "404"})

    Operation(twice, "test.twice", "test:write", query=False, evented=True)(ws)
    settle()
    (told,) = receiver.bodies()
    assert told["data"]["said"] == {"day": "2026-01-31"}


def test_a_receiver_that_answers_a_letter_at_a_time_is_cut_off(ws, monkeypatch):
    import socket
    import threading

    monkeypatch.setattr(send, "DEADLINE_SECONDS", 0.3)
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip():
        held, _ = listener.accept()
        with held:
            while not over.wait(0.05):
                try:
                    held.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    names = CallHeaders(id="a", stamp="b", signature="c")
    message = WebhookMessage(body=b"{}", content_type="text/plain", headers=names)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    began = time.monotonic()
    answer = send.send(url, message, secret="", delivery="1", settings=ws.settings)
    over.set()
    thread.join()
    listener.close()
    assert "no whole answer" in answer.error
    assert time.monotonic() - began < 60


def test_a_call_is_promised_once_by_two_followers(ws, receiver, settle):
    manage.create(ws, name="w", url=receiver.url, events=["pipeline_run.*"])
    fail(ws)
    assert [WebhookFollower(ws).step(), WebhookFollower(ws).step(), settle()] == [1, 0, 0]
    assert len(receiver.calls) == 1
