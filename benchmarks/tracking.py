"""MLflow's protocol over plain HTTP on kept connections, beside MLflow's own server and beside floors.

A floor does the same work in this process, without server or HTTP: it decodes a batch and commits its points
durably, or it reads a series. With ``--mlflow PATH`` (of its ``mlflow`` program) MLflow's server is measured
too, as it comes and with one worker: the same bytes are sent to each, one after the other, in one run. With
``--postgres`` both are measured on PostgreSQL too (MLflow's environment then needs psycopg2): on one server
of it, which flushes its commits.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tracking_floor import floor_commit, floor_log, floor_read
from tracking_servers import Refused, Server, meguru_server, mlflow_server, postgres_databases

FILTERS = {
    "two filters and a metric's order": ("metrics.acc > 0.9 and params.lr = '0.01'", ["metrics.acc DESC"]),
    "in the order of another metric": ("metrics.loss < 0.1 and params.lr = '0.01'", ["metrics.acc DESC"]),
    "a rare param": ("metrics.acc > 0.5 and params.rare = 'v77'", ["metrics.acc DESC"]),
    "the newest": ("", []),
}
Times = dict[str, float]


def measured(action, count: int) -> tuple[float, float]:
    """Return the median and the 95th percentile of an action, in milliseconds."""
    action(0)
    times = []
    for number in range(1, count + 1):
        start = time.perf_counter()
        action(number)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.95)]


def batch(run: str, number: int, prefix: str = "metric") -> dict:
    steps = range(number * 200, number * 200 + 200)
    points = [
        {"key": f"{prefix}_{key}", "value": step / 7, "timestamp": 1_760_000_000_000 + step, "step": step}
        for step in steps
        for key in range(5)
    ]
    return {"run_id": run, "metrics": points}


def calls(server: Server, given: argparse.Namespace) -> Times:
    """Measure single calls of one client, in milliseconds."""
    one = server.connect()
    run = one.make_run()
    bodies = [one.encoded(batch(run, number)) for number in range(given.batches + 1)]
    point = {"run_id": run, "key": "one", "value": 1.5, "timestamp": 1_760_000_000_000}
    one.post("registered-models/create", {"name": "m"})
    source = {"name": "m", "source": f"{one.run_uri(run)}/model", "run_id": run}
    for _ in range(2):
        one.post("model-versions/create", source)
    pointed = {"name": "m", "alias": "live"}
    one.post("registered-models/alias", pointed | {"version": "1"})
    ends = {"run_id": run, "status": "FINISHED"}
    text = {"run_id": run, "key": "text"}
    found: Times = {}

    def add(name: str, action, count: int) -> None:
        found[name], found[f"{name}, p95"] = measured(action, count)

    add("log-batch of 1,000", lambda n: one.send("POST", "runs/log-batch", bodies[n]), given.batches)
    add("log-metric", lambda n: one.post("runs/log-metric", point | {"step": n}), given.calls)
    add("runs/create", lambda _: one.make_run(), given.calls)
    add("runs/get", lambda _: one.send("GET", f"runs/get?run_id={run}"), given.calls)
    alias = "registered-models/alias?name=m&alias=live"
    add("look-up of an alias", lambda _: one.send("GET", alias), given.calls)
    add("runs/update", lambda n: one.post("runs/update", ends | {"end_time": n + 1}), given.calls)
    add("runs/set-tag", lambda n: one.post("runs/set-tag", text | {"value": f"{n}"}), given.calls)
    param = lambda n: one.post("runs/log-parameter", text | {"key": f"p{n}", "value": f"{n}"})  # noqa: E731
    add("runs/log-parameter", param, given.calls)
    add(
        "registered-models/create",
        lambda n: one.post("registered-models/create", {"name": f"m{n}"}),
        given.calls,
    )
    add("model-versions/create", lambda _: one.post("model-versions/create", source), given.calls)
    move = lambda n: one.post("registered-models/alias", pointed | {"version": f"{1 + n % 2}"})  # noqa: E731
    add("setting of an alias", move, given.calls)
    return found


def crowd(server: Server, given: argparse.Namespace) -> Times:
    """Measure clients that log batches at once: milliseconds for 1,000 points."""
    found = {}
    for clients in given.clients:
        rounds = max(2, given.batches // clients)
        connections = [server.connect() for _ in range(clients)]
        runs = [each.make_run() for each in connections]
        bodies = [
            [c.encoded(batch(r, n)) for n in range(rounds)] for c, r in zip(connections, runs, strict=True)
        ]

        def log(client: int, connections=connections, bodies=bodies) -> None:
            for body in bodies[client]:
                connections[client].send("POST", "runs/log-batch", body)

        start = time.perf_counter()
        try:
            with ThreadPoolExecutor(clients) as pool:
                list(pool.map(log, range(clients)))
        except Refused as error:
            print(f"{clients} clients are too many: {error}")
            continue
        spent = time.perf_counter() - start
        found[f"log-batch, {clients} clients"] = spent * 1e3 / (clients * rounds)
    return found


def reading(server: Server, given: argparse.Namespace) -> Times:
    """Measure a long series: all its pages, and what a chart asks for; in milliseconds."""
    one = server.connect()
    run = one.make_run()
    server.fill_points(run, given.points)
    path = f"metrics/get-history?run_id={run}&metric_key=loss&max_results=25000"

    def pages(_: int) -> None:
        token = ""
        while True:
            body = one.raw("GET", path + (f"&page_token={token}" if token else ""))
            mark = body.rfind(b'"next_page_token"', len(body) - 400)
            if mark < 0:
                return
            token = body[mark:].split(b'"')[3].decode()

    start = time.perf_counter()
    pages(0)
    found = {"a history in pages": (time.perf_counter() - start) * 1e3}
    chart = f"metrics/get-history-bulk-interval?run_ids={run}&metric_key=loss&max_results=2000"
    found["a chart of 2,000 points"], _ = measured(lambda _: one.raw("GET", chart), 3)
    return found


def searching(server: Server, given: argparse.Namespace, runs: int) -> Times:
    """Measure searches among many runs, in milliseconds; pages of 100."""
    one = server.connect()
    experiment = server.fill_runs(one, runs)
    found: Times = {}
    for name, (text, order) in FILTERS.items():
        body = {"experiment_ids": [experiment], "filter": text, "order_by": order, "max_results": 100}
        middle, slow = measured(lambda _, body=body: one.post("runs/search", body), given.searches)
        found[f"{runs:,} runs: {name}"], found[f"{runs:,} runs: {name}, p95"] = middle, slow
    return found


def measure(server: Server, given: argparse.Namespace, *, runs: list[int]) -> Times:
    found = {"CPU-seconds to the first answer": server.started_cpu, "idle memory, MB": server.memory()}
    for part in (calls, crowd, reading):
        found |= part(server, given)
        print(f"{type(server).__name__}: {part.__name__} measured", flush=True)
    for count in runs:
        found |= searching(server, given, count)
    return found


def show(ours: Times, floors: Times, others: dict[str, Times]) -> None:
    heads = "".join(f"{name:>24}" for name in others)
    print(f"{'milliseconds, unless told otherwise':<58}{'Meguru':>10}{'of the floor':>14}{heads}")
    for name, value in ours.items():
        floor = f"{floors[name] / value:>13.2f}x" if name in floors else " " * 14
        beside = ""
        for times in others.values():
            known = times.get(name)
            beside += f"{known:>13.2f} {known / value:>8.1f}x" if known else f"{'-':>24}"
        print(f"{name:<58}{value:>10.2f}{floor}{beside}")


def on_postgres(folder: Path, given: argparse.Namespace) -> dict[str, Times]:
    """Measure ours and MLflow's on one server of PostgreSQL."""
    found = {}
    with postgres_databases("ours", "theirs") as (ours, theirs):
        with meguru_server(folder / "ours-postgres", ours) as server:
            found["Meguru, PostgreSQL"] = measure(server, given, runs=given.runs)
        if given.mlflow:
            with mlflow_server(given.mlflow, folder / "mlflow-postgres", [], theirs) as server:
                found["MLflow, PostgreSQL"] = measure(server, given, runs=given.mlflow_runs)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow", type=Path, help="MLflow's program, to measure its server beside ours")
    parser.add_argument("--postgres", action="store_true", help="measure on PostgreSQL as well")
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--clients", type=int, nargs="*", default=[4, 64])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, nargs="*", default=[50_000, 100_000])
    parser.add_argument("--mlflow-runs", type=int, nargs="*", default=[50_000], help="as --runs, for MLflow")
    parser.add_argument("--searches", type=int, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        floors = {
            "log-batch of 1,000": floor_log(folder, [batch("x" * 32, n) for n in range(given.batches)]),
            "log-metric": floor_commit(folder, given.calls),
            "runs/create": floor_commit(folder, given.calls),
            "a history in pages": floor_read(folder, given.points),
        }
        others: dict[str, Times] = {}
        with meguru_server(folder / "ours") as server:
            ours = measure(server, given, runs=given.runs)
        if given.mlflow:
            for name, more in (("MLflow, as it comes", []), ("MLflow, one worker", ["--workers", "1"])):
                with mlflow_server(given.mlflow, folder / name.replace(" ", "-"), more) as server:
                    others[name] = measure(server, given, runs=given.mlflow_runs)
        else:
            print("MLflow is not measured: name its program with --mlflow")
        if given.postgres:
            others |= on_postgres(folder, given)
        show(ours, floors, others)
        print(f"points a second, one client: {1e6 / ours['log-batch of 1,000']:,.0f}")


if __name__ == "__main__":
    main()
