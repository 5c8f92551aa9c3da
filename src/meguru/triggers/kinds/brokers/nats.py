"""NATS: JetStream where a stream keeps the subject, else the core, which keeps nothing for who is away."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from meguru.triggers.kinds.brokers.base import (
    BROKER_OPTIONS,
    DefaultConnection,
    MessageHandler,
    MessageIdentity,
    Subscription,
)

ACK_SECONDS = 10.0
MAX_ACK_PENDING = 20
_FORBIDDEN = "permissions violation"
"""How NATS begins to say what a user may not do."""
_NO_RECONNECT: dict[str, Any] = {
    "allow_reconnect": False,
    "connect_timeout": 5,
    "max_reconnect_attempts": 1,  # with 0 it would try for ever, even for the first connection
    "reconnect_time_wait": 0.1,
}


class NatsSubjects(DefaultConnection):
    """Listens to a subject; JetStream's durable consumer begins with what comes after it was made."""

    async def open(self, wanted: Subscription, handle: MessageHandler) -> Any:
        """Return the broker; which of both it is, the server tells."""
        from faststream.middlewares import AckPolicy
        from faststream.nats import JStream, NatsBroker
        from faststream.security import SASLPlaintext
        from nats.js.api import ConsumerConfig, DeliverPolicy

        server, who = _server_and_user(wanted.url)
        security = None
        if who:
            over_tls = wanted.url.startswith("tls://")
            security = SASLPlaintext(username=who["user"], password=who["password"], use_ssl=over_tls)
        broker = NatsBroker(server, security=security, **_NO_RECONNECT, **BROKER_OPTIONS)
        stream = await _stream_of(wanted)
        if stream:
            broker.subscriber(
                wanted.topic,
                stream=JStream(stream, declare=False),
                queue=wanted.group,
                # Pushed: a pull of FastStream 0.7 never yields once its connection is closed.
                config=ConsumerConfig(
                    ack_wait=ACK_SECONDS, deliver_policy=DeliverPolicy.NEW, max_ack_pending=MAX_ACK_PENDING
                ),
                ack_policy=AckPolicy.MANUAL,
            )(handle)
        else:
            broker.subscriber(wanted.topic, queue=wanted.group, ack_policy=AckPolicy.MANUAL)(handle)
        return broker

    def identity(self, message: Any) -> MessageIdentity:
        """Return the sequence in the stream; of the core, what the sender wrote into the header."""
        raw = message.raw_message
        given = (raw.headers or {}).get("Nats-Msg-Id", "")
        if raw.reply.startswith("$JS.ACK"):
            place = f"{raw.metadata.stream}:{raw.metadata.sequence.stream}"
            return MessageIdentity(place=place, id=given)
        return MessageIdentity(id=given)


def _server_and_user(url: str) -> tuple[str, dict[str, Any]]:
    """Return where a server is, and who asks: its client would send what stands in a URL as it is written."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    server = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return server, {"user": unquote(parts.username or ""), "password": unquote(parts.password)}


async def _stream_of(wanted: Subscription) -> str:
    """Return the stream that keeps a subject; empty when none does, or the server has no JetStream."""
    from nats.aio.client import Client
    from nats.js.errors import NotFoundError, ServiceUnavailableError

    server, who = _server_and_user(wanted.url)
    client, told = Client(), list[str]()

    async def note(error: Exception) -> None:
        told.append(str(error))

    await client.connect(server, error_cb=note, **who, **_NO_RECONNECT)
    try:
        return str(await client.jetstream(timeout=3).find_stream_name_by_subject(wanted.topic))
    except (NotFoundError, ServiceUnavailableError):
        return ""  # not kept by any stream; or nobody answers for JetStream, which is switched off
    except TimeoutError:
        # Who may listen to subjects alone gets no answer either, and the core is all there is for them.
        if any(_FORBIDDEN in each for each in told):
            return ""
        # Else a timeout tells nothing. Taken for an answer, a stream that is slow for a moment would be
        # listened to through the core, which delivers nothing of what came meanwhile.
        raise
    finally:
        await client.close()
