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
