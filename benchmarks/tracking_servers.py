"""Servers that speak MLflow's protocol, ours and its own: started, asked, and filled behind their backs."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Sql:
    """How a database is told to fill a table: numbers ``i``, a run's id, a moment, what is false."""

    count: str
    run: str
    started: str
    no: str
    after: tuple[str, ...] = ()


SQLITE = Sql(
    count="WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) ",
    run="printf('{kind}%0{digits}d', i)",
    started="strftime('%Y-%m-%dT%H:%M:%S', 1700000000 + i, 'unixepoch') || '.000000Z'",
    no="0",
)
POSTGRES = Sql(
    count="WITH n(i) AS (SELECT * FROM generate_series(0::bigint, {last})) ",
    run="'{kind}' || lpad(i::text, {digits}, '0')",
    started="to_char(to_timestamp(1700000000 + i) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    " || '.000000Z'",
    no="false",
    after=("ANALYZE",),  # as its own process would do soon
)
_VALUES = {
    "acc": "(i * 7919 % {count}) * 1.0 / {count}",
    "loss": "(i * 104729 % {count}) * 1.0 / {count}",
}
_TEXTS = {"lr": "'0.0' || (i % 10)", "rare": "'v' || (i * 31 % ({count} / 20))"}


class Refused(Exception):
    """The server's answer was an error."""


class Connection:
    """One kept connection."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.http = http.client.HTTPConnection(place.hostname, place.port)
        self.experiment = ""

    @staticmethod
    def encoded(body: dict) -> bytes:
        return json.dumps(body).encode()

    def raw(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            response = self._ask(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # It was idle for longer than the server keeps it.
            self.http.close()
            response = self._ask(method, path, body)
        text = response.read()
        if response.status != 200:
            raise Refused(f"{path}: {text.decode()[:300]}")
        return text

    def _ask(self, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        self.http.request(method, "/api/2.0/mlflow/" + path, body, {"Content-Type": "application/json"})
        return self.http.getresponse()

    def send(self, method: str, path: str, body: bytes | None = None) -> dict:
        return json.loads(self.raw(method, path, body))

    def post(self, path: str, body: dict) -> dict:
        return self.send("POST", path, self.encoded(body))

    def make_run(self) -> str:
        if not self.experiment:
            made = self.post("experiments/create", {"name": f"bench {time.time_ns()}"})
            self.experiment = made["experiment_id"]
        return self.post("runs/create", {"experiment_id": self.experiment})["run"]["info"]["run_id"]

    def run_uri(self, run: str) -> str:
        return self.send("GET", f"runs/get?run_id={run}")["run"]["info"]["artifact_uri"]


class Server:
    """A server under measurement."""

    def __init__(self, url: str, process: subprocess.Popen, database: Path | str) -> None:
        self.url, self.process, self.database = url, process, database
        self.sql = SQLITE if isinstance(database, Path) else POSTGRES
        self.started_cpu = sum(_cpu(each) for each in _family(process.pid))

    def connect(self) -> Connection:
        return Connection(self.url)

    def memory(self) -> float:
        """Return what its processes hold resident, in MB."""
        time.sleep(1)
        pages = [
            int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in _family(self.process.pid)
        ]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def change(self, *statements: str) -> None:
        if isinstance(self.database, str):
            import psycopg

            with psycopg.connect(self.database) as raw:
                for sql in statements:
                    raw.execute(sql)
            return
        raw = sqlite3.connect(self.database, isolation_level=None, timeout=60)
        raw.execute("PRAGMA cache_size=-400000")
        raw.execute("BEGIN IMMEDIATE")
        for sql in statements:
            raw.execute(sql)
        raw.execute("COMMIT")
        # What comes bit by bit is moved out of the log by those who write it.
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()


class Meguru(Server):
    """Ours."""

    def fill_points(self, run: str, count: int) -> None:
        one = self.connect()
        for first in range(0, count, 1000):
            points = [
                {
                    "key": "loss",
                    "value": (i * 7919 % 1000003) / 7.0,
                    "timestamp": 1_760_000_000_000 + i,
                    "step": i,
                }
                for i in range(first, min(first + 1000, count))
            ]
            one.post("runs/log-batch", {"run_id": run, "metrics": points})

    def fill_runs(self, one: Connection, count: int) -> str:
        number = one.post("experiments/create", {"name": f"many{count}"})["experiment_id"]
        run = self.sql.run.format(kind=f"run-{count % 7}", digits=25)
        start = self.sql.count.format(last=count - 1)
        self.change(
            "INSERT INTO run (id, name, experiment, state, started_at, created_by, error) "
            + start
            + f"SELECT {run}, "
            f"'n' || i, 'many{count}', 'succeeded', {self.sql.started}, 'b', '' FROM n",
            *(
                f"INSERT INTO run_param (run, key, value) {start} SELECT {run}, '{key}', {text} FROM n"
                for key, text in ((key, text.format(count=count)) for key, text in _TEXTS.items())
            ),
            *(
                "INSERT INTO run_series (run, key, value, step, at, count, minimum, maximum) "
                f"{start} SELECT {run}, '{key}', {value}, 0, 0, 1, 0, 1 FROM n"
                for key, value in ((key, value.format(count=count)) for key, value in _VALUES.items())
            ),
            *self.sql.after,
        )
        return number


class MLflow(Server):
    """MLflow's own."""

    def fill_points(self, run: str, count: int) -> None:
        self.change(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
            + self.sql.count.format(last=count - 1)
            + "SELECT 'loss', (i * 7919 % 1000003) / 7.0, 1760000000000 + i, "
            f"'{run}', i, {self.sql.no} FROM n"
        )

    def fill_runs(self, one: Connection, count: int) -> str:
        number = one.post("experiments/create", {"name": f"many{count}"})["experiment_id"]
        run, start = self.sql.run.format(kind="", digits=32), self.sql.count.format(last=count - 1)
        self.change(
            "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, lifecycle_stage, "
            f"artifact_uri, experiment_id) {start} SELECT {run}, 'n' || i, 'LOCAL', 'b', 'FINISHED', "
            f"1700000000000 + i * 1000, 'active', 'mlflow-artifacts:/x', {number} FROM n",
            *(
                f"INSERT INTO params (key, value, run_uuid) {start} SELECT '{key}', {text}, {run} FROM n"
                for key, text in ((key, text.format(count=count)) for key, text in _TEXTS.items())
            ),
            *(
                "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) "
                f"{start} SELECT '{key}', {value}, 0, 0, {self.sql.no}, {run} FROM n"
                for key, value in ((key, value.format(count=count)) for key, value in _VALUES.items())
            ),
            *self.sql.after,
        )
        return number


