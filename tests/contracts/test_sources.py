"""Every kind of source keeps its contract, with the real thing behind it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from meguru.datasets.sources.spec import SourceSpec
from meguru.testing.contracts.sources import SourceContract

FUNCTION = """
import polars as pl
from pathlib import Path

def orders(since=None):
    for file in sorted(Path("{folder}").glob("*.parquet")):
        yield from pl.read_parquet(file).iter_rows(named=True)
"""


class Files:
    """Parquet files in a folder, one more each time."""

    def __init__(self, folder):
        self.folder, self.count = folder / "there", 0
        self.folder.mkdir()
        self.spec = SourceSpec(address=f"{self.folder}/*.parquet")

    def add(self, rows):
        self.count += 1
        rows.write_parquet(self.folder / f"{self.count}.parquet")

    def lose(self):
        shutil.rmtree(self.folder)


class TestLocalFiles(SourceContract):
    @pytest.fixture
    def world(self, tmp_path):
        return Files(tmp_path)


@pytest.mark.soak  # a process each time; once, in tests/unit/datasets/test_pulls.py, it is started always
class TestPythonFunction(SourceContract):
    @pytest.fixture
    def world(self, tmp_path):
        files = Files(tmp_path)
        (tmp_path / "sources.py").write_text(FUNCTION.format(folder=files.folder))
        files.spec = SourceSpec(address="sources.py:orders", watermark="id")
        return files


class OneFile(Files):
    """One file behind HTTP, written anew each time."""

    def add(self, rows):
        place = self.folder / "orders.parquet"
        before = pl.read_parquet(place) if place.exists() else rows.clear()
        pl.concat([before, rows]).write_parquet(place)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class TestHttp(SourceContract):
    parts = False

    @pytest.fixture
    def world(self, tmp_path):
        files = OneFile(tmp_path)
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=files.folder)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            files.spec = SourceSpec(address=f"http://127.0.0.1:{server.server_port}/orders.parquet")
            yield files
            server.shutdown()


class Sqlite:
    def __init__(self, folder):
        self.path = folder / "shop.db"
        self.spec = SourceSpec(address="sqlite:///shop.db#orders", watermark="id")
        self._do("CREATE TABLE orders (id INTEGER, price REAL, name TEXT)", [()])

    def _do(self, statement, rows):
        with sqlite3.connect(self.path) as connection:
            connection.executemany(statement, rows)
        connection.close()

    def add(self, rows):
        self._do("INSERT INTO orders VALUES (?, ?, ?)", rows.rows())

    def lose(self):
        self._do("DROP TABLE orders", [()])


class TestSqlite(SourceContract):
    @pytest.fixture
    def world(self, tmp_path):
        return Sqlite(tmp_path)


class Duckdb:
    def __init__(self, folder):
        self.path = folder / "shop.duckdb"
        self.spec = SourceSpec(address="duckdb:///shop.duckdb#orders", watermark="id")
        self._do("CREATE TABLE orders (id BIGINT, price DOUBLE, name VARCHAR)")

    def _do(self, statement, rows=()):
        import duckdb

        with duckdb.connect(str(self.path)) as database:
            for row in rows or [[]]:
                database.execute(statement, row)

    def add(self, rows):
        self._do("INSERT INTO orders VALUES (?, ?, ?)", rows.rows())

    def lose(self):
        self.path.unlink()


class TestDuckdb(SourceContract):
    @pytest.fixture
    def world(self, tmp_path):
        pytest.importorskip("duckdb")
        return Duckdb(tmp_path)


class Delta:
    def __init__(self, folder):
        self.path = folder / "orders"
        self.spec = SourceSpec(address="delta:///orders")

    def add(self, rows):
        from deltalake import write_deltalake

        write_deltalake(str(self.path), rows, mode="append")

    def lose(self):
        shutil.rmtree(self.path)


class TestDelta(SourceContract):
    @pytest.fixture
    def world(self, tmp_path):
        pytest.importorskip("deltalake")
        return Delta(tmp_path)


class Iceberg:
    def __init__(self, folder, monkeypatch):
        from pyiceberg.catalog import load_catalog

        monkeypatch.setenv("PYICEBERG_CATALOG__SHOP__TYPE", "sql")
        monkeypatch.setenv("PYICEBERG_CATALOG__SHOP__URI", f"sqlite:///{folder}/catalog.db")
        monkeypatch.setenv("PYICEBERG_CATALOG__SHOP__WAREHOUSE", f"file://{folder}")
        from pyiceberg.utils.config import Config

        self.catalog = load_catalog("shop", **Config().get_catalog_config("shop"))
        self.catalog.create_namespace("sales")
        self.spec = SourceSpec(address="iceberg://shop/sales.orders")

    def add(self, rows):
        table = rows.to_arrow()
        made = self.catalog.create_table_if_not_exists("sales.orders", schema=table.schema)
        made.append(table)

    def lose(self):
        self.catalog.drop_table("sales.orders")


class TestIceberg(SourceContract):
    @pytest.fixture
    def world(self, tmp_path, monkeypatch):
        pytest.importorskip("pyiceberg")
        return Iceberg(tmp_path, monkeypatch)


class Postgres:
    def __init__(self, url, address):
        self.url = url
        self.spec = SourceSpec(address=f"{address}#orders", watermark="id")
        self._do("CREATE TABLE orders (id bigint, price float8, name text)")

    def _do(self, statement, rows=()):
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            for row in rows or [None]:
                connection.execute(statement, row)

    def add(self, rows):
        self._do("INSERT INTO orders VALUES (%s, %s, %s)", rows.rows())

    def lose(self):
        self._do("DROP TABLE orders")


@pytest.mark.integration
class TestPostgres(SourceContract):
    @pytest.fixture
    def world(self, empty_postgres_url):
        return Postgres(empty_postgres_url, empty_postgres_url)


@pytest.mark.soak  # the same database as above, by a driver of its own
@pytest.mark.integration
class TestAdbc(SourceContract):
    @pytest.fixture
    def world(self, empty_postgres_url):
        pytest.importorskip("adbc_driver_postgresql")
        return Postgres(empty_postgres_url, f"adbc+{empty_postgres_url}")


class Bucket:
    def __init__(self, url):
        from obstore.store import from_url

        from meguru.storage.blobs.objects import connection_options

        self.store, self.count = from_url(url, **connection_options(url)), 0
        self.spec = SourceSpec(address=f"{url}/dt=*/*.parquet")

    def add(self, rows):
        import io

        self.count += 1
        rows.write_parquet(body := io.BytesIO())
        self.store.put(f"dt={self.count}/part.parquet", body.getvalue())

    def lose(self):
        self.store.delete([f"dt={number}/part.parquet" for number in range(1, self.count + 1)])


@pytest.mark.integration
class TestObjects(SourceContract):
    @pytest.fixture
    def world(self, s3_url):
        return Bucket(s3_url)
