"""The follower: reads the event log and promises the calls that webhooks are to make of it."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import Any

import msgspec

from meguru.errors import Conflict, MeguruError
from meguru.kernel import events, jobs
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.webhooks import store, topics
from meguru.webhooks.kind import WEBHOOK
from meguru.webhooks.secrets import is_current, open_secret, seal
from meguru.webhooks.types import Webhook, WebhookState

log = logging.getLogger(__name__)
BATCH = 200
MAX_ATTEMPTS = 10
"""With a pause that doubles from a second on, it is tried for some eight minutes."""
KIND = "webhook_call"


class CallPromiser(Follower):
    """Promises calls until it is stopped.

    A call is a job, made in the transaction that moves the cursor beyond its event; so each is promised once,
    whoever is killed when, and made at least once.
    """

    name = "webhooks"

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._seen = 0
        self._idle = False

    def step(self) -> int:
        """Promise the calls of everything that has happened by now; return how many."""
        with self.ws.read() as tx:
            head = events.head(tx)
            hooks = [each for each in store.all_webhooks(tx) if each.state is WebhookState.ACTIVE]
            self._idle = not hooks
            if not hooks:
                return 0
            oldest = min(each.since_seq for each in hooks)
            # Before the oldest, there was none to be told.
            after = max(store.cursor(tx), oldest, self._seen)
        count = 0
        while after < head:
            with self.ws.read() as tx:
                found = events.read(tx, after=after, before=head + 1, limit=BATCH, types=topics.EVENTS)
            for event in found:
                count += _PROMISE.commit(
                    self.ws.with_(cause=event.id), partial(_promise_calls, seq=event.seq)
                )
            after = found[-1].seq if len(found) == BATCH else head
        self._seen = head
        return count

    def run(self, stop: threading.Event) -> None:
        """Promise calls as things happen, until `stop` is set."""
        self._seal_old()
        super().run(stop)

    def wakes(self, type: str) -> bool:
        """Tell whether an event is told of, or changes what is."""
        return type.startswith("webhook.") or (type in topics.EVENTS and not self._idle)

    def _seal_old(self) -> None:
        """Seal the secrets that are in clear, or sealed in an old way or with an old key."""
        try:
            _SEAL.commit(self.ws, _seal_all)
        except MeguruError as error:
            log.warning("secrets of webhooks are kept in clear: %s; %s", error.why, error.hint)


def _seal_all(ctx: Context) -> int:
    """Seal the secrets that are not sealed as new ones are; return how many.

    One that no key opens any more stays as it is: its webhook tells of it when it is called.
    """
    count = 0
    for webhook, kept in store.secrets(ctx.tx).items():
        if kept[1] and is_current(ctx.ws, kept[0]):
            continue
        try:
            secret = open_secret(ctx.ws, webhook, kept)
        except Conflict as error:
            log.warning("%s of %s: %s", error.what, error.where, error.why)
            continue
        store.keep_secret(ctx.tx, webhook, seal(ctx.ws, webhook, secret))
        count += 1
    return count


def _promise_calls(ctx: Context, *, seq: int) -> int:
    """Promise the calls of one event, and move the cursor to it."""
    if store.cursor(ctx.tx) >= seq:
        return 0
    (event,) = events.read(ctx.tx, after=seq - 1, limit=1)
    count = 0
    try:
        calls = topics.calls_of(ctx.tx, event)
    except (ValueError, TypeError, AttributeError):
        # One event that can't be told must not keep all later ones from being told.
        log.exception("no webhook can be told of event %s", event.id)
        calls = []
    for number, call in enumerate(calls):
        for hook in store.all_webhooks(ctx.tx):
            if hook.project == event.project and _wants(hook, call.topic, seq):
                payload: dict[str, Any] = {"webhook": hook.id, "call": msgspec.to_builtins(call)}
                key = f"{hook.id}:{event.id}:{number}"
                jobs.enqueue(
                    ctx, kind=KIND, key=key, payload=payload, cause=event.id, max_attempts=MAX_ATTEMPTS
                )
                count += 1
    store.set_cursor(ctx.tx, seq)
    return count


def _wants(hook: Webhook, topic: str, seq: int) -> bool:
    return hook.state is WebhookState.ACTIVE and topic in hook.topics and seq > hook.since_seq


_SEAL = InternalOperation(WEBHOOK, "seal")
_PROMISE = InternalOperation(WEBHOOK, "promise")
