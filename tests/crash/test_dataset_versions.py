"""Kill -9 in the middle of any write of a version: what was acknowledged is there, and nothing half is.

``MEGURU_CRASH_MOMENTS=100`` tries a hundred moments; ``MEGURU_CRASH_SEED`` repeats those of an earlier try.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from meguru.app.blob_walk import walk
from meguru.app.open import open_local
from meguru.datasets.client import frame
from meguru.datasets.operations import free, table, versions

from .moments import MOMENTS, SEED

pytestmark = [pytest.mark.crash, pytest.mark.soak, pytest.mark.timeout(1800)]
WRITER = textwrap.dedent(
    """
    import random, sys
    import polars as pl
    from meguru.app.open import open_local
    from meguru.datasets.client import add_files, frame
    from meguru.datasets import operations as ops
    from meguru.datasets.versions import compact
    from meguru.errors import Conflict

    compact.MIN_RUN = 4
    folder, seed = sys.argv[1], int(sys.argv[2])
    chance = random.Random(seed)
    with open_local(folder + "/ws") as ws:
        print("begun", flush=True)
        for number in range(10_000):
            rows = [chance.randrange(200) for _ in range(20)]
            path = f"{folder}/{seed}-{number}.parquet"
            held = pl.DataFrame({"id": sorted(set(rows))}).with_columns(value=pl.lit(chance.random()))
            held.write_parquet(path)
            what = chance.choice(["upsert", "upsert", "delete", "tag", "rollback", "free", "remove", "table"])
            try:
                if what in {"upsert", "delete"} or number == 0:
                    made = add_files(ws, "rows", path, mode="upsert" if number == 0 else what, key=["id"])
                    print("ack", made.version, frame(ws, made.ref).sum().row(0), flush=True)
                elif what == "tag":
                    ops.tag(ws, ref="rows", tag=f"t{number}", move=True)
                elif what == "rollback":
                    line = ops.versions(ws, name="rows", limit=5)
                    made = ops.rollback(ws, ref=line[-1].ref)
                    print("ack", made.version, frame(ws, made.ref).sum().row(0), flush=True)
                elif what == "remove":
                    line = ops.versions(ws, name="rows", limit=50)
                    print("gone", line[-1].version, flush=True)
                    ops.remove(ws, ref=line[-1].ref)
                elif what == "free":
                    ops.free(ws)
                elif what == "table":
                    ops.table(ws, ref="rows")
            except Conflict:
                pass
    """
)


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path):
    chance, known, gone = random.Random(SEED), {}, set()
    (tmp_path / "writer.py").write_text(WRITER)
    for moment in range(MOMENTS):
        command = [sys.executable, str(tmp_path / "writer.py"), str(tmp_path), str(SEED + moment)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "begun\n"
            time.sleep(chance.uniform(0.05, 2.5))
            os.kill(process.pid, signal.SIGKILL)
            for line in process.stdout:
                word, number, *told = line.split(maxsplit=2)
                if word == "ack" and line.endswith("\n"):
                    known[int(number)] = told[0].strip()
                elif word == "gone":
                    gone.add(int(number))
        with open_local(tmp_path / "ws") as ws:
            there = {each.version: each for each in versions(ws, name="rows", limit=1000)} if known else {}
            assert known.keys() - gone <= there.keys(), f"seed {SEED}, moment {moment}"
            for number, version in there.items():
                assert str(frame(ws, version.ref).sum().row(0)) == known.get(
                    number, str(frame(ws, version.ref).sum().row(0))
                ), f"seed {SEED}, moment {moment}"
            if there:
                assert table(ws, ref="rows").version == max(there)
                free(ws)
            assert walk(ws).lost_count == 0, f"seed {SEED}, moment {moment}"
