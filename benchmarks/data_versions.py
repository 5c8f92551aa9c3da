"""Versions of ten million rows and ten columns: what an append, a correction and a look back cost.

Beside each, in the same run: plain Parquet (the floor), a whole copy (what DVC stores for any change), and
Delta Lake's own writer, if `deltalake` is installed.

    make bench BENCH=data_versions [ARGS="--rows 1000000 --commits 1000"]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from meguru.app import open_workspace
from meguru.datasets.client import add_files, frame
from meguru.datasets.operations import diff, rollback, tag

RUNS = 3


def generate(rows: int) -> pl.DataFrame:
    draw = np.random.default_rng(0)
    at = draw.integers(1_700_000_000, 1_730_000_000, rows) * 1_000_000
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "user": draw.integers(0, 1_000_000, rows),
            "amount": np.round(draw.gamma(2, 30, rows), 2),
            "score": draw.random(rows).astype(np.float32),
            "country": pl.Series([f"c{n:02d}" for n in range(40)]).gather(draw.integers(0, 40, rows)),
            "category": pl.Series([f"cat-{n}" for n in range(200)]).gather(draw.integers(0, 200, rows)),
            "flag": draw.random(rows) < 0.3,
            "quantity": draw.integers(0, 100, rows).astype(np.int32),
            "at": pl.Series(at).cast(pl.Datetime("us", "UTC")),
            "code": pl.Series(draw.integers(0, 100_000, rows)).cast(pl.String),
        }
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    made = work()
    return time.perf_counter() - begin, made


def best(work: Callable[[], Any]) -> float:
    return min(timed(work)[0] for _ in range(RUNS))


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def tell(what: str, seconds: float, floor: float | None = None, more: str = "") -> None:
    beside = f"  {seconds / floor:6.2f} x floor" if floor else ""
    print(f"  {what:<44} {seconds * 1e3:9.1f} ms{beside}  {more}", flush=True)


def ours(folder: Path, base: Path, append: Path, correct: Path) -> None:
    plain = best(lambda: pl.scan_parquet(base).collect(engine="streaming"))
    with open_workspace(str(folder / "ws")) as ws:
        blobs = ws.blobs.folder  # type: ignore[attr-defined]
        seconds, _ = timed(lambda: add_files(ws, "rows", base, key=["id"]))
        before = size(blobs)
        tell("first version", seconds, more=f"{before / 1e6:.1f} MB")
        for what, path, mode in (("append", append, "append"), ("scattered correction", correct, "upsert")):
            seconds, _ = timed(lambda path=path, mode=mode: add_files(ws, "rows", path, mode=mode))
            now = size(blobs)
            tell(f"1 % {what}", seconds, more=f"{(now - before) / 1e6:.2f} MB of new bytes")
            before = now
        tell("tag", best(lambda: tag(ws, ref="rows@1", tag=f"t{time.time_ns()}")))
        tell("roll back", timed(lambda: rollback(ws, ref="rows@2"))[0])
        tell("plain Parquet, all columns", plain, plain)
        tell("the version before, all columns", best(lambda: frame(ws, "rows@1")), plain)
        tell("the corrected version, all columns", best(lambda: frame(ws, "rows@3")), plain)
        changed = best(lambda: diff(ws, before="rows@2", after="rows@3", drift=False, rows=True))
        tell("diff of the correction, row by row", changed, plain)


def unrelated(folder: Path, base: Path, other: Path) -> None:
    with open_workspace(str(folder / "other")) as ws:
        add_files(ws, "one", base, key=["id"])
        add_files(ws, "one", other, key=["id"])

        def join() -> object:
            """Find the keys of rows with another amount, as one would by hand."""
            old, new = (pl.scan_parquet(path).select("id", "amount") for path in (base, other))
            both = old.join(new, on="id", how="full", coalesce=True)
            return both.filter(pl.col("amount").ne_missing(pl.col("amount_right"))).collect(
                engine="streaming"
            )

        floor = best(join)
        tell("Polars: one column joined by hand", floor, floor)
        seconds, found = timed(lambda: diff(ws, before="one@1", after="one@2", drift=False, rows=True))
        rows = found.rows
        tell("diff of two whole files, all columns", seconds, floor, f"{rows.changed:,} changed")


def commits(folder: Path, count: int) -> None:
    rows = generate(1000 * count)
    seconds = []
    with open_workspace(str(folder / "many")) as ws:
        for number in range(count):
            path = folder / f"part-{number}.parquet"
            rows[number * 1000 : (number + 1) * 1000].write_parquet(path)
            took, _ = timed(lambda path=path: add_files(ws, "many", path, mode="append", key=["id"]))
            seconds.append(took)
            path.unlink()
        first, last = (statistics.median(part) for part in (seconds[1:21], seconds[-20:]))
        tell("commit of 1,000 rows, the first ones", first, first)
        tell(f"the last of {count:,}", last, first, f"slowest {max(seconds) * 1e3:.0f} ms")
        whole = folder / "whole.parquet"
        rows.write_parquet(whole)
        floor = best(lambda: pl.read_parquet(whole))
        tell("all of them read, beside one file", best(lambda: frame(ws, "many")), floor)


def copies(folder: Path, correct: Path, base: Path) -> None:
    """Write the whole table again, as what keeps whole files does for any change."""

    def rewrite() -> None:
        rows = pl.read_parquet(base).update(pl.read_parquet(correct), on="id")
        rows.write_parquet(folder / "again.parquet", compression="zstd", compression_level=1)

    tell("the same correction as a whole file", timed(rewrite)[0], more=f"{size(folder) / 1e6:.1f} MB")


def delta(folder: Path, base: Path, append: Path, correct: Path) -> None:
    try:
        from deltalake import DeltaTable, write_deltalake
    except ImportError:
        print("  (deltalake is not installed)")
        return
    place = str(folder / "delta")
    write_deltalake(place, pl.read_parquet(base))
    before = size(folder)
    seconds, _ = timed(lambda: write_deltalake(place, pl.read_parquet(append), mode="append"))
    tell("1 % append", seconds, more=f"{(size(folder) - before) / 1e6:.2f} MB of new bytes")
    before = size(folder)

    def merge() -> None:
        rows = pl.read_parquet(correct)
        merging = DeltaTable(place).merge(rows, "t.id = s.id", source_alias="s", target_alias="t")
        merging.when_matched_update_all().when_not_matched_insert_all().execute()

    seconds, _ = timed(merge)
    tell("1 % scattered correction", seconds, more=f"{(size(folder) - before) / 1e6:.2f} MB of new bytes")


def main() -> None:
    said = argparse.ArgumentParser()
    said.add_argument("--rows", type=int, default=10_000_000)
    said.add_argument("--commits", type=int, default=300)
    given = said.parse_args()
    with tempfile.TemporaryDirectory(prefix="meguru-bench-") as place:
        folder = Path(place)
        rows, chosen = generate(given.rows), np.random.default_rng(1)
        base, append, correct, other = (
            folder / f"{name}.parquet" for name in ("base", "add", "fix", "other")
        )
        rows.write_parquet(base, compression="zstd", compression_level=1)
        some = rows.sample(given.rows // 100, seed=1).with_columns(amount=pl.col("amount") + 1)
        some.write_parquet(correct)
        rows.head(given.rows // 100).with_columns(id=pl.col("id") + given.rows).write_parquet(append)
        mask = pl.Series(chosen.random(given.rows) < 0.01)
        amount = pl.when(mask).then(pl.col("amount") + 1).otherwise(pl.col("amount"))
        rows.with_columns(amount=amount).write_parquet(other, compression="zstd", compression_level=1)
        del rows, some
        print(f"{given.rows:,} rows x 10 columns, {base.stat().st_size / 1e6:.0f} MB of Parquet")
        for name, work in (
            ("meguru", lambda here: ours(here, base, append, correct)),
            ("two versions that do not follow from each other", lambda here: unrelated(here, base, other)),
            ("many small commits", lambda here: commits(here, given.commits)),
            ("whole files (DVC)", lambda here: copies(here, correct, base)),
            ("Delta Lake (deltalake)", lambda here: delta(here, base, append, correct)),
        ):
            print(name)
            here = folder / "here"
            here.mkdir()
            work(here)
            shutil.rmtree(here)


if __name__ == "__main__":
    main()
