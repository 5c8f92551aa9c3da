"""Triggers on messages, at real brokers: delivered again, restarted, poisoned, and while nobody listens."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from meguru.kernel import events
from meguru.testing import brokers
from meguru.testing.actions import install
from meguru.testing.contracts.listeners import ListenerContract, listen
from meguru.triggers import operations as triggers
from meguru.triggers.arrivals.service import Listeners
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.kinds.brokers import nats
from meguru.triggers.kinds.brokers.base import Subscription
from meguru.triggers.parse import kind_of

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]
install()


@pytest.fixture(autouse=True)
def _what_clients_left_is_found_here():
    """Collect what brokers' clients leave open when their broker goes: else another test would find it."""
    yield
    gc.collect()


@contextmanager
def running(make, tmp_path):
    if reason := brokers.missing(make):
        pytest.skip(reason)
    folder = tmp_path / make.__name__
    folder.mkdir()
    with make(folder) as broker:
        yield broker


class Nats:
    make = staticmethod(brokers.nats)
    topic = "mlops.retrain"

    def __init__(self, url):
        self.url, self.kind = url, kind_of({"message": self.topic, "broker": url})

    async def put(self, number, *, id="", body=b""):
        from nats.aio.client import Client

        client = Client()
        await client.connect(self.url)
        headers = {"Nats-Msg-Id": id} if id else None
        await client.publish(self.topic, body or b'{"n": %d}' % number, headers=headers)
        await client.drain()

    def number_of(self, arrival):
        return arrival.data["body"]["n"]


class JetStream(Nats):
    async def prepare(self):
        from nats.aio.client import Client

        client = Client()
        await client.connect(self.url)
        await client.jetstream().add_stream(name="MLOPS", subjects=["mlops.>"])
        await client.close()


class Redis(Nats):
    make = staticmethod(brokers.valkey)

    async def put(self, number, *, id="", body=b""):
        from redis.asyncio import from_url

        async with from_url(self.url) as client:
            await client.xadd(self.topic, {"data": body or b'{"n": %d}' % number})


class Mqtt(Nats):
    make = staticmethod(brokers.mosquitto)
    topic = "mlops/retrain"

    async def put(self, number, *, id="", body=b""):
        from faststream.mqtt import MQTTBroker, QoS

        broker = MQTTBroker(self.url, client_id="sender", logger=None)
        await broker.connect()
        headers = {"message-id": id} if id else None
        body = body or b'{"n": %d}' % number
        await broker.publish(body, topic=self.topic, qos=QoS.AT_LEAST_ONCE, headers=headers)
        await broker.stop()


class Rabbit(Nats):
    make = staticmethod(brokers.rabbit)

    def __init__(self, url):
        self.url = url
        shown = url.replace(":guest@", ":${MEGURU_SOURCE_RABBIT}@")
        self.kind = kind_of({"message": self.topic, "broker": shown})

    async def put(self, number, *, id="", body=b""):
        from aio_pika import DeliveryMode, Message, connect

        async with await connect(self.url) as connection:
            channel = await connection.channel()
            message = Message(
                body or b'{"n": %d}' % number, message_id=id or None, delivery_mode=DeliveryMode.PERSISTENT
            )
            await channel.default_exchange.publish(message, routing_key=self.topic)


class Kafka(Nats):
    """Its broker is a stand-in: no Kafka can be had from a package index. See `meguru.testing`."""

    async def put(self, number, *, id="", body=b""):
        self.broker.put(self.topic, body or b'{"n": %d}' % number)


class TestKafka(ListenerContract):
    """With Kafka's real client, at a stand-in for the broker that speaks its protocol."""

    @pytest.fixture
    def source(self):
        yield from kafka()

    def test_headers_that_are_no_text_lose_no_message(self, workspace, source):
        async def story(port):
            source.broker.put(source.topic, b'{"n": 1}', [("trace", b"\xff\xfe")])
            await source.put(2)
            await port.until(lambda: len(port.taken) == 2)

        found = listen(workspace, source, story).taken.values()
        assert [source.number_of(each) for each in found] == [1, 2]


def kafka():
    pytest.importorskip("aiokafka", reason="aiokafka is not installed: the extra `messages`")
    from meguru.testing.kafka_stand_in import KafkaStandIn

    with KafkaStandIn() as broker:
        source = Kafka(broker.url)
        source.broker = broker
        broker.put(source.topic, b'{"n": 0}')  # before the group was there
        yield source


def source_of(kind, tmp_path, monkeypatch):
    if kind is Kafka:
        yield from kafka()
        return
    monkeypatch.setenv("MEGURU_SOURCE_RABBIT", "guest")
    monkeypatch.setattr(nats, "ACK_SECONDS", 2.0)  # it is waited for where a message comes again
    with running(kind.make, tmp_path) as broker:
        source = kind(broker.url)
        source.broker = broker
        if isinstance(source, JetStream):
            asyncio.run(source.prepare())
        yield source