@contextmanager
def meguru_server(folder: Path, database: str = "") -> Iterator[Server]:
    """Start ours in a folder, with its own database or with one on PostgreSQL."""
    command = [sys.executable, "-m", "meguru", "up", "--workspace", database or str(folder)]
    command += ["--port", "0", "--json", "--exit-with-parent"]
    with _running(command, MEGURU_BLOBS=str(folder / "blobs")) as process:
        url = json.loads(process.stdout.readline())["url"]
        _wait(url)
        yield Meguru(url, process, database or next(folder.glob("*.db")))


@contextmanager
def mlflow_server(program: Path, folder: Path, more: list[str], database: str = "") -> Iterator[Server]:
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = ["--host", "127.0.0.1", "--port", str(port), "--artifacts-destination", str(folder / "artifacts")]
    kept = database or f"sqlite:///{folder}/mlflow.db"
    command = [str(program), "server", "--backend-store-uri", kept, *place, *more]
    with _running(command) as process:
        url = f"http://127.0.0.1:{port}"
        _wait(url)
        yield MLflow(url, process, database or folder / "mlflow.db")


@contextmanager
def postgres_databases(*names: str) -> Iterator[list[str]]:
    """Start PostgreSQL, which flushes what it commits, and give the URLs of new databases."""
    import psycopg

    from meguru.testing.servers import postgres

    with postgres(durable=True) as url:
        with psycopg.connect(url, autocommit=True) as admin:
            for name in names:
                admin.execute(f"CREATE DATABASE {name}")
        yield [url.replace("/postgres?", f"/{name}?") for name in names]


@contextmanager
def _running(command: list[str], **more: str) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if more else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | more,
    )
    try:
        yield process
    finally:
        family = _family(process.pid)
        process.terminate()
        process.wait(60)
        for pid in family:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, 9)


def _wait(url: str) -> None:
    end = time.monotonic() + 600
    while time.monotonic() < end:
        try:
            http = Connection(url).http
            http.request("GET", "/health")
            if http.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rsplit(") ", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:  # it has just ended
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
