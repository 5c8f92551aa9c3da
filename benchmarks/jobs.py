"""What claiming a job costs as the table grows: each case beside ten rows of history, measured in turns.

The floor is the bare durable commit of one changed row. Where jobs of one pipeline lie before the one to
take (it is at its limit, or others should go first), a claim looks at the heads of lanes instead: a few looks
more, whose cost must not grow with the jobs that lie in the way; hence the short flood beside the long one.
"""

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import insert

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel.jobs import lanes, queue
from meguru.kernel.jobs.schema import job
from meguru.testing import servers

LEASE = timedelta(seconds=60)
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 150
NOW = datetime.now(UTC)


def rows(state: str, count: int, lane_of, first: int = 0, **more):
    return [
        {
            "id": f"job-{state}-{number:08d}",
            "kind": "work",
            "key": f"{state}-{number}",
            "payload": {},
            "state": state,
            "attempt": 0 if state == "queued" else 1,
            "max_attempts": 5,
            "created_at": NOW,
            "not_before": NOW - timedelta(seconds=count - number + first),
            "lane": lane_of(number),
            "priority": 0,
            **more,
        }
        for number in range(first, first + count)
    ]


def fill(ws, *batches):
    with ws.db.write() as tx:
        for batch in batches:
            for at in range(0, len(batch), 5000):
                tx.execute(insert(job), batch[at : at + 5000])
    with ws.db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def history(count):
    return rows("done", count, lambda number: f"p{number % 1000}", finished_at=NOW)


def few(ws):
    fill(ws, history(10), rows("queued", ROUNDS + 20, lambda number: f"p{number % 5}"))


def long_history(ws):
    fill(ws, history(100_000), rows("queued", ROUNDS + 20, lambda number: f"p{number % 5}"))


def many_waiting(ws):
    fill(ws, history(10), rows("queued", 10_000, lambda number: f"p{number % 1000}"))


def short_flood(ws):
    one_flood(ws, ROUNDS + 300)


def one_flood(ws, count=10_000):
    running = rows("running", 2, lambda _: "flood", lease_owner="w", lease_until=NOW + timedelta(days=1))
    fill(ws, history(10), running, rows("queued", count, lambda _: "flood"))


def full_lane(ws):
    with ws.db.write() as tx:
        lanes.set_limit(tx, "full", 2)
    running = rows("running", 2, lambda _: "full", lease_owner="w", lease_until=NOW + timedelta(days=1))
    waiting = rows("queued", 10_000, lambda _: "full")
    behind = rows("queued", ROUNDS + 20, lambda number: f"p{number % 5}", first=20_000)
    fill(ws, history(10), running, waiting, behind)


CASES = {
    "10 rows of history": few,
    "100,000 rows of history": long_history,
    "1,000 pipelines, 10,000 waiting": many_waiting,
    "one pipeline, 300 waiting, 2 running": short_flood,
    "one pipeline, 10,000 waiting, 2 running": one_flood,
    "10,000 waiting in a full lane, in the way": full_lane,
}


def claim_and_finish(ws) -> float:
    began = time.perf_counter()
    with ws.db.write() as tx:
        held = queue.claim(tx, owner="w", now=datetime.now(UTC), lease=LEASE, kinds=["work"])
    took = time.perf_counter() - began
    assert held is not None
    with ws.db.write() as tx:
        queue.finish(tx, held, "done", datetime.now(UTC))
    return took


def floor(folder: Path):
    raw = sqlite3.connect(folder / "floor.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode=wal")
    raw.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT)")
    raw.execute("INSERT INTO job VALUES (1, '')")

    def commit() -> float:
        began = time.perf_counter()
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("UPDATE job SET state = state || 'x' WHERE id = 1")
        raw.execute("COMMIT")
        return time.perf_counter() - began

    return commit


def measure(title: str, places: dict[str, str], folder: Path, floor_of=None) -> None:
    with ExitStack() as stack:
        opened = {}
        for name, place in places.items():
            settings = Settings(blobs=str(folder / "blobs"))
            opened[name] = stack.enter_context(open_local(place, settings=settings))
            CASES[name](opened[name])
        times = {name: [] for name in places}
        floors = []
        for _ in range(ROUNDS):
            for name, ws in opened.items():
                times[name].append(claim_and_finish(ws))
            if floor_of is not None:
                floors.append(floor_of())
    first = statistics.median(times["10 rows of history"])
    print(f"{title}: median of {ROUNDS} claims, in turns")
    if floors:
        print(f"  {'bare commit of one row (floor)':<44} {statistics.median(floors) * 1e3:7.3f} ms")
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"  {name:<44} {middle * 1e3:7.3f} ms = {middle / first:.2f} x ten rows")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = {case: str(folder / f"w{number}") for number, case in enumerate(CASES)}
        measure("SQLite (synchronous=FULL)", places, folder, floor(folder))
    try:
        with servers.postgres() as url, tempfile.TemporaryDirectory() as name:
            import psycopg

            places = {}
            with psycopg.connect(url, autocommit=True) as admin:
                for number, case in enumerate(CASES):
                    admin.execute(f"CREATE DATABASE bench{number}")
                    places[case] = urlunsplit(urlsplit(url)._replace(path=f"/bench{number}"))
            measure("PostgreSQL (fsync off: the ratio is what counts)", places, Path(name))
    except ModuleNotFoundError as error:
        print(f"PostgreSQL: not measured, {error.name} is not installed")


if __name__ == "__main__":
    os.environ.setdefault("MEGURU_LANG", "en")
    main()
