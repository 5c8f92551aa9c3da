"""The follower of webhooks: reads the event log and enqueues their calls."""

from __future__ import annotations

import logging
import threading
from functools import partial

from meguru.errors import Conflict, MeguruError
from meguru.kernel import events
from meguru.kernel.kinds.event_patterns import matches
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.webhooks import store
from meguru.webhooks.adapters import adapters
from meguru.webhooks.enqueue import enqueue_event, enqueue_topics, includes_event, is_in_scope
from meguru.webhooks.kind import WEBHOOK
from meguru.webhooks.secrets import is_current, open_secret, seal
from meguru.webhooks.types import Webhook, WebhookState

log = logging.getLogger(__name__)
BATCH = 200


class WebhookFollower(Follower):
    """Promises calls until it is stopped.

    A call is a job, made in the transaction that moves the cursor beyond its event; so each is promised once,
    whoever is killed when, and made at least once.
    """

    name = "webhooks"

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._seen = 0
        self._hooks: list[Webhook] = []

    def step(self) -> int:
        """Promise the calls of everything that has happened by now; return how many."""
        with self.ws.read() as tx:
            head = events.head(tx)
            self._hooks = [
                webhook for webhook in store.all_webhooks(tx) if webhook.state is WebhookState.ACTIVE
            ]
            if not self._hooks:
                return 0
            oldest = min(hook.since_seq for hook in self._hooks)
            # Before the oldest, there was none to be told.
            after = max(store.cursor(tx), oldest, self._seen)
        count = 0
        while after < head:
            with self.ws.read() as tx:
                types = [each for each in events.types_between(tx, after, head) if self._is_told(each)]
                read = partial(events.read, tx, after=after, before=head + 1, limit=BATCH, types=types)
                found = read() if types else []
            until = found[-1].seq if len(found) == BATCH else head
            if found:
                count += _PROMISE.commit(
                    self.ws, partial(_promise_calls, types=types, after=after, until=until)
                )
            after = until
        # Kept in memory alone: events that nobody is told of cost no write. After a restart they are passed
        # over again, from the stored cursor on.
        self._seen = head
        return count

    def run(self, stop: threading.Event) -> None:
        """Promise calls as things happen, until `stop` is set."""
        self._seal_old()
        super().run(stop)

    def wakes(self, type: str) -> bool:
        """Tell whether an event is told of, or changes what is."""
        return type.startswith("webhook.") or self._is_told(type)

    def _is_told(self, type: str) -> bool:
        """Tell whether somebody may be told of an event of this type."""
        if any(matches(hook.events, type) for hook in self._hooks):
            return True
        return any(hook.topics for hook in self._hooks) and any(
            type in adapter.events for adapter in adapters()
        )

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


def _promise_calls(ctx: Context, *, types: list[str], after: int, until: int) -> int:
    """Promise the calls of the events that are not beyond `until`, and move the cursor there."""
    # Changes wait for each other (`Operation.alone`), so no other server moves the cursor meanwhile.
    cursor = max(store.cursor(ctx.tx), after)
    if cursor >= until:
        return 0
    hooks, count = store.all_webhooks(ctx.tx), 0
    for event in events.read(ctx.tx, after=cursor, before=until + 1, limit=BATCH, types=types):
        webhooks = [webhook for webhook in hooks if is_in_scope(webhook, event)]
        for hook in webhooks:
            if includes_event(hook, event):
                enqueue_event(ctx, hook, event)
                count += 1
        try:
            count += enqueue_topics(ctx, webhooks, event) if webhooks else 0
        except (MeguruError, LookupError, ValueError, TypeError, AttributeError):
            # One event that can't be told must not keep all later ones from being told.
            log.exception("no webhook can be told of event %s", event.id)
    store.set_cursor(ctx.tx, until)
    return count


_SEAL = InternalOperation(WEBHOOK, "seal")
_PROMISE = InternalOperation(WEBHOOK, "promise")
