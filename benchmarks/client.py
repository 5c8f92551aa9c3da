"""What a call of `run.log` costs the training loop: with a server, without one, and with one that is away.

The floor encodes the same record and appends it to a list. The peer is MLflow's own client, one
`log_metric` a call, against the same server (mlflow-skinny of the test environment).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import msgspec

from meguru import run
from meguru.tracking import session

CALLS, ROUNDS, PEER_CALLS = 20_000, 7, 200


@contextmanager
def server(folder):
    command = [sys.executable, "-m", "meguru", "up", "-w", str(folder), "--port", "0", "--exit-with-parent"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield "http://" + next(line for line in process.stderr if "http://" in line).split("http://")[1].strip()
    process.kill()
    process.communicate()


def cost(call) -> tuple[float, float]:
    """Return the median over rounds of (wall, CPU of this thread), in microseconds a call."""
    walls, cpus = [], []
    for number in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.thread_time()
        for step in range(number * CALLS, (number + 1) * CALLS):
            call(step)
        walls.append((time.perf_counter() - wall) / CALLS * 1e6)
        cpus.append((time.thread_time() - cpu) / CALLS * 1e6)
    return statistics.median(walls), statistics.median(cpus)


def of_run(where) -> tuple[float, float]:
    with run("bench", workspace=where) as r:
        found = cost(lambda step: r.log(loss=0.5, step=step))
        started = time.perf_counter()
    print(f"    {ROUNDS * CALLS:,} points; leaving the block took {time.perf_counter() - started:.2f} s")
    return found


def floor() -> tuple[float, float]:
    kept, encode = [], msgspec.json.Encoder().encode
    return cost(lambda step: kept.append(encode(("m", time.time_ns() // 1_000_000, {"loss": (0.5, step)}))))


def peer(url) -> dict[str, float]:
    try:
        from mlflow import MlflowClient
    except ImportError:
        print("mlflow is not installed: no peer was measured")
        return {}
    client, times = MlflowClient(url, url), []
    identity = client.create_run("0").info.run_id
    for step in range(PEER_CALLS):
        started = time.perf_counter()
        client.log_metric(identity, "loss", 0.5, step=step)
        times.append((time.perf_counter() - started) * 1e6)
    return {"log_metric": statistics.median(times)}


def main() -> None:
    lowest = floor()
    print(f"floor: {lowest[0]:.2f} µs a call (CPU {lowest[1]:.2f})")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MEGURU_SPOOL"] = str(folder / "spool")
        places = {"embedded workspace": str(folder / "embedded")}
        with server(folder / "served") as url:
            for what, where in (places | {"server": url}).items():
                wall, cpu = of_run(where)
                print(f"{what}: {wall:.2f} µs a call (CPU {cpu:.2f}), {wall / lowest[0]:.1f} × the floor")
            for what, wall in peer(url).items():
                print(f"mlflow {what}, same server: {wall:,.0f} µs a call")
        session.EXIT_SECONDS = 0.0
        wall, cpu = of_run(url)
        print(
            f"server that is away: {wall:.2f} µs a call (CPU {cpu:.2f}), {wall / lowest[0]:.1f} × the floor"
        )


if __name__ == "__main__":
    main()
