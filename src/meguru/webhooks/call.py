"""The job that makes one call of a webhook, again until it is taken."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.errors import MeguruError
from meguru.kernel import events
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.webhooks import cloud_event, store
from meguru.webhooks.adapters import message_of
from meguru.webhooks.deliveries import NOTE, of_call, record_call
from meguru.webhooks.kind import WEBHOOK
from meguru.webhooks.secrets import open_secret
from meguru.webhooks.send import send
from meguru.webhooks.types import DeliveryResponse, WebhookCall, WebhookMessage, WebhookState

ACTOR = system("webhooks")


class CallNotTaken(Exception):
    """The other side did not take a call; it may take it later."""


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What to tell: an event of ours, as it is in the log, or a call in the words of another protocol."""

    webhook: str
    event: str = ""
    said: dict[str, Any] = {}
    call: WebhookCall | None = None


class CallJob:
    """Handles jobs of kind ``webhook_call``; a crash in the middle makes the call again, with the same id."""

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Make the call; nothing is done for a webhook that is gone or switched off."""
        wanted = msgspec.convert(job.payload, _Payload)
        with ws.read() as tx:
            hook, kept = store.find(tx, wanted.webhook), store.secret_of(tx, wanted.webhook)
            topic, message = _topic_and_message(tx, wanted)
        if hook is None or hook.state is not WebhookState.ACTIVE:
            return
        lease.raise_if_stopped()
        # The same at each attempt, by the job's key: the receiver's idempotency key.
        delivery = str(uuid.uuid5(uuid.NAMESPACE_URL, job.key))
        try:
            secret = open_secret(ws, hook.id, kept)
        except MeguruError as error:
            # Unsigned it would be refused, or worse, be taken.
            answer = DeliveryResponse(error=f"{error.what}: {error.why}"[:500])
        else:
            answer = send(hook.url, message, secret=secret, delivery=delivery, settings=ws.settings)
        made = of_call(
            hook.id,
            topic,
            answer,
            delivery=delivery,
            at=ws.clock.now(),
            event=job.cause or "",
            attempt=job.attempt,
        )
        # Not fenced by the lease: a call that was made is written down, whoever has the job by now.
        NOTE.commit(ws.with_(principal=ACTOR), partial(record_call, call=made))
        if answer.is_taken:
            return
        why = answer.error or f"it answered {answer.status}"
        if answer.is_worth_another:
            raise CallNotTaken(why)
        self.abandon(ws, job, why)

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Tell in the log that a call was not taken."""
        wanted = msgspec.convert(job.payload, _Payload)
        with ws.read() as tx:
            topic = wanted.call.topic if wanted.call else events.get(tx, wanted.event).type
        tell = partial(_fail_call, webhook=wanted.webhook, topic=topic, why=why[:500])
        _FAIL.commit(ws.with_(principal=ACTOR, cause=job.cause), tell)


def _topic_and_message(tx: Connection, wanted: _Payload) -> tuple[str, WebhookMessage]:
    """Return what a call is about, and the call itself."""
    if wanted.call is not None:
        return wanted.call.topic, message_of(wanted.call)
    event = events.get(tx, wanted.event)
    return event.type, cloud_event.message_of(event, wanted.said)


def _fail_call(ctx: Context, *, webhook: str, topic: str, why: str) -> None:
    """Tell that a call was not taken, and won't be made again; nothing of a webhook that is gone."""
    # Removed while it was called: its event would be of no project, and open an alert that nobody can answer.
    if store.find(ctx.tx, webhook) is None:
        return
    ctx.emit("webhook.failed", f"webhook/{webhook}", data={"topic": topic, "why": why})


_FAIL = InternalOperation(WEBHOOK, "fail", evented=True)
HANDLER = CallJob()
