"""Redis streams (and Valkey): a consumer group for each trigger."""

from __future__ import annotations

from functools import partial
from typing import Any

from meguru.triggers.kinds.brokers.base import (
    BROKER_OPTIONS,
    DefaultConnection,
    MessageHandler,
    MessageIdentity,
    Subscription,
    with_fallback_parser,
)

REDELIVER_AFTER_MS = 2000


def _as_bytes(raw: Any) -> Any:
    """Return an entry whose fields are no text as one with a body that shows them."""
    return {**raw, "data": {b"data": repr(raw["data"]).encode()}}


class RedisStreams(DefaultConnection):
    """Listens to a stream; the group begins with what comes after it was made."""

    async def open(self, wanted: Subscription, handle: MessageHandler) -> Any:
        """Return the broker: one reader of what is new, one of what was delivered and not acknowledged."""
        from faststream.middlewares import AckPolicy
        from faststream.redis import RedisBroker, StreamSub
        from faststream.redis.parser import BinaryMessageFormatV1

        broker = RedisBroker(wanted.url, message_format=BinaryMessageFormatV1, **BROKER_OPTIONS)
        reader = partial(
            StreamSub, wanted.topic, group=wanted.group, consumer=wanted.group, polling_interval=1000
        )
        # A consumer group redelivers nothing by itself: the second reader claims what stays pending.
        for each in (reader(max_records=20), reader(min_idle_time=REDELIVER_AFTER_MS)):
            broker.subscriber(
                stream=each, ack_policy=AckPolicy.MANUAL, parser=with_fallback_parser(_as_bytes)
            )(handle)
        return broker

    def identity(self, message: Any) -> MessageIdentity:
        """Return the id of the entry."""
        ids = message.raw_message["message_ids"]
        return MessageIdentity(place=ids[0].decode())
