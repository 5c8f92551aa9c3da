"""Files through MLflow's artifact proxy: many small ones and a large one, up and down, on one connection.

With ``--mlflow PATH`` (of its ``mlflow`` program) MLflow's server gets the same bytes, as it comes and with
one worker, one after the other in one run. MLflow's does not wait for the disk; ours answers when a file
would survive a power cut.
"""

from __future__ import annotations

import argparse
import http.client
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tracking_servers import Server, meguru_server, mlflow_server

BLOCK = 1 << 20
Times = dict[str, float]


class Files:
    """The files of one run on a server."""

    def __init__(self, server: Server) -> None:
        one = server.connect()
        run = one.make_run()
        folder = one.run_uri(run).removeprefix("mlflow-artifacts:/")
        self.base = f"/api/2.0/mlflow-artifacts/artifacts/{folder}"
        self.listing = f"/api/2.0/mlflow/artifacts/list?run_id={run}"
        place = urlsplit(server.url)
        self.http = http.client.HTTPConnection(place.hostname, place.port, timeout=600)

    def ask(self, method: str, path: str, body: object = None, length: int = 0) -> int:
        headers = {"Content-Length": str(length)} if length else {}
        self.http.request(method, path, body, headers)
        answer = self.http.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.read()[:300]!r}")
        size = 0
        while piece := answer.read(BLOCK):
            size += len(piece)
        return size


def timed(action) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def large(megabytes: int) -> Iterator[bytes]:
    block = os.urandom(BLOCK - 8)
    for number in range(megabytes):
        yield number.to_bytes(8) + block


def measure(server: Server, given: argparse.Namespace) -> Times:
    files, count, size = Files(server), given.files, given.megabytes * BLOCK
    bodies = [f"{number} {files.base} ".encode() + b"x" * 1000 for number in range(count)]

    def up() -> None:
        for number, body in enumerate(bodies):
            files.ask("PUT", f"{files.base}/small/{number}.txt", body)

    def down() -> None:
        for number in range(count):
            files.ask("GET", f"{files.base}/small/{number}.txt")

    before = server.memory()
    found = {f"{count:,} files of 1 kB, up": timed(up), f"{count:,} files of 1 kB, down": timed(down)}
    found["both ways"] = sum(found.values())
    found["one list of them"] = timed(lambda: files.ask("GET", f"{files.listing}&path=small"))
    way = f"{files.base}/large.bin"
    body = large(given.megabytes)
    found[f"{given.megabytes:,} MB, up"] = timed(lambda: files.ask("PUT", way, body, size))
    found[f"{given.megabytes:,} MB, down"] = timed(lambda: files.ask("GET", way))
    found["memory that this took, MB"] = max(0.0, server.memory() - before)
    return found


def show(ours: Times, others: dict[str, Times]) -> None:
    heads = "".join(f"{name:>26}" for name in others)
    print(f"{'milliseconds, unless told otherwise':<40}{'Meguru':>10}{heads}")
    for name, value in ours.items():
        beside = ""
        for times in others.values():
            ratio = f"{times[name] / value:>8.1f}x" if value else " " * 9
            beside += f"{times[name]:>17.1f}{ratio}"
        print(f"{name:<40}{value:>10.1f}{beside}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow", type=Path, help="MLflow's program, to measure its server beside ours")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--megabytes", type=int, default=1024)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as text:
        folder, others = Path(text), dict[str, Times]()
        with meguru_server(folder / "ours") as server:
            ours = measure(server, given)
        if given.mlflow:
            for name, more in (("MLflow, as it comes", []), ("MLflow, one worker", ["--workers", "1"])):
                with mlflow_server(given.mlflow, folder / name.replace(" ", "-"), more) as server:
                    others[name] = measure(server, given)
        else:
            print("MLflow is not measured: name its program with --mlflow")
        show(ours, others)


if __name__ == "__main__":
    main()
