"""MLflow's protocol over plain HTTP on a kept connection: batches, single calls, search; against a floor.

The floor decodes the same batch and commits its points durably, with the newest value beside them, in a
bare SQLite database without server or HTTP. Give the URL of MLflow's own server to measure it beside ours.
"""

import http.client
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import insert

from meguru.app.open import open_local
from meguru.base.clock import SystemClock
from meguru.tracking.schema import run, run_param, run_series

BATCHES, CALLS, RUNS = 60, 200, 50_000
FILTER = {"filter": "metrics.acc > 0.9 and params.lr = '0.01'", "order_by": ["metrics.acc DESC"]}


class Server:
    """One kept connection to a server that speaks the protocol."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.http = http.client.HTTPConnection(place.hostname, place.port)
        self.experiment = self.post("experiments/create", {"name": f"bench {time.time_ns()}"})[
            "experiment_id"
        ]

    def send(self, method: str, path: str, body: bytes | None = None) -> dict:
        self.http.request(method, "/api/2.0/mlflow/" + path, body, {"Content-Type": "application/json"})
        response = self.http.getresponse()
        text = response.read()
        if response.status != 200:
            raise SystemExit(text.decode())
        return json.loads(text)

    def post(self, path: str, body: dict) -> dict:
        return self.send("POST", path, json.dumps(body).encode())

    def make_run(self) -> str:
        return self.post("runs/create", {"experiment_id": self.experiment})["run"]["info"]["run_id"]


def median_ms(action, count: int) -> float:
    times = []
    for number in range(count):
        start = time.perf_counter()
        action(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def batch(run_id: str, number: int) -> bytes:
    steps = range(number * 200, number * 200 + 200)
    points = [
        {"key": f"metric_{key}", "value": step / 7, "timestamp": 1_760_000_000_000 + step, "step": step}
        for step in steps
        for key in range(5)
    ]
    return json.dumps({"run_id": run_id, "metrics": points}).encode()


def floor_ms(folder: Path) -> float:
    raw = sqlite3.connect(folder / "floor.db", isolation_level=None)
    raw.executescript(
        "PRAGMA journal_mode=wal; PRAGMA synchronous=FULL;"
        "CREATE TABLE point (series INT, step INT, at INT, value REAL, PRIMARY KEY (series, step, at))"
        "WITHOUT ROWID;"
        "CREATE TABLE latest (series INTEGER PRIMARY KEY, step INT, value REAL)"
    )
    bodies = [batch("x" * 32, number) for number in range(BATCHES)]
    names = {f"metric_{key}": key for key in range(5)}

    def write(number: int) -> None:
        points = msgspec.json.decode(bodies[number])["metrics"]
        rows = [(names[each["key"]], each["step"], each["timestamp"], each["value"]) for each in points]
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT INTO point VALUES (?, ?, ?, ?)", rows)
        raw.executemany(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", [(r[0], r[1], r[3]) for r in rows[-5:]]
        )
        raw.execute("COMMIT")

    return median_ms(write, BATCHES)


def measure(server: Server) -> dict[str, float]:
    """Return milliseconds by name."""
    owner = server.make_run()
    bodies = [batch(owner, number) for number in range(BATCHES)]
    point = {"run_id": owner, "key": "one", "value": 1.5, "timestamp": 1_760_000_000_000}
    return {
        "log-batch of 1,000": median_ms(lambda n: server.send("POST", "runs/log-batch", bodies[n]), BATCHES),
        "log-metric": median_ms(lambda n: server.post("runs/log-metric", point | {"step": n}), CALLS),
        "runs/create": median_ms(lambda _: server.make_run(), CALLS),
        "runs/get": median_ms(lambda _: server.send("GET", f"runs/get?run_id={owner}"), CALLS),
        "history of 12,000": median_ms(
            lambda _: server.send("GET", f"metrics/get-history?run_id={owner}&metric_key=metric_0"), 5
        ),
    }


def fill(folder: Path) -> None:
    """Put many runs into the experiment ``many``, behind the server's back."""
    now = SystemClock().now()
    with open_local(folder) as ws:
        from meguru.tracking.runs import create_experiment

        create_experiment(ws, name="many")
        ids = [f"run-{number:026d}" for number in range(RUNS)]
        fixed = {
            "experiment": "many",
            "state": "succeeded",
            "started_at": now,
            "created_by": "b",
            "error": "",
        }
        with ws.db.write() as tx:
            starts = [now - timedelta(seconds=RUNS - number) for number in range(RUNS)]
            named = zip(ids, starts, strict=True)
            tx.execute(insert(run), [{"id": i, "name": i, "started_at": at, **fixed} for i, at in named])
            params = [{"run": each, "key": "lr", "value": f"0.0{n % 10}"} for n, each in enumerate(ids)]
            tx.execute(insert(run_param), params)
            same = {"key": "acc", "step": 0, "at": 0, "count": 1, "minimum": 0.0, "maximum": 1.0}
            values = [{"run": each, "value": n * 7919 % RUNS / RUNS, **same} for n, each in enumerate(ids)]
            tx.execute(insert(run_series), values)


def main() -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        command = [sys.executable, "-m", "meguru", "up", "--workspace", str(folder / "w"), "--port", "0"]
        process = subprocess.Popen(
            [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        while not (folder / "w" / "server.json").exists():
            time.sleep(0.05)
        server = Server(json.loads((folder / "w" / "server.json").read_text())["url"])
        ours = measure(server)
        theirs = measure(Server(sys.argv[1])) if len(sys.argv) > 1 else {}
        for name, value in ours.items():
            beside = f"   MLflow {theirs[name]:8.2f} ms   {theirs[name] / value:6.1f} x" if theirs else ""
            print(f"{name:<20} {value:8.2f} ms{beside}")
        floor, done = floor_ms(folder), ours["log-batch of 1,000"]
        print(f"{'floor of log-batch':<20} {floor:8.2f} ms   {floor / done:.2f} of the floor")
        print(f"{'points per second':<20} {1e6 / done:8,.0f}")
        fill(folder / "w")
        found = server.send("GET", "experiments/get-by-name?experiment_name=many")["experiment"]
        body = {"experiment_ids": [found["experiment_id"]], "max_results": 100}
        search = median_ms(lambda _: server.post("runs/search", body | FILTER), 15)
        newest = median_ms(lambda _: server.post("runs/search", body), 15)
        print(f"search of {RUNS:,} runs: {search:.1f} ms filtered and ordered, newest 100 {newest:.1f} ms")
        process.communicate()


if __name__ == "__main__":
    main()
