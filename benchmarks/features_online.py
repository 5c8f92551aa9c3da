"""Features read online, against floors measured in the same run: one entity, and a hundred, of 3 views.

    make bench BENCH=features_online ARGS="--rows 100000"

The floor in process is a bare SQLite select of packed values, decoded. The floor over HTTP is a bare ASGI
application that does that, and writes values, statuses and times as JSON: no views, no types, no rights. The
floor of a fill is a bare insert of rows that are packed already.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import socket
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import uvicorn

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.features.kind import EntitySpec, FeatureViewSpec
from meguru.features.materialization.runner import see_through
from meguru.features.materialization.start import start
from meguru.features.online.reader import reader_of
from meguru.features.operations import entity_specs, view_specs
from meguru.server.asgi import build
from meguru.testing.online_views import add_frame

VIEWS, FEATURES = 3, 4
SECONDS, CONNECTIONS = 3.0, 8
ASKED = [f"v{view}" for view in range(VIEWS)]
HEADERS = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}


def frame_of(rows: int, view: int) -> pl.DataFrame:
    """Return rows of one view: a key, a time, some floats."""
    rng = np.random.default_rng(view)
    at = datetime.now(UTC) - timedelta(hours=1)
    floats = {f"v{view}_f{n}": rng.random(rows) for n in range(FEATURES)}
    return pl.DataFrame({"user_id": np.arange(rows), "at": [at] * rows, **floats})


def fill(folder: Path, rows: int) -> float:
    """Bring views online; return the rows a second, from the dataset to the store."""
    with open_local(folder, settings=Settings(sqlite_synchronous="NORMAL")) as ws:
        entity_specs.declare(ws, name="user", spec=EntitySpec(key=["user_id"]))
        took = 0.0
        for view in range(VIEWS):
            add_frame(ws, frame_of(rows, view), f"d{view}")
            said = FeatureViewSpec(entities=["user"], sources={"d": f"d{view}"}, time="at", ttl="1d")
            view_specs.declare(ws, name=f"v{view}", spec=said)
            began = time.perf_counter()
            ended = see_through(ws, start(ws, view=f"v{view}"))
            took += time.perf_counter() - began
            assert (ended.state, ended.written) == ("succeeded", rows), ended
        return VIEWS * rows / took


def fill_floor(path: Path, rows: int) -> float:
    """Write packed rows that are there already."""
    made = sqlite3.connect(path, isolation_level=None)
    made.execute("PRAGMA journal_mode=WAL")
    made.execute("PRAGMA synchronous=NORMAL")
    took = 0.0
    for view in range(VIEWS):
        values = frame_of(rows, view).drop("user_id", "at").rows()
        packed = [(number, 0, msgspec.msgpack.encode(row)) for number, row in enumerate(values)]
        made.execute(f"CREATE TABLE v{view} (key INTEGER PRIMARY KEY, event INTEGER, packed BLOB)")
        began = time.perf_counter()
        made.execute("BEGIN")
        made.executemany(f"INSERT INTO v{view} VALUES (?, ?, ?)", packed)
        made.execute("COMMIT")
        took += time.perf_counter() - began
    made.close()
    return VIEWS * rows / took


class Floor:
    """Bare selects of packed values."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA mmap_size=1073741824")
        self.decode = msgspec.msgpack.Decoder().decode

    def read(self, keys: list[int]) -> list[list[list[float]]]:
        """Return the values of entities, by view."""
        return [
            [self.decode(self.connection.execute(query, (key,)).fetchone()[0]) for key in keys]
            for query in (f"SELECT packed FROM v{view} WHERE key = ?" for view in range(VIEWS))
        ]

    async def __call__(self, scope, receive, send) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        keys = msgspec.json.decode(body)["entities"]["user_id"]
        results = [{"values": keys, "statuses": ["PRESENT"] * len(keys)}]
        for rows in self.read(keys):
            times = ["2026-01-01T00:00:00Z"] * len(keys)
            results += [
                {"values": column, "statuses": ["PRESENT"] * len(keys), "event_timestamps": times}
                for column in zip(*rows, strict=True)
            ]
        names = [f"f{n}" for n in range(len(results))]
        answer = msgspec.json.encode({"metadata": {"feature_names": names}, "results": results})
        await send(HEADERS)
        await send({"type": "http.response.body", "body": answer})


