"""Transactions of the database."""

import threading
from datetime import UTC, datetime
from sqlite3 import ProgrammingError

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, cast, insert, select
from sqlalchemy.exc import OperationalError, StatementError

from meguru.errors import InvalidInput, UsageError
from meguru.storage.db import Database, Json, UtcTime

catalogue = MetaData()
thing = Table("thing", catalogue, Column("n", Integer), Column("at", UtcTime), Column("data", Json))


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x' / 'a.db'}")
    with database.write() as tx:
        catalogue.create_all(tx)
    yield database
    database.close()


def test_what_raises_is_rolled_back_whole(db):
    def fail() -> None:
        with db.write() as tx:
            tx.execute(insert(thing).values(n=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.read() as tx:
        assert tx.execute(select(thing)).all() == []


def test_the_writer_keeps_its_connection_until_something_fails_and_others_can_write_between(db):
    seen = []
    for fails in (False, False, True, False):
        try:
            with db.write() as tx:
                seen.append(tx.connection.driver_connection)
                assert not tx.execute(select(thing)).all()
                if fails:
                    tx.execute(insert(thing).values(n=1))
                    raise ZeroDivisionError
        except ZeroDivisionError:
            # Given back to the pool, and rolled back: another process can begin to write.
            assert not seen[-1].in_transaction
    assert seen[0] is seen[1] is seen[2]
    other = Database(db.url)
    with other.write() as tx:
        tx.execute(insert(thing).values(n=2))
    other.close()
    with db.write() as tx:
        assert tx.execute(select(thing.c.n)).scalars().all() == [2]
    db.close()
    with pytest.raises(ProgrammingError):
        seen[-1].execute("SELECT 1")


def test_who_writes_while_the_database_is_closed_ends_and_leaves_no_connection(db):
    with db.write() as tx:
        driver = tx.connection.driver_connection
        db.close()
        tx.execute(insert(thing).values(n=1))
    with pytest.raises(ProgrammingError):
        driver.execute("SELECT 1")
    other = Database(db.url)
    with other.read() as tx:
        assert tx.execute(select(thing.c.n)).scalars().all() == [1]
    other.close()


def test_a_read_transaction_cannot_write_and_the_connection_is_clean_after(db):
    with pytest.raises(OperationalError), db.read() as tx:
        tx.execute(insert(thing).values(n=1))
    with db.write() as tx:
        tx.execute(insert(thing).values(n=2))
    with db.read() as tx:
        assert tx.execute(select(thing.c.n)).scalars().all() == [2]


def test_a_read_transaction_sees_one_moment(db):
    with db.read() as reader:
        assert reader.execute(select(thing)).all() == []
        with db.write() as tx:
            tx.execute(insert(thing).values(n=1))
        assert reader.execute(select(thing)).all() == []


def test_moments_and_json_read_back_and_naive_moments_are_refused(db):
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    with db.write() as tx:
        tx.execute(insert(thing).values(n=1, at=at, data={"b": [1, None], "a": "é"}))
        row = tx.execute(select(thing)).one()
        assert (row.at, row.data) == (at, {"a": "é", "b": [1, None]})
        with pytest.raises(StatementError):
            tx.execute(insert(thing).values(at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_pattern_that_is_too_long_for_the_database_is_the_askers_fault(db):
    with db.write() as tx:
        tx.execute(insert(thing).values(n=1))
    with pytest.raises(InvalidInput, match="too long"), db.read() as tx:
        tx.execute(select(thing.c.n).where(cast(thing.c.n, String).startswith("x" * 60_000)))


def test_many_threads_write_in_turn_and_lose_nothing(db):
    def add() -> None:
        for _ in range(25):
            with db.write() as tx:
                count = tx.execute(select(thing.c.n).order_by(thing.c.n.desc())).scalar() or 0
                tx.execute(insert(thing).values(n=count + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as tx:
        assert sorted(tx.execute(select(thing.c.n)).scalars()) == list(range(1, 101))


def test_an_unknown_kind_of_database_is_refused_without_its_password():
    with pytest.raises(UsageError) as caught:
        Database("mysql://joe:hunter2@host/db")
    assert "hunter2" not in str(caught.value)
