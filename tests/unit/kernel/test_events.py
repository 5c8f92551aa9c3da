"""The event log: in order, by cursor, and provably whole."""

import sqlite3
import threading
from datetime import timedelta

import pytest

from meguru.base.clock import FixedClock
from meguru.kernel import events
from meguru.testing.events import declare_events

declare_events("t.n0", "t.n1", "t.n2")


def add(ws, number, **more):
    with ws.db.write() as tx:
        return events.append(
            tx,
            type=f"t.n{number % 3}",
            at=ws.clock.now(),
            actor="a",
            operation="o",
            subject=f"s/{number}",
            **more,
        )


def tamper(ws, statement):
    with sqlite3.connect(ws.root / "meguru.db", isolation_level=None) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")  # as whoever owns the database would
        raw.execute(statement)
    raw.close()


def test_events_are_numbered_without_gap_by_many_threads(workspace):
    threads = [threading.Thread(target=lambda: [add(workspace, n) for n in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with workspace.read() as tx:
        assert [event.seq for event in events.read(tx, limit=1000)] == list(range(1, 81))
        verdict = events.verify(tx)
    assert (verdict.intact, verdict.checked) == (True, 80)


def test_the_cursor_filters_and_pages(workspace):
    for number in range(10):
        add(workspace, number)
    with workspace.read() as tx:
        assert [event.seq for event in events.read(tx, after=3, limit=2)] == [4, 5]
        assert [event.subject for event in events.read(tx, types=["t.n0"])] == ["s/0", "s/3", "s/6", "s/9"]
        newest = events.latest(tx, subject="s/4")
    assert newest is not None
    assert newest.seq == 5


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE event SET actor = 'mallory' WHERE seq = 4", 4),
        ("UPDATE event SET data = '{\"x\":2}' WHERE seq = 4", 4),
        ("UPDATE event SET at = '2001-01-01T00:00:00.000000Z' WHERE seq = 2", 2),
        ("UPDATE event SET data = 'not json' WHERE seq = 3", 3),
        ("UPDATE event SET actor = CAST(x'ff' AS TEXT) WHERE seq = 4", 4),
        ("UPDATE event SET subject = x'00' WHERE seq = 4", 4),
        ("DELETE FROM event WHERE seq = 4", 5),
        ("DELETE FROM event WHERE seq = 6", 6),
        ("UPDATE event SET hash = previous WHERE seq = 3", 3),
    ],
)
def test_whatever_is_changed_behind_our_back_is_found_and_named(workspace, statement, seq):
    for number in range(6):
        add(workspace, number, data={"x": 1})
    tamper(workspace, statement)
    with workspace.read() as tx:
        verdict = events.verify(tx)
    assert not verdict.intact
    assert verdict.seq == seq
    assert verdict.why


def test_json_that_is_spelled_otherwise_and_says_the_same_is_not_changed(workspace):
    for number in range(3):
        add(workspace, number, data={"x": "é", "y": 1.5})
    tamper(workspace, r"""UPDATE event SET data = ' {"y": 1.50, "x": "\u00e9"}' WHERE seq = 2""")
    with workspace.read() as tx:
        assert events.verify(tx).intact


def test_a_column_can_not_take_over_what_another_one_says(workspace):
    """The bytes that are hashed stay the same; what the columns say does not."""
    inner = {"id": "evt-other", "operation": "o", "previous": "p", "produced": [1]}
    add(workspace, 0, data={"a": {"z": inner}})
    with workspace.read() as tx:
        told = events.read(tx)[0]
    hashed = f',"id":"{told.id}","operation":"o","previous":"{told.previous}","produced":[]'
    for data, made in (
        ('{"a":{"z":{"id":"evt-other","operation":"o","previous":"p","produced":[1]}}', f"}}{hashed}"),
        (f'{{"a":{{"z":{{}}}}}}{hashed}', "[]"),
    ):
        tamper(workspace, f"UPDATE event SET data = '{data}', produced = '{made}' WHERE seq = 1")
        with workspace.read() as tx:
            assert events.verify(tx).seq == 1


def test_a_clock_that_was_set_back_is_told_and_no_fault(workspace):
    add(workspace, 0)
    workspace.clock = FixedClock(workspace.clock.now() - timedelta(hours=1))
    told = [add(workspace, 1), add(workspace, 2)]
    with workspace.read() as tx:
        found = events.verify(tx)
    assert (found.intact, found.steps_back) == (True, 2)
    assert [each.event for each in found.steps] == [each.id for each in told]
    assert found.steps[0].after > found.steps[0].at


def test_a_head_that_was_kept_is_expected_in_the_chain_ever_after(workspace):
    for number in range(3):
        add(workspace, number)
        with workspace.read() as tx:
            kept = events.verify(tx).head
    add(workspace, 4)
    with workspace.read() as tx:
        assert events.verify(tx, expect=kept).intact
        assert events.verify(tx, expect="0" * 64).intact
        other = events.verify(tx, expect="1" * 64)
    assert (other.intact, other.checked) == (False, 4)


def test_latest_events_by_subject_are_those_after_which_nothing_happened_to_the_same_thing(workspace):
    for number in (0, 3, 6, 0, 1, 4):  # of types n0, n0, n0, n0, n1, n1
        add(workspace, number, project="team" if number == 4 else "")
    with workspace.db.write() as tx:
        later = {"at": workspace.clock.now(), "actor": "a", "operation": "o", "subject": "s/6"}
        events.append(tx, type="t.n2", **later)
    with workspace.read() as tx:
        found = events.latest_by_subject(tx, ["t.n0", "t.n1"], limit=10)
        few = events.latest_by_subject(tx, ["t.n0", "t.n1"], limit=1)
        seen = events.latest_by_subject(tx, ["t.n1"], limit=10, projects={"team"})
        none = events.latest_by_subject(tx, [], limit=10)
    assert [each.seq for each in found] == [6, 5, 4, 2]  # not 1 and 3: more happened to s/0 and s/6
    assert [each.seq for each in few] == [6, 4]
    assert [each.seq for each in seen] == [6]
    assert none == []


def test_waiting_ends_when_another_thread_commits(workspace):
    add(workspace, 1)
    threading.Timer(0.05, lambda: add(workspace, 2)).start()
    assert events.wait(workspace, after=1, timeout=60) == 2


def test_waiting_without_news_returns_the_old_head(workspace):
    assert events.wait(workspace, after=0, timeout=0.01) == 0
