"""Files behind addresses: databases, HTTP."""

from __future__ import annotations

import re
import sqlite3
import threading
from contextlib import closing
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from meguru.datasets.client import add_files, frame
from meguru.datasets.query import collect, select, write
from meguru.errors import InvalidInput, MeguruError, UsageError


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE orders (id INTEGER, day TEXT, price REAL, code TEXT)")
        connection.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?)",
            [(n, f"2024-01-{n + 1:02}", n / 2, "007") for n in range(20)],
        )
        connection.execute("CREATE TABLE mixed (a)")
        connection.executemany("INSERT INTO mixed VALUES (?)", [(1,), ("x",)])
    return f"sqlite:///{path}"


def test_a_table_of_a_database_is_a_dataset_and_unchanged_is_no_new_version(workspace, shop):
    seen = []
    made = add_files(
        workspace, "orders", f"{shop}#orders", progress=lambda done, what: seen.append((done, what))
    )
    assert frame(workspace, "orders").row(3) == (3, "2024-01-04", 1.5, "007")
    assert seen == [(20, "orders")]
    assert add_files(workspace, "orders", f"{shop}#orders") == made


def test_a_query_is_read_instead_of_a_table(workspace, shop):
    add_files(
        workspace, "late", shop, query="SELECT id, price * 2 AS twice FROM orders WHERE id > 17 ORDER BY id"
    )
    assert frame(workspace, "late").rows() == [(18, 18.0), (19, 19.0)]


@pytest.mark.parametrize(
    ("address", "query", "message"),
    [
        ("{shop}#order", "", "no table 'order'"),
        ("{shop}", "", "which table"),
        ("{shop}#orders; DROP TABLE orders", "", "no table 'orders; DROP TABLE orders'"),
        ("{shop}", "DELETE FROM orders", "readonly"),
        ("{shop}", "SELECT * FROM orders WHERE id > 99", "no rows"),
        ("{shop}#mixed", "", "more than one type: int and str"),
        ("sqlite:///not/there.db#orders", "", "there is no database"),
        ("postgresql://me:secret@127.0.0.1:1/x#orders", "", "a password does not belong"),
        ("sqlte:///shop.db#orders", "", "can't be read from"),
    ],
)
def test_what_can_not_be_read_is_refused(workspace, shop, address, query, message):
    with pytest.raises(MeguruError) as caught:
        add_files(workspace, "orders", address.format(shop=shop), query=query)
    assert message in f"{caught.value.what} {caught.value.why}"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "a.csv").write_text("id,v\n1,2.5\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_behind_an_address_is_a_file(workspace, site, tmp_path):
    (tmp_path / "b.csv").write_text("id,v\n2,3.5\n")
    made = add_files(workspace, "both", [f"{site}/a.csv?x=1", tmp_path / "b.csv"])
    assert (made.files, frame(workspace, "both")["id"].to_list()) == (2, [1, 2])
    with pytest.raises(InvalidInput, match="can't be read") as caught:
        add_files(workspace, "none", f"{site}/c.csv")
    assert "404" in caught.value.why


def test_sql_asks_datasets_and_nothing_else(workspace, shop, tmp_path):
    add_files(workspace, "orders", f"{shop}#orders")
    assert select(workspace, "SELECT count(*) AS n FROM orders WHERE id > 17").collect().item() == 2
    assert select(workspace, 'SELECT max(id) FROM "orders@1"').collect().item() == 19
    by_duckdb = select(workspace, 'SELECT max(id) FROM "orders@1"', engine="duckdb")
    assert by_duckdb.collect().item() == 19
    for query in ("SELECT * FROM read_csv('/etc/passwd')", "DROP TABLE orders", "SELECT 1"):
        with pytest.raises(UsageError):
            select(workspace, query)
    with pytest.raises(InvalidInput):
        select(workspace, "SELECT nothing FROM orders")


@pytest.mark.parametrize(
    ("engine", "query", "told"),
    [
        (
            "polars",
            "SELECT CAST(mail AS INT) FROM people",
            "conversion from `str` to `i32` failed in column 'mail'",
        ),
        # Older versions of DuckDB do not name the line of the query.
        ("duckdb", "SELECT mail::DATE FROM people", "Conversion Error(: SELECT mail::DATE FROM people)?"),
        ("duckdb", "SELECT strptime(mail, '%Y') FROM people", "Invalid Input Error"),
        (
            "duckdb",
            "SELECT nope FROM people",
            'Binder Error: Referenced column "nope" not found in FROM clause!',
        ),
    ],
)
def test_a_query_that_fails_says_why_and_no_value_of_a_row(workspace, tmp_path, engine, query, told):
    (tmp_path / "people.csv").write_text("mail\nanna@example.org\n")
    add_files(workspace, "people", tmp_path / "people.csv")
    with pytest.raises(InvalidInput, match="can't be answered") as caught:
        collect(select(workspace, query, engine=engine), most=1)
    assert re.fullmatch(told, caught.value.why)


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.parquet", "x.json", "x.jsonl", "x.arrow", "x.avro"])
def test_rows_that_were_exported_are_the_same_rows(workspace, tmp_path, name):
    rows = pl.DataFrame(
        {"n": [1, 2], "day": [date(2024, 1, 1), None], "t": ["a,b", "東京"], "f": [0.5, 1.25]}
    )
    write(rows, tmp_path / name)
    add_files(workspace, "again", tmp_path / name)
    assert frame(workspace, "again").rows() == rows.rows()
