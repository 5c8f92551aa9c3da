"""Sources at real servers: objects of S3, a table of PostgreSQL; and servers that share one database."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.storage.blobs.objects import connection_options
from meguru.testing.actions import install
from meguru.testing.contracts.listeners import ListenerContract, listen, raw_message
from meguru.triggers import operations as triggers
from meguru.triggers.arrivals.receive import Reception, receive_raw
from meguru.triggers.arrivals.service import Listeners
from meguru.triggers.parse import kind_of

pytestmark = pytest.mark.integration
install()


class Objects:
    def __init__(self, url):
        from obstore.store import from_url

        self.store = from_url(url, **connection_options(url))
        self.kind = kind_of({"objects": url, "glob": "*.csv", "every": 1})

    async def put(self, number):
        self.store.put(f"{number}.csv", b"n\n%d\n" % number)
        self.store.put(f"{number}.txt", b"not wanted")

    def number_of(self, arrival):
        return int(arrival.data["path"].rpartition("/")[2].removesuffix(".csv"))


class TestObjects(ListenerContract):
    @pytest.fixture
    def source(self, s3_url):
        found = Objects(s3_url)
        found.store.put("before.csv", b"was there")
        return found

    def test_an_object_that_is_replaced_counts_again(self, workspace, source):
        async def story(port):
            await source.put(1)
            await port.until(lambda: len(port.taken) == 1)
            source.store.put("1.csv", b"other")
            await port.until(lambda: len(port.taken) == 2)

        found = listen(workspace, source, story).taken.values()
        assert [source.number_of(each) for each in found] == [1, 1]


@pytest.mark.parametrize("type", ["bigint", "timestamptz"])
def test_rows_of_a_table_in_postgresql_are_counted(workspace, empty_postgres_url, type, monkeypatch):
    import psycopg

    monkeypatch.setenv("MEGURU_SOURCE_SHOP", empty_postgres_url.partition("://")[2])
    on = {"table": "Order s", "database": "postgresql://${MEGURU_SOURCE_SHOP}", "column": "at", "every": 1}

    class Orders:
        kind = kind_of(on)

    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE TABLE "Order s" (at {type} PRIMARY KEY)')
        value = "%s" if type == "bigint" else "now() + make_interval(secs => %s)"

        def add(number):
            connection.execute(f'INSERT INTO "Order s" VALUES ({value})', (number,))

        add(1)

        async def story(port):
            for number in (9, 10):
                add(number)
                await port.until(lambda number=number: len(port.taken) == number - 8)

        found = listen(workspace, Orders(), story).taken.values()
    assert [each.data["rows"] for each in found] == [1, 1]


@pytest.fixture
def shared(postgres_url, tmp_path):
    settings = Settings(blobs=str(tmp_path / "blobs"), lease_seconds=10.0)
    with (
        open_local(postgres_url, settings=settings) as first,
        open_local(postgres_url, settings=settings) as second,
    ):
        on = {"message": "mlops.retrain", "broker": "nats://127.0.0.1:1"}
        triggers.create(first, name="retrain", on=on, action={"note": "done"})
        yield first, second


def test_one_message_delivered_to_two_servers_at_once_is_one_event(shared):
    def deliver(number):
        return receive_raw(shared[number % 2], "retrain", raw_message(b"{}", key="id:a"))

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(deliver, range(40)))
    assert sorted(done) == [Reception.KNOWN] * 39 + [Reception.TAKEN]
    with shared[0].read() as tx:
        assert len(events.read(tx, types=("message.received",), limit=50)) == 1


@pytest.mark.parametrize("body", [b'"\\u0000"', b'{"\\ud800": 1}', b'"\\ud800"', b'{"\\u0000": 1}'])
def test_letters_that_a_database_does_not_know_stop_nobody(shared, body):
    key = f"id:{uuid.uuid4()}\0"
    assert receive_raw(shared[0], "retrain", raw_message(body, key=key)) is not Reception.KNOWN
    assert receive_raw(shared[1], "retrain", raw_message(body, key=key)) is Reception.KNOWN


def test_of_two_servers_one_listens_and_the_other_takes_over_when_it_dies(shared, clock):
    for each in shared:
        each.clock = clock
    first, second = Listeners(shared[0]), Listeners(shared[1])
    try:
        assert (first.step(), second.step()) == (1, 0)
        clock.move(timedelta(seconds=9))
        assert (first.step(), second.step()) == (1, 0)
        clock.move(timedelta(seconds=11))  # it was killed: nobody kept its lease
        assert second.step() == 1
        assert triggers.listener(shared[0], name="retrain").holder == second.holder
        assert first.step() == 0  # it was only asleep: it ends its listener
    finally:
        first.close()
        second.close()
