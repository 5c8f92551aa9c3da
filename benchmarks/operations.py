"""What an operation costs above the bare durable commit it must make, and what verifying the log costs."""

import hashlib
import json
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.kernel.operations import Context, operation

COUNT = 400


@operation("bench.make", permission="bench:write")
def make(ctx: Context, *, name: str, size: int = 1) -> str:
    """Emit one event."""
    ctx.emit("bench.made", f"bench/{name}", data={"size": size}, used=["a/b"], produced=[f"bench/{name}"])
    return name


@operation("bench.ask", permission="bench:read", query=True)
def ask(ctx: Context) -> int:
    """Read one row."""
    return events.head(ctx.tx)


def each_ms(action, count: int = COUNT) -> float:
    times = []
    for number in range(count):
        start = time.perf_counter()
        action(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def floor_ms(folder: Path, synchronous: str) -> float:
    raw = sqlite3.connect(folder / f"floor-{synchronous}.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode=wal")
    raw.execute(f"PRAGMA synchronous={synchronous}")
    raw.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, body TEXT, hash TEXT)")

    def insert(number: int) -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("INSERT INTO event VALUES (?, ?, ?)", (number + 1, "x" * 400, "h" * 64))
        raw.execute("COMMIT")

    return each_ms(insert)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for synchronous in ("FULL", "NORMAL"):
            floor = floor_ms(folder, synchronous)
            with open_local(folder / synchronous, settings=Settings(sqlite_synchronous=synchronous)) as ws:
                done = each_ms(lambda number, ws=ws: make(ws, name=f"n{number}"))
                asked = each_ms(lambda _, ws=ws: ask(ws))
            print(
                f"synchronous={synchronous}: bare commit {floor:.3f} ms, operation with event {done:.3f} ms",
                end="",
            )
            print(f" = {done / floor:.1f} x; query {asked:.3f} ms")
        with open_local(folder / "FULL") as ws, ws.read() as tx:
            start = time.perf_counter()
            verdict = events.verify(tx)
            seconds = time.perf_counter() - start
        body = json.dumps({"x": "y" * 500})
        start = time.perf_counter()
        for _ in range(verdict.checked):
            hashlib.sha256(json.dumps(json.loads(body)).encode()).hexdigest()
        floor = time.perf_counter() - start
        rate = verdict.checked / seconds
        print(f"verify: {rate:,.0f} events/s, {seconds / floor:.1f} x parsing and hashing as many alone")


if __name__ == "__main__":
    main()
