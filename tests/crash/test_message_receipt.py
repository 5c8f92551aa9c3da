"""Kill the server between receipt and run: each message is one event and one decision, none is lost."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import textwrap
import time
from collections import Counter

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.testing import brokers
from meguru.testing.actions import install
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator

pytestmark = [
    *(pytest.mark.crash, pytest.mark.integration, pytest.mark.filterwarnings("default")),
    pytest.mark.skipif(bool(brokers.missing(brokers.nats)), reason=brokers.missing(brokers.nats)),
]
PROGRAM = textwrap.dedent(
    """
    import sys
    import threading

    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.testing.actions import install
    from meguru.triggers.arrivals.service import Listeners
    from meguru.triggers.evaluate import Evaluator
    from meguru.triggers.kinds.brokers import nats

    nats.ACK_SECONDS = 1.0  # it is waited for after each kill
    install()
    settings = Settings(sqlite_synchronous="NORMAL", lease_seconds=0.5)
    with open_local(sys.argv[1], settings=settings) as workspace:
        stop = threading.Event()
        threading.Thread(target=Listeners(workspace).run, args=(stop,), daemon=True).start()
        print("ready", flush=True)
        Evaluator(workspace).run(stop)
    """
)


def server(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()


async def prepare(url):
    from nats.aio.client import Client

    client = Client()
    await client.connect(url)
    await client.jetstream().add_stream(name="MLOPS", subjects=["mlops.>"])
    await client.close()


async def send(url, numbers):
    from nats.aio.client import Client

    client = Client()
    await client.connect(url)
    for number in numbers:
        await client.jetstream().publish("mlops.retrain", b'{"n": %d}' % number)
    await client.close()


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_each_message_is_decided_once_whoever_is_killed_when(tmp_path, kills):
    install()
    chance, folder = random.Random(kills), tmp_path / "workspace"
    (tmp_path / "broker").mkdir()
    settings = Settings(sqlite_synchronous="NORMAL")
    with brokers.nats(tmp_path / "broker") as broker, open_local(folder, settings=settings) as workspace:
        asyncio.run(prepare(broker.url))
        on = {"message": "mlops.retrain", "broker": broker.url}
        triggers.create(workspace, name="retrain", on=on, action={"note": "done"})

        def taken():
            with workspace.read() as tx:
                found = events.read(tx, types=("message.received",), limit=1000)
            return Counter(each.data["body"]["n"] for each in found)

        process = server(folder)
        deadline = time.monotonic() + 60
        while not ((state := triggers.listener(workspace, name="retrain")) and state.connected_since):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for number in range(kills):
            asyncio.run(send(broker.url, range(number * 20, number * 20 + 20)))
            time.sleep(chance.uniform(0, 0.15))
            kill(process)
            process = server(folder)
        deadline = time.monotonic() + 60
        while len(taken()) < kills * 20:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        kill(process)
        Evaluator(workspace).step()
        assert taken() == Counter(range(kills * 20))
        history = triggers.history(workspace, name="retrain", limit=1000).items
        decided = Counter(each.event for each in history)
        with workspace.read() as tx:
            found = events.read(tx, types=("message.received",), limit=1000)
        assert decided == Counter(each.id for each in found)
