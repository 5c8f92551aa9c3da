"""What a plan of 1,000 declared things costs in a workspace of 10,000; and an apply that has nothing to do.

The floor is what nobody could do without: parsing the file, and one indexed read of each thing in SQLite.
"""

from __future__ import annotations

import resource
import sqlite3
import tempfile
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert

from meguru.app.kinds import all_kinds
from meguru.app.open import open_local
from meguru.kernel.declarations.schema import spec_version
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.serving import store
from meguru.serving.kind import EndpointSpec

DECLARED, THERE = 1000, 10_000
SPEC = msgspec.structs.asdict(EndpointSpec(model="m"))
ENDPOINT = '[endpoint.e{0}]\nmodel = "m{0}"\ngates = [{{ gate = "metric", metric = "auc", value = 0.6 }}]\n'
MONITOR = '[monitor.w{0}]\nendpoint = "e{0}"\n'


def seconds(action: Callable[[], Any], count: int = 3) -> float:
    times = []
    for _ in range(count):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def fill(ws: Any) -> None:
    """Put things there that the file does not declare, without the events that would take minutes."""
    now = datetime.now(UTC)
    rows = [
        {"kind": "endpoint", "name": f"x{n}", "number": 1, "spec": SPEC, "at": now, "by": "a", "event": "e"}
        for n in range(THERE)
    ]
    with ws.db.write() as tx:
        for row in rows:
            store.declare(tx, row["name"], SPEC, at=now, by="a")
        tx.execute(insert(spec_version), [row | {"retired": False} for row in rows])


def floor(text: str, database: Path) -> None:
    tomllib.loads(text)
    raw = sqlite3.connect(database)
    for number in range(DECLARED):
        raw.execute("SELECT * FROM endpoint WHERE name = ?", (f"e{number}",)).fetchall()
    raw.close()


def main() -> None:
    all_kinds()
    text = '[project]\nname = "shop"\n' + "".join(
        ENDPOINT.format(n) + MONITOR.format(n) for n in range(DECLARED // 2)
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "meguru.toml"
        path.write_text(text)
        with open_local(Path(name) / "workspace") as ws:
            fill(ws)
            database = Path(name) / "workspace" / "meguru.db"
            least = seconds(lambda: floor(text, database))
            print(f"floor (parse, read each)     {least:7.3f} s")

            def report(what: str, took: float) -> None:
                print(f"{what:<28} {took:7.3f} s   {took / least:5.1f}x the floor")

            report("plan, all of it new", seconds(lambda: plan_project(ws, read_project(path))))
            project = read_project(path)
            report(
                "apply, all of it new", seconds(lambda: apply_plan(ws, plan_project(ws, project), project), 1)
            )

            def apply_again() -> None:
                found = plan_project(ws, read_project(path))
                assert not found.actions

            report("apply, nothing to do", seconds(apply_again))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"memory at its peak           {peak:7.0f} MB")


if __name__ == "__main__":
    main()
