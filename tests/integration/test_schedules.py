"""Two servers on one database: each moment of a calendar is decided once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.testing.actions import install
from meguru.triggers import operations as triggers

install()

EVALUATOR = """
    import sys
    from meguru.app.nouns import load_operations
    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.testing.actions import install
    from meguru.triggers.evaluate import Evaluator

    load_operations()
    install()
    with open_local(sys.argv[1], settings=Settings(blobs=sys.argv[2], sqlite_synchronous="NORMAL")) as ws:
        evaluator = Evaluator(ws)
        print("ready", flush=True)
        sys.stdin.readline()
        print(evaluator.step())
    """


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def place(request, tmp_path):
    if request.param == "sqlite":
        return str(tmp_path / "workspace")
    return request.getfixturevalue("postgres_url")


def test_two_servers_that_come_back_at_once_fire_each_moment_once(place, tmp_path):
    since = datetime.now(UTC) - timedelta(hours=30)
    settings = Settings(blobs=str(tmp_path / "blobs"), sqlite_synchronous="NORMAL")
    with open_local(place, settings=settings, clock=FixedClock(since)) as ws:
        for number in range(4):
            on = {"cron": "0 * * * *", "catch_up": "all"}
            triggers.create(ws, name=f"hourly-{number}", on=on, action={"note": "done"})
    program = [sys.executable, "-c", textwrap.dedent(EVALUATOR), place, str(tmp_path / "blobs")]
    servers = [
        subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for server in servers:
        assert server.stdout.readline() == "ready\n"
    for server in servers:
        server.stdin.write("go\n")
        server.stdin.flush()
    counts = [int(server.communicate(timeout=120)[0]) for server in servers]
    with open_local(place, settings=settings) as ws:
        fired = triggers.history(ws, limit=1000).items
    due = [(one.trigger, one.evidence["due"]) for one in fired]
    assert len(due) == len(set(due)) == sum(counts)
    assert len(due) in {4 * 30, 4 * 31}
    assert {one.state for one in fired} == {"fired"}


FOLLOWER = """
    import sys
    import threading
    from meguru.app.nouns import load_operations
    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.testing.actions import install
    from meguru.triggers.evaluate import Evaluator

    load_operations()
    install()
    with open_local(sys.argv[1], settings=Settings(blobs=sys.argv[2], sqlite_synchronous="NORMAL")) as ws:
        print("ready", flush=True)
        Evaluator(ws).run(threading.Event())
    """


@pytest.mark.integration
def test_of_two_servers_one_is_killed_and_each_cause_is_acted_on_once(postgres_url, tmp_path):
    """The one that stays does what the other left, and what is owed fires once more with the newest."""
    settings = Settings(blobs=str(tmp_path / "blobs"), sqlite_synchronous="NORMAL")
    program = [sys.executable, "-c", textwrap.dedent(FOLLOWER), postgres_url, str(tmp_path / "blobs")]
    with open_local(postgres_url, settings=settings) as ws:
        on = {"event": "trigger.paused"}
        triggers.create(ws, name="all", on=on, action={"note": "forgotten", "job": True})
        triggers.create(ws, name="busy", on=on, action={"note": "done", "job": True})
        triggers.create(ws, name="other", on={"event": "nothing.ever"}, action={"note": "done"})
        servers = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        try:
            for server in servers:
                assert server.stdout.readline() == "ready\n"
            for number in range(20):
                triggers.pause(ws, name="other")
                triggers.resume(ws, name="other")
                if number == 10:
                    servers[0].kill()
            seen = []
            for _ in range(600):
                seen = triggers.history(ws, name="all", limit=100).items
                if len(seen) == 20:
                    break
                with ws.read() as tx:
                    head = events.head(tx)
                events.wait(ws, after=head, timeout=0.1)
            busy = triggers.history(ws, name="busy", limit=100).items
        finally:
            for server in servers:
                server.kill()
                server.communicate()
        with ws.read() as tx:
            paused = [each.id for each in events.read(tx, types=("trigger.paused",), limit=100)]
            assert events.verify(tx).intact
    assert [each.event for each in reversed(seen)] == paused
    assert {each.state for each in seen} == {"fired"}
    states = [each.state.value for each in reversed(busy)]
    assert (states[0], states[-1], busy[0].event) == ("fired", "owed", paused[-1])
    assert states.count("fired") == 1