def said(what: str, ours: str, floor: str, ratio: float) -> None:
    """Print a figure beside its floor."""
    print(f"{what:<26}{ours:>14}   floor {floor:>14}   {ratio:5.2f}×")


def p50(ask: Callable[[list[int]], object], rows: int, entities: int) -> float:
    """Return the median time of a look, in microseconds."""
    rng, times = np.random.default_rng(1), []
    end = time.perf_counter() + 1.0
    while time.perf_counter() < end or len(times) < 50:
        keys = [int(key) for key in rng.integers(0, rows, entities)]
        began = time.perf_counter()
        ask(keys)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def in_process(folder: Path, floor: Floor, rows: int) -> None:
    """Print how long a look takes, ours and the floor's."""
    with open_local(folder) as ws:
        reader = reader_of(ws)
        ways = {
            "values": lambda keys: reader.read(reader.plan("", ASKED), {"user_id": keys}),
            "ws.features": lambda keys: ws.features.online(ASKED, {"user_id": keys}),
        }
        for entities in (1, 100):
            bare = p50(floor.read, rows, entities)
            for name, ask in ways.items():
                took = p50(ask, rows, entities)
                said(f"{entities:>4} in process, {name}", f"{took:.1f} µs", f"{bare:.1f} µs", took / bare)


def serve(folder: Path, path: Path, number: socket.socket, which: str) -> None:
    """Answer in a process of its own."""
    app = Floor(path) if which == "floor" else build(open_local(folder))
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[number])


class Client(asyncio.Protocol):
    """Sends the same request again as soon as it is answered."""

    def __init__(self, request: bytes, until: float, done: asyncio.Future) -> None:
        self.request, self.until, self.done, self.count = request, until, done, 0
        self.buffer, self.left = b"", 0

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        if b"transfer-encoding" in head.lower():
            whole = rest.endswith(b"0\r\n\r\n")
        else:
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            whole = len(rest) >= length
        if not whole:
            return
        assert b" 200 " in head[:20], self.buffer[:300]
        self.buffer, self.count = b"", self.count + 1
        if time.perf_counter() > self.until:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
        else:
            self.transport.write(self.request)


async def rate(port: int, entities: int, seconds: float = SECONDS) -> float:
    """Return the requests a second over some connections."""
    body = json.dumps({"features": ASKED, "entities": {"user_id": list(range(entities))}}).encode()
    request = b"POST /get-online-features HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    request += f"content-length: {len(body)}\r\n\r\n".encode() + body
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = []
    for _ in range(CONNECTIONS):
        done = loop.create_future()
        _, client = await loop.create_connection(
            lambda done=done: Client(request, began + seconds, done), "127.0.0.1", port
        )
        clients.append((client, done))
    await asyncio.gather(*(done for _, done in clients))
    return sum(client.count for client, _ in clients) / (time.perf_counter() - began)


def over_http(folder: Path, path: Path) -> None:
    """Print requests a second of one worker, ours and the floor's."""
    found: dict[tuple[str, int], float] = {}
    for which in ("floor", "ours"):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = multiprocessing.get_context("fork").Process(
            target=serve, args=(folder, path, listening, which)
        )
        server.start()
        try:
            asyncio.run(rate(listening.getsockname()[1], 1, 0.1))  # until it is up
            for entities in (1, 100):
                found[which, entities] = asyncio.run(rate(listening.getsockname()[1], entities))
        finally:
            server.terminate()
            server.join()
            listening.close()
    for entities in (1, 100):
        ours, floor = found["ours", entities], found["floor", entities]
        said(f"{entities:>4} over HTTP", f"{ours:,.0f} /s", f"{floor:,.0f} /s", ours / floor)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=100_000)
    rows = options.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name) / "workspace", Path(name) / "floor.db"
        floor_rate, ours = fill_floor(path, rows), fill(folder, rows)
        said("brought online", f"{ours:,.0f} /s", f"{floor_rate:,.0f} /s", ours / floor_rate)
        floor = Floor(path)
        in_process(folder, floor, rows)
        floor.connection.close()
        over_http(folder, path)


if __name__ == "__main__":
    main()
