"""Group commit: those who write at once share a transaction, and each is kept whole or not at all."""

import sqlite3
import threading

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from meguru.errors import Busy, Conflict
from meguru.storage.db import Database


@pytest.fixture
def db(tmp_path):
    found = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with found.write() as tx:
        tx.exec_driver_sql("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    yield found
    found.close()


def put(*numbers):
    def work(tx):
        for number in numbers:
            tx.exec_driver_sql("INSERT INTO t VALUES (?)", (number,))
        return sum(numbers)

    return work


def numbers(db):
    with db.read() as tx:
        return list(tx.exec_driver_sql("SELECT n FROM t ORDER BY n").scalars())


def test_those_who_come_meanwhile_share_one_commit_and_are_answered_after_it(db):
    commits, held, go = [], threading.Event(), threading.Event()
    event.listen(db.engine, "commit", commits.append)

    def slow(tx):
        held.set()
        go.wait(60)

    first = db.group_commit.submit(slow)
    held.wait(60)
    others = [db.group_commit.submit(put(number), order=str(number)) for number in range(20)]
    assert not any(other.done() for other in others)
    go.set()
    first.result(60)
    assert [other.result(60) for other in others] == list(range(20))
    assert numbers(db) == list(range(20))
    assert len(commits) == 2


def test_what_one_did_is_undone_alone_when_it_raises(db):
    held, go = threading.Event(), threading.Event()

    def slow(tx):
        held.set()
        go.wait(60)

    def refuse(tx):
        put(7)(tx)
        raise Conflict("no")

    db.group_commit.submit(slow)
    held.wait(60)
    kept, refused, twice, last = (
        db.group_commit.submit(work) for work in (put(1), refuse, put(2, 1), put(3))
    )
    go.set()
    assert (kept.result(60), last.result(60)) == (1, 3)
    with pytest.raises(Conflict):
        refused.result(60)
    with pytest.raises(Exception, match="UNIQUE"):
        twice.result(60)
    assert numbers(db) == [1, 3]


def test_one_alone_that_raises_leaves_nothing(db):
    def refuse(tx):
        put(7)(tx)
        raise Conflict("no")

    with pytest.raises(Conflict):
        db.group_commit.submit(refuse).result(60)
    assert numbers(db) == []
    assert db.group_commit.submit(put(4)).result(60) == 4


def test_closing_finishes_what_waits(db):
    waiting = [db.group_commit.submit(put(number)) for number in range(50)]
    db.close()
    assert [each.result(0) for each in waiting] == list(range(50))
    assert numbers(db) == list(range(50))


def test_in_a_group_too_what_the_database_refuses_is_an_error_of_ours(db):
    held, go = threading.Event(), threading.Event()

    def slow(tx):
        held.set()
        go.wait(60)

    def full(tx):
        cause = sqlite3.OperationalError("database or disk is full")
        cause.sqlite_errorname = "SQLITE_FULL"
        raise OperationalError("INSERT", None, cause)

    db.group_commit.submit(slow)
    held.wait(60)
    refused, kept = db.group_commit.submit(full), db.group_commit.submit(put(1))
    go.set()
    with pytest.raises(Busy, match="disk is full"):
        refused.result(60)
    assert kept.result(60) == 1
