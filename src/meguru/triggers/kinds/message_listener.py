"""Listens at a message broker: what is delivered is committed, then acknowledged, one by one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from meguru.errors import MissingDependency
from meguru.triggers.arrivals.types import RawArrival, digest_of
from meguru.triggers.kinds.brokers.base import MessageBroker, MessageIdentity
from meguru.triggers.kinds.listening import Port

if TYPE_CHECKING:
    from meguru.triggers.kinds.message import OnMessage

PING_INTERVAL_SECONDS = 2.0
PING_TIMEOUT_SECONDS = 3.0
DISCONNECT_SECONDS = 5.0
_KEPT_HEADERS = ("content-type", "nats-msg-id", "message-id", "ce-id", "ce-type", "ce-source", "traceparent")
_MAX_HEADER = 200


class SourceLost(Exception):
    """A source does not answer, or says that it stopped."""


class MessageListener:
    """Listens for one trigger. A message that can't be committed ends it: the broker delivers it again."""

    def __init__(self, *, broker: MessageBroker, url: str, topic: str, kind: OnMessage) -> None:
        self._broker, self._url, self._topic, self._kind = broker, url, topic, kind

    async def run(self, port: Port) -> None:
        """Connect and hand over, until the broker is lost."""
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def handle(message: Any) -> None:
            try:
                # In this order: at least once. Acknowledged first, a crash in between would lose it; what
                # comes twice is known by its key.
                await port.take_raw(self.raw(message))
                await message.ack()
            except Exception as error:  # noqa: BLE001 - it is raised where the listener waits
                if not failed.done():
                    failed.set_exception(error)
                    failed.exception()  # it may be cancelled before it looks

        try:
            opened = await self._broker.open(self._kind.subscription(self._url, port.identity), handle)
        except ImportError as error:
            raise MissingDependency.of("messages", "faststream") from error
        try:
            await opened.start()
            await self._broker.ready(opened)
            await port.connected()
            await self._watch(opened, failed)
        finally:
            with suppress(Exception):  # of a broker that is gone one can't take leave
                await asyncio.wait_for(self._broker.disconnect(opened), DISCONNECT_SECONDS)

    async def _watch(self, opened: Any, failed: asyncio.Future[None]) -> None:
        while True:
            await asyncio.wait({failed}, timeout=PING_INTERVAL_SECONDS)
            if failed.done():
                failed.result()
            if not await opened.ping(PING_TIMEOUT_SECONDS):
                raise SourceLost("the broker does not answer")
            if not all(subscriber.running for subscriber in opened.subscribers):
                raise SourceLost("the broker ended the subscription")

    def raw(self, message: Any) -> RawArrival:
        """Return the bytes of a message, and by what it is known."""
        body = bytes(message.body)
        identity = self._broker.identity(message)
        key, within = message_key(identity, body, self._kind.same_within)
        headers = {name.lower(): str(value)[:_MAX_HEADER] for name, value in (message.headers or {}).items()}
        kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        return RawArrival(key=key, source=self._topic, body=body, headers=kept, within=within)


def message_key(known: MessageIdentity, body: bytes, same_within: float) -> tuple[str, float | None]:
    """Return the key of a message, and how long it counts as the same (None: always)."""
    if known.id:
        return f"id:{known.id}", None
    if known.place:
        return f"at:{known.place}", None
    return digest_of(body), None if known.again else same_within
