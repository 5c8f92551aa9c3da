"""Queries of the server: what is no question about datasets is refused, and the rest is bounded."""

from __future__ import annotations

import pytest

from meguru.datasets.client import add_files
from meguru.datasets.operations import query
from meguru.datasets.sql.guard import MAX_QUERY_LENGTH, tables_of
from meguru.errors import InvalidInput, TimedOut, TooLarge, UsageError


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM \"read_csv\"('/etc/passwd')",
        "SELECT * FROM read_parquet /* x */ ('/etc/passwd')",
        "SELECT * FROM read_csv -- x\n ('/etc/passwd')",
        "SELECT * FROM `READ_CSV`('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM orders JOIN '/etc/passwd' ON 1 = 1",
        "WITH x AS (SELECT * FROM read_ipc('x')) SELECT * FROM x",
        "SELECT * FROM generate_series(1, 1000000000)",
        "SELECT repeat(status, 1000000000) FROM orders",
        "SELECT 1; DROP TABLE orders",
        "DELETE FROM orders",
        "create table x as select * from orders",
        "EXPLAIN SELECT 1",
        "",
        "\0",
        "SELECT 'open",
        "SELECT " + "1," * MAX_QUERY_LENGTH,
    ],
)
def test_what_is_no_question_about_datasets_is_refused(text):
    with pytest.raises(UsageError):
        tables_of(text)


def test_names_of_a_question_are_found_also_quoted_ones():
    asked = """
        WITH x AS (SELECT max(price) AS top FROM "orders@2" -- from nothing
        ) SELECT count(*), sum(CASE WHEN a IN (1, 2) THEN 1 END) OVER (PARTITION BY s) FROM "team/orders" o
        WHERE s LIKE 'it''s (read_csv(' AND EXISTS (SELECT 1 FROM x);
    """
    assert {"orders@2", "team/orders", "x"} <= tables_of(asked)


def test_a_query_is_answered_apart_within_bounds(workspace, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("id,price,status\n" + "".join(f"{n},{n}.5,open\n" for n in range(20)))
    add_files(workspace, "orders", path)
    found = query(workspace, sql='SELECT status, price * 2 AS twice FROM "orders@1" ORDER BY id DESC', rows=2)
    assert [each.name for each in found.columns] == ["status", "twice"]
    assert (found.rows, found.more) == ([["open", 39.0], ["open", 37.0]], True)
    assert found.tables == ["dataset/orders@1"]
    with pytest.raises(InvalidInput, match="can't be answered") as caught:
        query(workspace, sql="SELECT nope FROM orders")
    assert "nope" in caught.value.why
    with pytest.raises(InvalidInput, match="no version 9"):
        query(workspace, sql='SELECT id FROM "orders@9"')
    with pytest.raises(UsageError, match="no dataset"):
        query(workspace, sql="SELECT id FROM elsewhere")


@pytest.mark.soak
def test_a_query_that_needs_too_much_memory_ends_alone(workspace, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("s\n" + "x" * 1000 + "\n")
    add_files(workspace, "orders", path)
    steps = ", ".join(f"t{n} AS (SELECT s || s AS s FROM t{n - 1})" for n in range(1, 25))
    with pytest.raises((TooLarge, InvalidInput, TimedOut)):
        query(workspace, sql=f"WITH t0 AS (SELECT s FROM orders), {steps} SELECT length(s) FROM t24")
