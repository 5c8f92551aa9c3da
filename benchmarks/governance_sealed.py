"""What encrypted blobs cost beside plain ones, in a folder: to write, to read, and to open as a file.

Many small blobs and few large ones; the middle of some rounds, in seconds of the processor. A file that was
opened once lies in memory: the second look at it costs what a plain one costs.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from meguru.storage.blobs import BlobStore, open_store
from meguru.storage.blobs.sealed.store import sealed_url
from meguru.storage.blobs.sealed.wrappers import new_key

LARGE, SMALL, MANY, ROUNDS = 64 << 20, 4096, 300, 5
LIMITS = {
    "write 64 MB": 3.0,
    "read 64 MB": 3.0,
    "scan an opened file": 2.0,
    "write 4 kB": 4.0,
    "read 4 kB": 6.0,
}
"""Times of plain blobs."""


def used(work: Callable[[], object]) -> float:
    """Return the seconds of the processor that some work takes."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def measure(store: BlobStore, table: bytes) -> dict[str, float]:
    """Return what each thing takes, in one round."""
    large, small = os.urandom(LARGE), [os.urandom(SMALL) for _ in range(MANY)]
    found, digests = {}, []
    found["write 64 MB"] = used(lambda: digests.append(store.put_bytes(large)))
    found["read 64 MB"] = used(lambda: store.get_bytes(digests[0]))
    found["write 4 kB"] = used(lambda: digests.extend(map(store.put_bytes, small)))
    found["read 4 kB"] = used(lambda: [store.get_bytes(each) for each in digests[1:]])
    rows = store.put_bytes(table)
    store.path(rows)
    found["scan an opened file"] = used(lambda: pl.scan_parquet(store.path(rows)).sum().collect())
    store.delete(digests[0])
    return found


def main() -> int:
    """Print the ratios."""
    with tempfile.TemporaryDirectory(prefix="meguru-bench-") as place:
        folder = Path(place)
        new_key(folder / "blob.key")
        pl.DataFrame({f"x{n}": range(200_000) for n in range(8)}).write_parquet(folder / "t.parquet")
        table = (folder / "t.parquet").read_bytes()
        plain = open_store(folder / "plain")
        sealed = open_store(sealed_url(str(folder / "sealed"), f"file:{folder / 'blob.key'}"))
        rounds = [(measure(plain, table), measure(sealed, table)) for _ in range(ROUNDS)]
        for digest in list(sealed.listed(time.time() + 1)):
            sealed.delete(digest)
    bad = 0
    for name, limit in LIMITS.items():
        ours, floor = (statistics.median(each[at][name] for each in rounds) for at in (1, 0))
        ratio = ours / max(floor, 1e-6)
        bad += ratio > limit
        took = f"{ours * 1000:8.1f} ms, plain {floor * 1000:8.1f} ms"
        print(f"{name:20} {took}, ratio {ratio:5.2f} (limit {limit:g})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
