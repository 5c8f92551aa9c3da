"""A statement on PostgreSQL can be given a time."""

from __future__ import annotations

from contextlib import suppress

import pytest

from meguru.storage.db import Database
from meguru.storage.db.raw import Bound, RawSql, TooLong

pytestmark = pytest.mark.integration


def test_a_statement_that_takes_too_long_is_ended_and_the_transaction_goes_on(postgres_url):
    db = Database(postgres_url)
    with db.read() as tx:
        raw = RawSql(tx)
        before = raw.execute("SHOW statement_timeout").fetchone()
        with pytest.raises(TooLong), raw.bounded(Bound(1, 50)):
            raw.execute("SELECT pg_sleep(60)")
        with raw.bounded(Bound(1, 60_000)):
            assert raw.execute("SELECT 1").fetchone() == (1,)
        assert raw.execute("SHOW statement_timeout").fetchone() == before
    db.close()


def test_a_bound_that_is_too_short_for_its_own_end_ends_all_the_same(postgres_url):
    db = Database(postgres_url)
    with db.read() as tx:
        raw = RawSql(tx)
        before = raw.execute("SHOW statement_timeout").fetchone()
        for _ in range(500):
            with suppress(TooLong), raw.bounded(Bound(1, 1)):
                raw.execute("SELECT 1")
            assert raw.execute("SHOW statement_timeout").fetchone() == before
    db.close()
