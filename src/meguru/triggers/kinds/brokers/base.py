"""What a message broker promises: messages are handed over one by one, and acknowledged after that only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias

import msgspec

MessageHandler: TypeAlias = Callable[[Any], Awaitable[None]]
"""Takes a message of FastStream; returns when it is committed and acknowledged."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What to listen to: a topic, subject, queue or stream, at a URL with its secrets in it.

    `group` is the name under which the broker remembers what we acknowledged; each trigger has its own.
    """

    url: str
    topic: str
    group: str


class MessageIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """By what a message is known: its place at the broker, or the id that its sender gave it.

    With neither, its content decides; `again` tells that the broker says it delivers it again.
    """

    place: str = ""
    id: str = ""
    again: bool = False


class MessageBroker(Protocol):
    """One broker's way of delivering; a frozen struct with the parts of the subscription that it needs."""

    async def open(self, wanted: Subscription, handle: MessageHandler) -> Any:
        """Return a broker of FastStream that delivers to `handle` once it is started.

        What it delivers is acknowledged by `handle`; what is not is delivered again, to the next that opens.
        """
        ...

    async def ready(self, opened: Any) -> None:
        """Wait until what comes from now on is delivered, once it is started."""
        ...

    async def disconnect(self, opened: Any) -> None:
        """Disconnect; the broker keeps what comes meanwhile, where it can."""
        ...

    def identity(self, message: Any) -> MessageIdentity:
        """Tell by what a message is known."""
        ...


class DefaultConnection:
    """Connects and disconnects as FastStream does it."""

    async def ready(self, opened: Any) -> None:
        """Wait for nothing: it is ready when it is started."""

    async def disconnect(self, opened: Any) -> None:
        """Disconnect."""
        await opened.stop()


def raw_decoder(message: Any) -> Any:
    """Return a message as it came: FastStream's own decoding would fail where we keep a dead letter."""
    return message


def with_fallback_parser(plain: Callable[[Any], Any]) -> Callable[[Any, Any], Awaitable[Any]]:
    """Return a parser for what FastStream's own fails at: it would be skipped, and lost.

    `plain` makes of a raw message one that can be parsed, and is a dead letter then.
    """

    async def parse(raw: Any, usual: Any) -> Any:
        try:
            return await usual(raw)
        except Exception:  # noqa: BLE001 - whatever a stranger wrote into it
            return await usual(plain(raw))

    return parse


BROKER_OPTIONS: dict[str, Any] = {
    "apply_types": False,
    "logger": None,  # it would log what messages hold, and where the broker is
    "decoder": raw_decoder,
    "graceful_timeout": 5.0,
}
"""What all brokers are made with."""
