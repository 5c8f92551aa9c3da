"""MQTT 5: a session of its own for each trigger, which the broker keeps while we are away."""

from __future__ import annotations

from typing import Any

from meguru.triggers.kinds.brokers.base import (
    BROKER_OPTIONS,
    DefaultConnection,
    MessageHandler,
    MessageIdentity,
    Subscription,
)

SESSION_EXPIRY_SECONDS = 7 * 24 * 3600


class MqttTopics(DefaultConnection):
    """Listens to a topic (with ``+`` and ``#``) at quality of service 1: at least once."""

    async def open(self, wanted: Subscription, handle: MessageHandler) -> Any:
        """Return the broker."""
        from faststream.middlewares import AckPolicy
        from faststream.mqtt import MQTTBroker, QoS, ReconnectConfig

        broker = MQTTBroker(
            wanted.url,
            client_id=wanted.group,
            clean_session=False,
            session_expiry_interval=SESSION_EXPIRY_SECONDS,
            mqtt_connect_timeout=5.0,
            keepalive=15,
            reconnect=ReconnectConfig(enabled=False),
            **BROKER_OPTIONS,
        )
        broker.subscriber(wanted.topic, qos=QoS.AT_LEAST_ONCE, ack_policy=AckPolicy.MANUAL)(handle)
        return broker

    async def disconnect(self, opened: Any) -> None:
        """Disconnect without unsubscribing, as FastStream would: the session would then keep nothing."""
        for subscriber in opened.subscribers:
            subscriber._subscription = None  # noqa: SLF001 - there is no other way to leave a session as it is
        await opened.stop()

    def identity(self, message: Any) -> MessageIdentity:
        """Return the id among the user properties; a topic has no places."""
        return MessageIdentity(id=str(message.headers.get("message-id", "")))
