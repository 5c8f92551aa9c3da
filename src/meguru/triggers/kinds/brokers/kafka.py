"""Kafka: a consumer group for each trigger, which begins with what comes after it was made."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from meguru.errors import InvalidInput
from meguru.triggers.kinds.brokers.base import (
    BROKER_OPTIONS,
    DefaultConnection,
    MessageHandler,
    MessageIdentity,
    Subscription,
    with_fallback_parser,
)

ASSIGN_SECONDS = 15.0
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class KafkaTopics(DefaultConnection):
    """Listens to a topic; the offset is committed after each message, one at a time."""

    async def open(self, wanted: Subscription, handle: MessageHandler) -> Any:
        """Return the broker."""
        from faststream.kafka import KafkaBroker
        from faststream.middlewares import AckPolicy

        servers, security = read_url(wanted.url)
        broker = KafkaBroker(servers, security=security, request_timeout_ms=5000, **BROKER_OPTIONS)
        start = self._start = beginning()
        start.subscriber = broker.subscriber(
            wanted.topic,
            group_id=wanted.group,
            auto_offset_reset="latest",
            listener=start,
            ack_policy=AckPolicy.MANUAL,
            parser=with_fallback_parser(_without_headers),
        )
        start.subscriber(handle)
        return broker

    async def ready(self, opened: Any) -> None:
        """Wait until the group has its partitions; of several members, one may have none."""
        del opened
        with suppress(TimeoutError):
            await asyncio.wait_for(self._start.done.wait(), ASSIGN_SECONDS)

    def identity(self, message: Any) -> MessageIdentity:
        """Return partition and offset."""
        raw = message.raw_message
        return MessageIdentity(place=f"{raw.topic}:{raw.partition}:{raw.offset}")


def _without_headers(raw: Any) -> Any:
    """Return a message without its headers, which need not be text."""
    return dataclasses.replace(raw, headers=())


def beginning() -> Any:
    """Return what fixes where a new group begins, before it reads anything.

    A group that has committed nothing would else begin at the end again after a restart, and miss what came
    meanwhile.
    """
    from aiokafka.abc import ConsumerRebalanceListener

    class Beginning(ConsumerRebalanceListener):  # type: ignore[misc]
        subscriber: Any = None

        def __init__(self) -> None:
            self.done = asyncio.Event()

        def on_partitions_revoked(self, revoked: Any) -> None:
            """Do nothing: what was handed over is committed."""

        async def on_partitions_assigned(self, assigned: Any) -> None:
            """Commit the present end of each partition that has no offset."""
            consumer = self.subscriber.consumer
            new = [each for each in assigned if await consumer.committed(each) is None]
            if new:
                # Committed and sought: the commit is for the next start, the seek for this consumer, which
                # has looked up its offsets before.
                ends = await consumer.end_offsets(new)
                await consumer.commit(ends)
                for each, offset in ends.items():
                    consumer.seek(each, offset)
            self.done.set()

    return Beginning()


def read_url(url: str) -> tuple[list[str], Any]:
    """Return servers and credentials of ``kafka://user:password@host:9092,host2:9092?mechanism=PLAIN``."""
    from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    servers = [each if ":" in each else f"{each}:9092" for each in place.split(",") if each]
    secure = parts.scheme == "kafkas"
    if parts.username is None:
        return servers, BaseSecurity(use_ssl=secure)
    mechanism = parse_qs(parts.query).get("mechanism", ["PLAIN"])[0].upper()
    if mechanism not in MECHANISMS:
        raise InvalidInput(f"there is no mechanism {mechanism!r}", hint=f"one of {', '.join(MECHANISMS)}")
    made = dict(zip(MECHANISMS, (SASLPlaintext, SASLScram256, SASLScram512), strict=True))[mechanism]
    return servers, made(
        username=unquote(parts.username), password=unquote(parts.password or ""), use_ssl=secure
    )
