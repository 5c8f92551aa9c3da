"""Rows out of PostgreSQL, and a read that finds little new, beside what the driver alone can do.

    make bench BENCH=data_sources [ARGS="2000000"]

A table of ten columns on a real server. The floor is the driver's COPY into a file; the peers are rows that
are made in Python, and a read of everything where one row is new. Seconds are of the clock, and of our
processor.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psycopg

from meguru.base.source_secrets import Secrets
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources import source_of, sql
from meguru.datasets.sources.base import SourceContext, SourceRead
from meguru.datasets.sources.chunks import FileSink
from meguru.datasets.sources.spec import PullMode, SourceSpec
from meguru.storage.blobs.local import LocalStore
from meguru.storage.db.external import anywhere
from meguru.testing import servers

TABLE = """CREATE TABLE orders AS SELECT n::bigint AS id, n / 3.0::float8 AS a, n % 7 AS b, md5(n::text) AS s,
timestamptz '2026-01-01' + n * interval '1 s' AS at, (n * 0.01)::numeric(12, 2) AS price, n % 2 = 0 AS flag,
date '2020-01-01' + (n % 1000)::int AS d, 'x' || (n % 100) AS c, CASE WHEN n % 5 > 0 THEN n END AS opt
FROM generate_series(1, {rows}) AS n"""


MORE = "INSERT INTO orders SELECT id + 1, a, b, s, at + interval '1 s' FROM orders ORDER BY at DESC LIMIT 1"


class Bench:
    """One server with one table, read in different ways."""

    def __init__(self, url: str, folder: str, own: psycopg.Connection[tuple[object, ...]]) -> None:
        self.url, self.folder, self.own = url, folder, own
        blobs = LocalStore(Path(folder) / "blobs")
        self.context = SourceContext(
            secrets=Secrets(), blob=blobs.get_bytes, put=blobs.put_bytes, place=anywhere
        )

    def read(self, watermark: str = "", since: SourcePosition | None = None) -> SourceRead:
        mode: PullMode = "append" if watermark else ""
        spec = SourceSpec(address=f"{self.url}#orders", watermark=watermark, mode=mode)
        sink = FileSink(Path(tempfile.mkdtemp(dir=self.folder)))
        found = source_of(spec, self.context).read(since, sink, [])
        sink.close()
        return found

    def floor(self) -> None:
        copy_out = "COPY orders TO STDOUT (FORMAT csv)"
        with (Path(self.folder) / "raw").open("wb") as file, self.own.cursor().copy(copy_out) as copy:
            for data in copy:
                file.write(data)


def main(rows: int) -> None:
    """Measure, and print ratios."""
    with servers.postgres() as url, tempfile.TemporaryDirectory() as folder:
        own = psycopg.connect(url, autocommit=True)
        own.execute(TABLE.format(rows=rows))
        own.execute("CREATE INDEX ON orders (at)")
        bench = Bench(url, folder, own)
        least, whole = timed(bench.floor), timed(bench.read)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        first = bench.read("at")
        own.execute(MORE)
        little = timed(lambda: bench.read("at", first.position))
        fast, sql.copied_frames = sql.copied_frames, lambda *_: None
        slow = timed(bench.read)
        sql.copied_frames = fast
        own.close()
    print(f"{rows:,} rows into Parquet: {whole}, {whole / least} the driver's COPY into a file")
    print(f"rows made in Python: {slow}, {slow / whole} as long; at most {memory:,} MB of memory")
    print(f"one new row by the watermark: {little}; all of it takes {whole / little} as long")


class Took(NamedTuple):
    """Seconds of the clock, and of this process's processor."""

    wall: float
    cpu: float

    def __truediv__(self, other: Took) -> str:
        return f"{self.wall / other.wall:.1f} x ({self.cpu / other.cpu:.1f} x the processor)"

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} s)"


def timed(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
