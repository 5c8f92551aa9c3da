"""Message brokers, by the scheme of their URL: the family of those that a trigger may listen to."""

from meguru.base.plugins import PluginFamily
from meguru.triggers.kinds.brokers.base import MessageBroker, Subscription

BROKERS = PluginFamily(
    "message broker",
    {
        "amqp": "meguru.triggers.kinds.brokers.rabbit:RabbitBroker",
        "kafka": "meguru.triggers.kinds.brokers.kafka:KafkaTopics",
        "mqtt": "meguru.triggers.kinds.brokers.mqtt:MqttTopics",
        "nats": "meguru.triggers.kinds.brokers.nats:NatsSubjects",
        "redis": "meguru.triggers.kinds.brokers.redis:RedisStreams",
    },
)
SECURE = {"amqps": "amqp", "kafkas": "kafka", "mqtts": "mqtt", "tls": "nats", "rediss": "redis"}
"""Schemes of the same brokers behind TLS."""

__all__ = ["BROKERS", "SECURE", "MessageBroker", "Subscription"]
