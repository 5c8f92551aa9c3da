"""RabbitMQ: a queue, which is declared durable if nobody has."""

from __future__ import annotations

from typing import Any

from meguru.triggers.kinds.brokers.base import (
    BROKER_OPTIONS,
    DefaultConnection,
    MessageHandler,
    MessageIdentity,
    Subscription,
)

PREFETCH = 20


class RabbitBroker(DefaultConnection):
    """Listens to a queue, which all its consumers share; bind one of its own for each trigger."""

    async def open(self, wanted: Subscription, handle: MessageHandler) -> Any:
        """Return the broker; an existing queue is taken as it is."""
        from faststream.middlewares import AckPolicy
        from faststream.rabbit import Channel, RabbitQueue
        from faststream.rabbit import RabbitBroker as Broker

        await _declared(wanted)
        broker = Broker(wanted.url, fail_fast=True, reconnect_interval=1.0, timeout=5, **BROKER_OPTIONS)
        queue = RabbitQueue(wanted.topic, declare=False)
        channel = Channel(prefetch_count=PREFETCH)
        broker.subscriber(queue, channel=channel, ack_policy=AckPolicy.MANUAL)(handle)
        return broker

    def identity(self, message: Any) -> MessageIdentity:
        """Return the id that the sender gave; a queue has no places."""
        raw = message.raw_message
        return MessageIdentity(id=raw.message_id or "", again=bool(raw.redelivered))


async def _declared(wanted: Subscription) -> None:
    """Declare the queue if it is not there."""
    from aio_pika import connect
    from aio_pika.exceptions import ChannelNotFoundEntity

    async with await connect(wanted.url, timeout=5) as connection:
        try:
            channel = await connection.channel()
            await channel.declare_queue(wanted.topic, passive=True)
        except ChannelNotFoundEntity:
            channel = await connection.channel()
            await channel.declare_queue(wanted.topic, durable=True)
