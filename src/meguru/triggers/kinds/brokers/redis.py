"""Redis streams (and Valkey): a consumer group for each trigger."""

from __future__ import annotations

from functools import partial
from typing import Any

from meguru.triggers.kinds.brokers.base import QUIET, Handle, Identity, Leaving, Subscription, tolerant

AGAIN_MILLISECONDS = 2000


def _as_bytes(raw: Any) -> Any:
    """Return an entry whose fields are no text as one with a body that shows them."""
    return {**raw, "data": {b"data": repr(raw["data"]).encode()}}


class RedisStreams(Leaving):
    """Listens to a stream; the group begins with what comes after it was made."""

    async def open(self, wanted: Subscription, handle: Handle) -> Any:
        """Return the broker: one reader of what is new, one of what was delivered and not acknowledged."""
        from faststream.middlewares import AckPolicy
        from faststream.redis import RedisBroker, StreamSub
        from faststream.redis.parser import BinaryMessageFormatV1

        broker = RedisBroker(wanted.url, message_format=BinaryMessageFormatV1, **QUIET)
        reader = partial(
            StreamSub, wanted.topic, group=wanted.group, consumer=wanted.group, polling_interval=1000
        )
        for each in (reader(max_records=20), reader(min_idle_time=AGAIN_MILLISECONDS)):
            broker.subscriber(stream=each, ack_policy=AckPolicy.MANUAL, parser=tolerant(_as_bytes))(handle)
        return broker

    def identity(self, message: Any) -> Identity:
        """Return the id of the entry."""
        ids = message.raw_message["message_ids"]
        return Identity(place=ids[0].decode())
