"""Many waiters, one look at the log."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.governance.principals import create_principal
from meguru.kernel import events
from meguru.kernel.operations.operation import Operation
from meguru.testing.events import declare_events

declare_events("test.said")

FLAGS = {"query": False, "evented": True}


@pytest.fixture
def uncounted(workspace):
    """Have a look be a transaction each time, as on PostgreSQL: SQLite counts commits, which costs less."""
    workspace.watch._change_counter = lambda: None


@pytest.mark.usefixtures("uncounted")
def test_many_waiters_cost_no_more_than_one(workspace, looks):
    with ThreadPoolExecutor(50) as pool:
        waiting = [pool.submit(events.wait, workspace, after=0, timeout=1.0) for _ in range(50)]
        assert [each.result() for each in waiting] == [0] * 50
    # Each looks when it comes and when it goes; between, one looks for all, ten times a second.
    assert len(looks) < 50 * 2 + 40


def test_when_the_one_who_looks_leaves_another_takes_over(workspace):
    with ThreadPoolExecutor(3) as pool:
        short = pool.submit(events.wait, workspace, after=0, timeout=0.3)
        long = [pool.submit(events.wait, workspace, after=0, timeout=60) for _ in range(2)]
        assert short.result() == 0
        with open_local(workspace.root, settings=Settings(sqlite_synchronous="NORMAL")) as elsewhere:
            create_principal(elsewhere, name="sato")
        assert [each.result(timeout=60) for each in long] == [1, 1]


def test_each_waiter_wakes_for_what_it_waits_for(workspace):
    with ThreadPoolExecutor(4) as pool:
        waiting = {after: pool.submit(events.wait, workspace, after=after, timeout=60) for after in range(4)}
        for number in range(4):
            create_principal(workspace, name=f"p{number}")
            assert waiting[number].result(timeout=60) > number


def test_draining_ends_all_waits(workspace):
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(events.wait, workspace, after=0, timeout=60) for _ in range(4)]
        workspace.drain()
        assert [each.result(timeout=60) for each in waiting] == [0] * 4


@pytest.mark.usefixtures("uncounted")
def test_a_failed_look_is_told_and_does_not_stop_the_others(workspace, monkeypatch):
    real, broken = workspace.db.read, threading.Event()

    def read():
        if broken.is_set():
            broken.clear()
            raise ZeroDivisionError
        return real()

    workspace.db.read = read
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(events.wait, workspace, after=0, timeout=60) for _ in range(2)]
        while not any(each.running() for each in waiting):
            pass
        broken.set()
        while broken.is_set():
            pass
        create_principal(workspace, name="sato")
        ends = [each.exception(timeout=60) or each.result() for each in waiting]
    assert sum(end == 1 for end in ends) >= 1


@pytest.mark.usefixtures("uncounted")
def test_what_concerns_nobody_has_nobody_look(workspace, looks):
    wakes = {"run.started"}.__contains__
    # The first look of a process wakes everybody, whatever it finds: it is over before anything happens.
    events.wait(workspace, after=0, timeout=0.01)
    looks.clear()
    with ThreadPoolExecutor(2) as pool:
        waiting = [
            pool.submit(events.wait, workspace, after=0, timeout=60, wakes=wakes),
            pool.submit(events.wait_for_notification, workspace, "jobs", seen=0, timeout=60),
        ]
        while not looks:
            pass
        looks.clear()
        for number in range(100):
            create_principal(workspace, name=f"p{number}")
        assert len(looks) < 50  # as often as the time says, and not once for each
        assert not any(each.done() for each in waiting[:1])
        workspace.drain()
        assert waiting[0].result(timeout=60) == 0


def test_while_nobody_commits_the_log_is_not_read(workspace, looks):
    events.wait(workspace, after=0, timeout=0.01)
    with (
        open_local(workspace.root, settings=Settings(sqlite_synchronous="NORMAL")) as elsewhere,
        ThreadPoolExecutor(1) as pool,
    ):
        events.wait(workspace, after=0, timeout=0.3)
        looks.clear()
        assert events.wait(workspace, after=0, timeout=0.5) == 0
        assert not looks
        waiting = pool.submit(events.wait, workspace, after=0, timeout=60)
        create_principal(elsewhere, name="sato")
        assert waiting.result(timeout=60) == 1


@pytest.mark.integration
def test_a_database_server_that_went_away_is_asked_again(postgres_url, tmp_path):
    settings = Settings(blobs=str(tmp_path / "blobs"))
    with (
        open_local(postgres_url, settings=settings) as here,
        open_local(postgres_url, settings=settings) as elsewhere,
        ThreadPoolExecutor(1) as pool,
    ):
        looks, real = [], here.db.read
        events.wait(here, after=0, timeout=0.3)
        here.db.read = lambda: looks.append(1) or real()
        assert events.wait(here, after=0, timeout=0.5) == 0
        assert not looks
        waiting = pool.submit(events.wait, here, after=0, timeout=60)
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        with elsewhere.db.engine.connect() as connection:
            connection.exec_driver_sql(f"{ended} AND datname = current_database()")
        create_principal(elsewhere, name="sato")
        assert waiting.result(timeout=60) == 1


def test_a_word_to_stop_ends_the_wait_whenever_it_comes(workspace):
    stop = threading.Event()
    for _ in range(20):
        stop.clear()
        with ThreadPoolExecutor(3) as pool:
            waiting = [
                pool.submit(events.wait, workspace, after=0, timeout=60, wakes=wakes, stop=stop)
                for wakes in (None, {"run.started"}.__contains__, {"run.ended"}.__contains__)
            ]
            stop.set()
            workspace.notify()
            assert [each.result(timeout=60) for each in waiting] == [0, 0, 0]


def test_what_was_committed_before_the_wait_began_ends_it(workspace):
    create_principal(workspace, name="p0")
    assert events.wait(workspace, after=1, timeout=0.01) == 1
    create_principal(workspace, name="p1")
    wakes = {"principal.created"}.__contains__
    assert events.wait(workspace, after=1, timeout=30, wakes=wakes) == 2


def test_a_channel_wakes_those_who_wait_for_it_alone(workspace):
    def promise(ctx):
        ctx.notify("jobs")
        ctx.emit("test.said", "workspace/test")

    events.wait(workspace, after=0, timeout=0.01)  # the first poll notifies all channels
    seen = workspace.watch.notification_count("jobs"), workspace.watch.notification_count("doors")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(events.wait_for_notification, workspace, "jobs", seen=seen[0], timeout=60)
        Operation(promise, "test.promise", "test:write", query=False, evented=True)(workspace)
        waiting.result(timeout=60)
    assert workspace.watch.notification_count("jobs") > seen[0]
    assert workspace.watch.notification_count("doors") == seen[1]


def test_a_notification_of_a_change_that_was_undone_is_not_sent(workspace):
    def promise(ctx):
        ctx.notify("jobs")
        ctx.emit("test.said", "workspace/test")
        raise ZeroDivisionError

    seen = workspace.watch.notification_count("jobs")
    with pytest.raises(ZeroDivisionError):
        Operation(promise, "test.promise", "test:write", query=False, evented=True)(workspace)
    assert workspace.watch.notification_count("jobs") == seen


def test_in_a_crowd_nobody_misses_what_concerns_it(workspace):
    """Writers here and elsewhere, readers of one type each: one that misses a word would wait for minutes."""
    kinds, each = [f"test.kind_{number}" for number in range(4)], 15

    def say(where, kind):
        Operation(lambda ctx: ctx.emit(kind, "workspace/test") and None, "test.say", "test:write", **FLAGS)(
            where
        )

    def write(where):
        for number in range(each * len(kinds)):
            say(where, kinds[number % len(kinds)])

    def read(kind):
        while True:
            with workspace.read() as tx:
                head = events.head(tx)
                if len(events.read(tx, types=[kind], limit=1000)) == each * 2:
                    return kind
            events.wait(workspace, after=head, timeout=600, wakes={kind}.__contains__)

    with (
        open_local(workspace.root, settings=Settings(sqlite_synchronous="NORMAL")) as elsewhere,
        ThreadPoolExecutor(10) as pool,
    ):
        readers = [pool.submit(read, kind) for kind in kinds * 2]
        writers = [pool.submit(write, where) for where in (workspace, elsewhere)]
        try:
            assert [done.result(timeout=120) for done in [*readers, *writers]] == [*kinds * 2, None, None]
        finally:
            workspace.drain()