class TestNatsCore(ListenerContract):
    keeps = False

    @pytest.fixture
    def source(self, tmp_path, monkeypatch):
        yield from source_of(Nats, tmp_path, monkeypatch)


PERMISSIONS = """
port: %s, host: "127.0.0.1", jetstream: {store_dir: "%s"}
authorization: {users: [
  {user: "ana", password: "secret", permissions: {subscribe: ["mlops.>", "_INBOX.>"], publish: {deny: [">"]}}}
]}
"""


def test_who_may_not_ask_nats_for_streams_listens_through_the_core(tmp_path):
    with running(brokers.nats, tmp_path) as broker:
        port = broker.url.rpartition(":")[2]
    config = tmp_path / "nats.conf"
    config.write_text(PERMISSIONS % (port, tmp_path / "streams"), encoding="utf-8")
    program = Path(sys.executable).parent / "nats-server"
    url = f"nats://ana:secret@127.0.0.1:{port}"
    with brokers.RunningBroker(broker.url, [program, "-c", config], tmp_path):
        assert asyncio.run(nats._stream_of(Subscription(url=url, topic="mlops.retrain", group="g"))) == ""


class TestJetStream(ListenerContract):
    @pytest.fixture
    def source(self, tmp_path, monkeypatch):
        yield from source_of(JetStream, tmp_path, monkeypatch)


class TestRedisStreams(ListenerContract):
    @pytest.fixture
    def source(self, tmp_path, monkeypatch):
        yield from source_of(Redis, tmp_path, monkeypatch)

    def test_fields_that_are_no_text_are_a_dead_letter(self, workspace, source):
        from redis.asyncio import from_url

        async def story(port):
            async with from_url(source.url) as client:
                await client.xadd(source.topic, {b"\xff": b"\xfe"})
                await client.xadd(source.topic, {"n": "7"})
            await port.until(lambda: len(port.taken) == 1)

        port = listen(workspace, source, story)
        assert [each.data["body"] for each in port.taken.values()] == [{"n": "7"}]
        assert len(port.refused) == 1


class TestMqtt(ListenerContract):
    @pytest.fixture
    def source(self, tmp_path, monkeypatch):
        yield from source_of(Mqtt, tmp_path, monkeypatch)


@pytest.mark.soak
class TestRabbit(ListenerContract):
    @pytest.fixture
    def source(self, tmp_path, monkeypatch):
        yield from source_of(Rabbit, tmp_path, monkeypatch)


@contextmanager
def listening(workspace):
    """A server's listeners and evaluator, until the block ends."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=service.run, args=(stop,))
        for service in (Listeners(workspace), Evaluator(workspace))
    ]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        stop.set()
        workspace.notify()
        for each in threads:
            each.join(60)


def until(reached, seconds=60):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def state(workspace):
    return triggers.listener(workspace, name="retrain")


def is_connected(workspace):
    found = state(workspace)
    return bool(found and found.connected_since)


def fired(workspace):
    found = triggers.history(workspace, name="retrain", limit=500).items
    return [each for each in found if each.state == "fired"]


SLOW = [pytest.param(each, marks=pytest.mark.soak) for each in (Redis, Mqtt, Rabbit)]
BROKERS = [JetStream, Kafka, *SLOW]


@pytest.mark.parametrize("kind", BROKERS)
def test_a_message_is_one_run_whatever_the_broker_does(workspace, tmp_path, monkeypatch, kind):
    """Sent 100 times under one id, poison between, the broker restarted, the server stopped meanwhile."""
    for source in source_of(kind, tmp_path, monkeypatch):
        on = {"message": source.topic, "broker": source.kind.broker, "id": "n"}
        triggers.create(workspace, name="retrain", on=on, action={"note": "done"})
        with listening(workspace):
            until(lambda: is_connected(workspace))
            for _ in range(100 if kind is not Mqtt else 10):
                asyncio.run(source.put(1))
            asyncio.run(source.put(0, body=b"poison", id="p"))
            until(lambda: state(workspace).dead == 1)
            until(lambda: len(fired(workspace)) == 1)
            source.broker.stop()
            until(lambda: not is_connected(workspace))
            assert state(workspace).last_error
            source.broker.start()
            until(lambda: is_connected(workspace))
            asyncio.run(source.put(2))
            until(lambda: len(fired(workspace)) == 2)
        asyncio.run(source.put(3))
        with listening(workspace):
            until(lambda: len(fired(workspace)) == 3)
        with workspace.read() as tx:
            found = events.read(tx, types=("message.received",), limit=1000)
        assert [each.data["body"]["n"] for each in found] == [1, 2, 3]
        assert ":guest@" not in f"{triggers.list_triggers(workspace)} {state(workspace)}"
