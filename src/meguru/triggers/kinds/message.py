"""Wake on a message of a broker: NATS, Kafka, RabbitMQ, Redis streams, MQTT."""

from __future__ import annotations

import hashlib
from typing import ClassVar, Literal
from urllib.parse import urlsplit

import msgspec

from meguru.base.source_secrets import Secrets, check_url
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals.content import JsonType, check_fields, find_field, read_json, read_text
from meguru.triggers.arrivals.types import RawArrival, SourceArrival, digest_of
from meguru.triggers.kinds.brokers import BROKERS, SECURE, MessageBroker, Subscription
from meguru.triggers.kinds.listening import ByArrivals
from meguru.triggers.kinds.message_listener import MessageListener

MAX_BYTES = 1024 * 1024


class OnMessage(ByArrivals, frozen=True, kw_only=True):
    """``{"message": "mlops.retrain", "broker": "nats://user:${MEGURU_SOURCE_NATS}@host:4222"}``.

    `message` is the subject, topic, queue or stream. A message counts once: by the field `id` of its body, or
    the id that its sender gave it, or its place at the broker; without any of them by its content, for
    `same_within` seconds. `expects` names the fields that its body must have, with their JSON types.
    """

    key: ClassVar[str] = "message"
    arrives: ClassVar[str] = "message.received"

    message: str
    broker: str
    id: str = ""
    format: Literal["json", "text"] = "json"
    expects: dict[str, JsonType] = msgspec.field(default_factory=dict)
    max_bytes: int = 65536
    same_within: float = 300.0

    def check(self, ctx: Context) -> None:
        """Refuse a broker that is none of ours, a password that is written out, and impossible limits."""
        del ctx
        check_url(self.broker, "on.broker")
        self._broker()
        if not self.message.strip() or len(self.message) > 200:
            raise InvalidInput("say what to listen to, in 200 letters at most", field="on.message")
        if not 1 <= self.max_bytes <= MAX_BYTES:
            raise InvalidInput(f"max_bytes is between 1 and {MAX_BYTES}", field="on.max_bytes")
        if not self.same_within >= 0:
            raise InvalidInput("same_within is zero or more seconds", field="on.same_within")
        if self.format == "text" and (self.expects or self.id):
            raise InvalidInput("text has no fields", hint='leave "format" out', field="on.expects")

    def listener(self, ws: Workspace, secrets: Secrets) -> MessageListener:
        """Return what listens at the broker."""
        del ws
        url = secrets.open_url(self.broker, "on.broker")
        return MessageListener(broker=self._broker(), url=url, topic=self.message, kind=self)

    def read(self, ws: Workspace, raw: RawArrival) -> SourceArrival:
        """Return the event of a message."""
        del ws
        if len(raw.body) > self.max_bytes:
            size = len(raw.body)
            raise InvalidInput(f"a message has {self.max_bytes} bytes at most", why=f"this one has {size}")
        body = read_json(raw.body) if self.format == "json" else read_text(raw.body)
        check_fields(body, self.expects)
        key, within = raw.key, raw.within
        if self.id:
            key, within = f"id:{find_field(body, self.id)}", None
        data = {
            "source": raw.source,
            "body": body,
            "size": len(raw.body),
            "digest": digest_of(raw.body),
            "headers": raw.headers,
        }
        return SourceArrival(key=key, type=self.arrives, data=data, within=within)

    def subscription(self, url: str, trigger: str) -> Subscription:
        """Return what to listen to, under a name of the trigger's own."""
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in trigger)
        mark = hashlib.sha256(f"{trigger}\0{self.message}".encode()).hexdigest()[:8]
        return Subscription(url=url, topic=self.message, group=f"meguru-{plain[:60]}-{mark}")

    def _broker(self) -> MessageBroker:
        scheme = urlsplit(self.broker).scheme
        try:
            broker: MessageBroker = BROKERS.load(SECURE.get(scheme, scheme))()
        except NotFound as error:
            known = ", ".join(f"{name}://" for name in BROKERS.names())
            raise InvalidInput(
                f"{scheme or 'it'} is no broker", why=f"one of {known}", field="on.broker"
            ) from error
        return broker
