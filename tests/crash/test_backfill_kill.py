"""Kill -9 in the middle of a backfill: it goes on where it was, each partition with one run that succeeds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter

import msgspec
import pytest

from meguru.app.open import open_local, open_workspace
from meguru.backfills import operations as backfills
from meguru.backfills.types import BackfillState
from meguru.backfills.work import see_through
from meguru.base.settings import Settings
from meguru.pipelines.load import register_file
from meguru.pipelines.show import list_runs
from meguru.pipelines.types import PipelineRunState

pytestmark = pytest.mark.crash
DAILY = textwrap.dedent(
    """
    import time
    from datetime import date

    from meguru import pipeline, step

    @step
    def load(day: date, marks: str) -> int:
        with open(marks, "a") as file:
            file.write(f"{day}\\n")
        time.sleep(0.05)
        with open(marks + ".done", "a") as file:
            file.write(f"{day}\\n")
        return day.day

    @pipeline
    def daily(day: date, marks: str):
        return load(day, marks)
    """
)
DAYS = 12
MEGURU = [sys.executable, "-m", "meguru"]
ENVIRONMENT = {"MEGURU_LEASE_SECONDS": "1", "MEGURU_SQLITE_SYNCHRONOUS": "NORMAL"}


@pytest.fixture
def daily(tmp_path):
    (tmp_path / "daily.py").write_text(DAILY)
    (tmp_path / "marks").write_text("")
    return tmp_path


def lines(daily, name="marks"):
    path = daily / name
    return path.read_text().split() if path.exists() else []


def wait_for(daily, count, process):
    while len(lines(daily)) < count and process.poll() is None:
        time.sleep(0.01)


def arguments(daily):
    return [
        "--param",
        "day",
        "--from",
        "2024-01-01",
        "--to",
        f"2024-01-{DAYS}",
        "-p",
        f"marks={daily / 'marks'}",
    ]


def check(ws, daily, backfill):
    """Each partition has one run, which succeeded; only what was in flight at a kill was begun twice."""
    done = backfills.show(ws, backfill=backfill)
    assert (done.state, done.counts.succeeded) == (BackfillState.SUCCEEDED, DAYS)
    runs = list_runs(ws, limit=100).items
    assert Counter(run.partition for run in runs) == Counter(
        {f"2024-01-{day:02}": 1 for day in range(1, DAYS + 1)}
    )
    assert {run.state for run in runs} == {PipelineRunState.SUCCEEDED}
    parts = backfills.list_partitions(ws, backfill=backfill).items
    assert [part.tries for part in parts] == [1] * DAYS


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (1, 2))])
def test_a_killed_client_of_an_embedded_workspace_loses_nothing(daily, seed):
    rng = random.Random(seed)
    place = str(daily / "ws")
    command = [*MEGURU, "backfill", "start", f"{daily}/daily.py:daily", "-w", place, *arguments(daily)]
    kills = 0
    for _ in range(2):
        with subprocess.Popen(
            command, env=os.environ | ENVIRONMENT, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            wait_for(daily, len(lines(daily)) + rng.randint(1, 4), process)
            time.sleep(rng.random() * 0.05)
            process.kill()
        kills += process.returncode == -signal.SIGKILL
        with open_local(place, settings=Settings(sqlite_synchronous="NORMAL")) as ws:
            (made,) = backfills.list_backfills(ws).items
        command = [*MEGURU, "backfill", "resume", made.id, "-w", place]
    assert kills
    with open_local(place, settings=Settings(sqlite_synchronous="NORMAL", lease_seconds=1.0)) as ws:
        see_through(ws, made.id)
        check(ws, daily, made.id)
    again = Counter(lines(daily))
    assert sum(count - 1 for count in again.values()) <= kills * made.parallel


def up(where, daily):
    # What it says is shown where a test fails.
    said = (daily / f"server-{time.monotonic_ns()}.log").open("wb")
    process = subprocess.Popen(
        [*MEGURU, "up", "-w", where, "--port", "0", "--json", "--exit-with-parent"],
        env=os.environ | ENVIRONMENT | {"MEGURU_BLOBS": str(daily / "blobs")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
    )
    said.close()
    return process, msgspec.json.decode(process.stdout.readline())["url"]


def start(url, daily):
    with open_workspace(url) as far:
        register_file(far, f"{daily}/daily.py:daily")
        params = {"marks": str(daily / "marks")}
        last = f"2024-01-{DAYS}"
        return backfills.start(
            far, pipeline="daily", param="day", first="2024-01-01", last=last, params=params
        )


@pytest.mark.parametrize("place", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def test_a_killed_server_goes_on_with_it_when_it_is_back(daily, place, request):
    where = str(daily / "ws") if place == "sqlite" else request.getfixturevalue("postgres_url")
    server, url = up(where, daily)
    try:
        made = start(url, daily)
        wait_for(daily, 3, server)
        server.kill()
        server.communicate()
        server, url = up(where, daily)
        with open_workspace(url) as far:
            assert see_through(far, made.id).state is BackfillState.SUCCEEDED
    finally:
        server.kill()
        server.communicate()
    with open_local(where, settings=Settings(blobs=str(daily / "blobs"))) as ws:
        check(ws, daily, made.id)


@pytest.mark.integration
def test_of_two_servers_the_other_goes_on_with_what_the_killed_one_did(daily, postgres_url):
    first, url = up(postgres_url, daily)
    second, other = up(postgres_url, daily)
    try:
        made = start(url, daily)
        wait_for(daily, 3, first)
        first.kill()
        with open_workspace(other) as far:
            assert see_through(far, made.id).state is BackfillState.SUCCEEDED
    finally:
        for server in (first, second):
            server.kill()
            server.communicate()
    with open_local(postgres_url, settings=Settings(blobs=str(daily / "blobs"))) as ws:
        check(ws, daily, made.id)
