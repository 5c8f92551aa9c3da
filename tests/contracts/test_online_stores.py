from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from meguru.errors import Busy
from meguru.features.online.postgres import PostgresStore
from meguru.features.online.redis import RedisStore
from meguru.features.online.sqlite import SqliteStore
from meguru.testing import brokers
from meguru.testing.contracts.online_store import OnlineStoreContract


class TestSqliteStore(OnlineStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        made = SqliteStore(tmp_path / "online.db", synchronous="NORMAL")
        yield made
        made.close()

    def reopen(self, store):
        return SqliteStore(store.path)

    def test_a_file_that_is_no_database_is_told(self, tmp_path):
        (tmp_path / "online.db").write_text("not a database, but long enough to be looked at" * 20)
        with pytest.raises(Busy, match="can't be used"):
            SqliteStore(tmp_path / "online.db").read([("a@1", [b"k"])])

    def test_threads_that_ended_leave_no_open_files(self, store):
        store.read([("a@1", [b"k"])])
        before = len(list(Path("/dev/fd").iterdir()))
        for _ in range(20):
            thread = threading.Thread(target=store.read, args=([("a@1", [b"k"])],))
            thread.start()
            thread.join()
        assert len(list(Path("/dev/fd").iterdir())) <= before + 4


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    with brokers.valkey(tmp_path_factory.mktemp("valkey")) as broker:
        yield broker.url


@pytest.mark.integration
class TestRedisStore(OnlineStoreContract):
    @pytest.fixture
    def store(self, redis_server):
        made = RedisStore(f"{redis_server}?prefix=t{uuid.uuid4().hex}[a]*")
        yield made
        made.close()

    def reopen(self, store):
        return RedisStore(store.url)

    def test_a_server_that_is_away_is_told(self):
        with pytest.raises(Busy, match="can't be reached") as caught:
            RedisStore("redis://:secret@127.0.0.1:1/0").read([("a@1", [b"k"])])
        assert "secret" not in str(caught.value.as_dict())


@pytest.mark.integration
class TestPostgresStore(OnlineStoreContract):
    @pytest.fixture
    def store(self, empty_postgres_url):
        made = PostgresStore(empty_postgres_url)
        yield made
        made.close()

    def reopen(self, store):
        return PostgresStore(store.url)

    def test_a_server_that_is_away_is_told(self):
        with pytest.raises(Busy, match="can't be reached") as caught:
            PostgresStore("postgresql://me:secret@127.0.0.1:1/x").read([("a@1", [b"k"])])
        assert "secret" not in str(caught.value.as_dict())
