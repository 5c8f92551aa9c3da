"""Predictions over HTTP, recorded durably, against their floors measured in the same run.

The floors: a bare ASGI application that reads the body and answers with a constant (what the HTTP server
alone can do), the model called in process on a decoded matrix (what the model alone can do), and a bare
commit (what the disk alone can do). Then the whole server, as `meguru up` starts it, beside its own
``/health``, which does nothing: requests a second, and processor time of the event loop a request, which
other load on the machine disturbs less. `make bench BENCH=serving ARGS=whole` does only that.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import polars as pl
import uvicorn
from sklearn.ensemble import HistGradientBoostingClassifier

from meguru.app.open import open_local
from meguru.flavors.model import Model
from meguru.kernel.principals import LOCAL_OWNER
from meguru.registry.client import add_model
from meguru.serving.asgi import endpoints_app
from meguru.serving.operations import create, switch
from meguru.serving.service import PredictionService
from meguru.storage.db import Database
from meguru.testing.processes import free_ports

COLUMNS = [f"f{number}" for number in range(18)]
SECONDS = 3.0
PREDICT = "/endpoints/bench/predict"


def prepare(folder: Path) -> None:
    generator = np.random.default_rng(1)
    X = generator.normal(size=(20_000, len(COLUMNS)))
    y = (X[:, 0] + X[:, 1] * X[:, 2] + generator.normal(size=len(X)) > 0).astype(int)
    model = HistGradientBoostingClassifier(max_iter=100, random_state=0).fit(X, y)
    example = pl.DataFrame(X[:5], schema=COLUMNS)
    with open_local(folder) as ws:
        version = add_model(ws, "bench", Model(estimator=model, example=example))
        create(ws, name="bench", model="bench")
        switch(ws, name="bench", model_ref=version.ref, release_ref="release/bench@1")


def serve(folder: Path, port: int) -> None:
    with open_local(folder) as ws:
        service = PredictionService(ws)
        service.start()
        service.wait_until_current("bench", timeout=30)
        ours = endpoints_app(service, authenticate=lambda _: LOCAL_OWNER)

        async def app(scope, receive, send):
            if scope["type"] != "http":
                return
            if scope["path"].startswith("/endpoints"):
                await ours({**scope, "root_path": "/endpoints"}, receive, send)
                return
            while (await receive()).get("more_body"):
                pass
            headers = [(b"content-type", b"application/json"), (b"content-length", b"14")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"score": 0.5}'})

        uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off")


class Client(asyncio.Protocol):
    """Sends the same request again as soon as it is answered."""

    def __init__(self, request: bytes, until: float, done: asyncio.Future) -> None:
        self.request, self.until, self.done = request, until, done
        self.times: list[float] = []
        self.waiting, self.head = b"", 0

    def connection_made(self, transport):
        self.transport = transport
        self.send()

    def send(self):
        self.started = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data):
        self.waiting += data
        if not self.head:
            end = self.waiting.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.waiting[:end].lower()
            assert b" 200 " in head, self.waiting[:300]
            self.head = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.waiting) < self.head:
            return
        now = time.perf_counter()
        self.times.append(now - self.started)
        self.waiting, self.head = b"", 0
        if now < self.until:
            self.send()
        else:
            self.transport.close()
            self.done.set_result(self.times)


async def load(port: int, path: str, body: bytes, clients: int) -> list[float]:
    method, length = (b"POST", b"Content-Length: %d\r\n" % len(body)) if body else (b"GET", b"")
    request = b"%b %b HTTP/1.1\r\nHost: localhost\r\n%b\r\n" % (method, path.encode(), length) + body
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + SECONDS
    futures = [loop.create_future() for _ in range(clients)]
    for future in futures:
        await loop.create_connection(lambda f=future: Client(request, until, f), "127.0.0.1", port)
    return [each for future in futures for each in await future]


def measure(port: int, path: str, body: bytes, clients: int) -> tuple[float, float, float]:
    times = asyncio.run(load(port, path, body, clients))
    quantiles = statistics.quantiles(times, n=100)
    return len(times) / SECONDS, quantiles[49] * 1e3, quantiles[98] * 1e3


def rows_body(count: int) -> bytes:
    generator = np.random.default_rng(2)
    X = generator.normal(size=(count, len(COLUMNS))).round(4).tolist()
    return json.dumps({"rows": [dict(zip(COLUMNS, row, strict=True)) for row in X]}).encode()


def model_ms(folder: Path, count: int) -> float:
    """Return milliseconds of one call of the served model on a matrix."""
    from meguru.registry.load import load_model
    from meguru.serving.threads import one_thread_each

    with open_local(folder) as ws:
        predictor = load_model(ws, "bench").predictor
    one_thread_each()
    X = np.random.default_rng(3).normal(size=(count, len(COLUMNS)))
    times = []
    for _ in range(100):
        start = time.perf_counter()
        predictor.predict(X)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def commit_ms(folder: Path) -> float:
    db = Database(f"sqlite:///{folder / 'floor.db'}")
    with db.write() as tx:
        tx.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, payload BLOB)")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        with db.write() as tx:
            tx.exec_driver_sql("INSERT INTO t (payload) VALUES (?)", (b"x" * 500,))
        times.append(time.perf_counter() - start)
    db.close()
    return statistics.median(times) * 1e3


def report(port: int, folder: Path) -> None:
    for rows, clients in ((1, 1), (1, 64), (1000, 1), (1000, 4)):
        body = rows_body(rows)
        measure(port, PREDICT, body, clients)
        echo, echo_p50, _ = measure(port, "/echo", body, clients)
        ours, p50, p99 = measure(port, PREDICT, body, clients)
        alone = model_ms(folder, rows)
        print(
            f"{rows:>5} rows, {clients:>2} clients: {ours:8,.0f} requests/s {ours * rows:10,.0f} rows/s"
            f"  p50 {p50:6.2f} ms p99 {p99:6.2f} ms | bare ASGI {echo:8,.0f}/s p50 {echo_p50:.2f} ms"
            f" = {ours / echo:.2f} x | model alone {alone:.2f} ms a call"
            f" = {ours * alone / 1000:.2f} x of its rate"
        )
    print(f"bare commit: {commit_ms(folder):.2f} ms")


def report_whole(folder: Path) -> None:
    """Print what one server makes of predictions and of ``/health``, by turns."""
    command = [sys.executable, "-m", "meguru", "up", "-w", str(folder), "--port", "0", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        port = int(json.loads(server.stdout.readline())["url"].rpartition(":")[2])
        wait_until_ready(port)
        for clients in (1, 64):
            turns = [
                (
                    rate_and_loop(server.pid, port, "/health", b"", clients),
                    rate_and_loop(server.pid, port, PREDICT, rows_body(1), clients),
                )
                for _ in range(3)
            ]
            (health, idle), (ours, busy) = (
                [statistics.median(each) for each in zip(*turn, strict=True)]
                for turn in zip(*turns, strict=True)
            )
            print(
                f"whole server, {clients:>2} clients: {ours:8,.0f} predictions/s | /health {health:8,.0f}/s"
                f" = {ours / health:.2f} x | event loop {busy:.0f} us a prediction, {idle:.0f} us a /health"
                f" = {busy / idle:.2f} x"
            )
    finally:
        server.terminate()
        server.wait()


def rate_and_loop(pid: int, port: int, path: str, body: bytes, clients: int) -> tuple[float, float]:
    """Return requests a second, and microseconds of the event loop's processor time a request."""
    before = loop_seconds(pid)
    times = asyncio.run(load(port, path, body, clients))
    return len(times) / SECONDS, (loop_seconds(pid) - before) / len(times) * 1e6


def loop_seconds(pid: int) -> float:
    """Return the processor time of a process's main thread, where Linux tells it."""
    try:
        return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return float("nan")


def wait_until_ready(port: int) -> None:
    pause = threading.Event()
    while b'"ready"' not in urlopen(f"http://127.0.0.1:{port}/endpoints/bench").read():
        pause.wait(0.1)


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]), int(sys.argv[3]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        if sys.argv[1:2] != ["whole"]:
            report_parts(folder)
        report_whole(folder)


def report_parts(folder: Path) -> None:
    [port] = free_ports(1)
    server = subprocess.Popen([sys.executable, __file__, "serve", str(folder), str(port)])
    try:
        wait_until_up(port)
        report(port, folder)
    finally:
        server.terminate()
        server.wait()


def wait_until_up(port: int) -> None:
    import socket

    pause = threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.05)
        else:
            return


if __name__ == "__main__":
    main()
