"""A statement can be given so many steps of SQLite's machine."""

from __future__ import annotations

import pytest

from meguru.storage.db import Database
from meguru.storage.db.raw import Bound, RawSql, TooLong

LONG = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT sum(i) FROM n"


@pytest.fixture
def raw(tmp_path):
    db = Database(f"sqlite:///{tmp_path}/x.db")
    with db.read() as tx:
        yield RawSql(tx)
    db.close()


def test_a_statement_that_takes_too_long_is_ended_and_the_transaction_goes_on(raw):
    with pytest.raises(TooLong), raw.bounded(Bound(1000, 1)):
        raw.execute(LONG).fetchall()
    assert raw.execute(LONG).fetchone()[0] == 100_000 * 100_001 // 2


def test_what_needs_less_is_not_disturbed(raw):
    with raw.bounded(Bound(10_000, 10_000)):
        assert raw.execute("SELECT 1").fetchone()[0] == 1
