"""Killed at any moment, bringing a view online goes on and ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.features.materialization import job
from meguru.features.materialization.follow import MaterializationFollower
from meguru.features.materialization.runner import _Handlers, see_through
from meguru.features.materialization.start import list_materializations
from meguru.features.online.stores import online_of
from meguru.kernel.jobs import Worker
from meguru.testing.online_views import add_frame, bring_online, declare_view, hours

ROWS = 60_000


def frame(factor):
    who = [f"p{n:06d}" for n in range(ROWS)]
    return pl.DataFrame(
        {"who": who, "at": [hours(-factor)] * ROWS, "value": [n * factor for n in range(ROWS)]}
    )


def contents(ws):
    store = online_of(ws)
    return [
        sorted(row[:3] + row[4:] for part in store.scan(view) for row in part)
        for view in sorted(store.views())
    ]


@pytest.mark.soak
@pytest.mark.crash
@pytest.mark.parametrize("seed", range(6))
def test_it_goes_on_after_each_kill_and_ends_equal(tmp_path, seed):
    dice, place = random.Random(seed), tmp_path / "w"
    settings = Settings(sqlite_synchronous="NORMAL", lease_seconds=1)
    with open_local(place, settings=settings) as ws:
        add_frame(ws, frame(2.0), "accounts")
        declare_view(ws)
        declare_view(ws, "whole")
        bring_online(ws)
        add_frame(ws, frame(1.0), "accounts", mode="replace")
        bring_online(ws, "whole")
    command = [sys.executable, "-m", "meguru", "features", "materialize", "balance"]
    variables = os.environ | {"MEGURU_WORKSPACE": str(place), "MEGURU_LEASE_SECONDS": "1"}
    for _ in range(3):
        with subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL) as working:
            time.sleep(1.0 + dice.random() * 1.5)
            working.send_signal(signal.SIGKILL)
    with open_local(place, settings=settings) as ws:
        newest = list_materializations(ws, view="balance").items[0]
        assert see_through(ws, newest).state == "succeeded"
        assert bring_online(ws).total == 0
        first, second = contents(ws)
        assert len(first) == ROWS
        assert first == second


KILLED_BEFORE_THE_REST = """
import os, signal, sys
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.features.materialization import job
from meguru.testing.online_views import bring_online

job._wait_for_readers = lambda: os.kill(os.getpid(), signal.SIGKILL)
with open_local(sys.argv[1], settings=Settings(sqlite_synchronous="NORMAL", lease_seconds=1)) as ws:
    bring_online(ws)
"""


@pytest.mark.crash
@pytest.mark.parametrize("who", ["the next worker", "the server", "the next work"])
def test_rows_of_other_types_go_though_their_worker_died_after_its_commit(tmp_path, who, monkeypatch):
    place, settings = tmp_path / "w", Settings(sqlite_synchronous="NORMAL", lease_seconds=1)
    with open_local(place, settings=settings) as ws:
        add_frame(ws, pl.DataFrame({"who": ["a"], "at": [hours(-1)], "value": [1]}), "accounts")
        declare_view(ws)
        bring_online(ws)
        old = online_of(ws).views().keys()
        frame = pl.DataFrame({"who": ["a"], "at": [hours(-1)], "value": [1.5]})
        add_frame(ws, frame, "accounts", mode="replace")
    done = subprocess.run([sys.executable, "-c", KILLED_BEFORE_THE_REST, place], check=False)
    assert done.returncode == -signal.SIGKILL
    monkeypatch.setattr(job, "_wait_for_readers", lambda: None)
    clock = FixedClock(datetime.now(UTC) + timedelta(hours=1))
    with open_local(place, settings=settings, clock=clock) as ws:
        newest = list_materializations(ws, view="balance").items[0]
        assert newest.state == "succeeded"
        assert old < online_of(ws).views().keys()
        if who == "the next worker":
            assert Worker(ws, _Handlers(None)).run_job(newest.job)
        elif who == "the server":
            MaterializationFollower(ws).step()
        else:
            bring_online(ws)
        assert len(online_of(ws).views()) == 1
        assert old.isdisjoint(online_of(ws).views())
