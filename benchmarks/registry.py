"""Searches over many versions, registered models and logged models, beside MLflow's own server.

Both databases are filled behind the servers' backs with the same rows; each question is asked over plain HTTP
on a kept connection, a page of it. With ``--mlflow PATH`` (of its ``mlflow`` program) MLflow's
server is asked the same, with one worker, in the same run.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from registry_rows import fill
from tracking import Times, measured
from tracking_servers import Connection, Server, meguru_server, mlflow_server

PAGE = 100
VERSIONS: dict[str, dict] = {
    "the newest": {},
    "by name": {"filter": "name = 'model77'"},
    "by a pattern of names": {"filter": "name LIKE 'model77%'"},
    "a rare tag": {"filter": "tags.rare = 'v7'"},
    "a tag that a tenth has": {"filter": "tags.team = 't3'"},
    "a tag that is none of a value": {"filter": "tags.team != 't3'"},
    "by run": {"filter": "run_id = '{run}'"},
    "by creation, with a tag": {"filter": "tags.team = 't3'", "order_by": "creation_timestamp DESC"},
    "nothing has such a name": {"filter": "name LIKE '%nothing%'"},
}
MODELS: dict[str, dict] = {
    "by name": {},
    "by a pattern of names": {"filter": "name LIKE '%77'"},
    "a rare tag": {"filter": "tags.rare = 'v7'"},
    "the last changed": {"order_by": "last_updated_timestamp DESC"},
    "what is no prompt": {"filter": "tags.`mlflow.prompt.is_prompt` != 'true'"},
}
LOGGED: dict[str, dict] = {
    "the newest": {},
    "by a param": {"filter": "params.depth = '3'"},
    "by a metric": {"filter": "metrics.acc > 0.999"},
    "in a metric's order": {"order_by": [{"field_name": "metrics.acc", "ascending": False}]},
    "a metric's order, with a filter": {
        "filter": "params.depth = '3' AND metrics.acc > 0.5",
        "order_by": [{"field_name": "metrics.acc", "ascending": False}],
    },
}


def measure(server: Server, given: argparse.Namespace) -> Times:
    one = server.connect()
    one.make_run()
    filled = fill(server, one, versions=given.versions, models=given.models, logged=given.logged)
    found: Times = {}

    def add(name: str, action: Callable[[int], object]) -> None:
        found[name], found[f"{name}, p95"] = measured(action, given.searches)

    for what, asked in (("model-versions", VERSIONS), ("registered-models", MODELS)):
        for name, query in asked.items():
            path = f"{what}/search?" + urlencode({"max_results": PAGE, **_named(query, filled.run)})
            add(f"{what}: {name}", lambda _, path=path: one.raw("GET", path))
    late = _late(one, given.pages)
    add(f"model-versions: page {given.pages}", lambda _: one.raw("GET", late))
    for name, query in LOGGED.items():
        body = one.encoded({"experiment_ids": [filled.experiment], "max_results": PAGE // 2, **query})
        add(f"logged-models: {name}", lambda _, body=body: one.raw("POST", "logged-models/search", body))
    found["memory afterwards, MB"] = server.memory()
    return found


def _named(query: dict, run: str) -> dict:
    return {key: value.replace("{run}", run) for key, value in query.items()}


def _late(one: Connection, pages: int) -> str:
    """Return the question for a late page of versions."""
    token = ""
    for _ in range(pages - 1):
        asked = urlencode({"max_results": PAGE, "page_token": token})
        token = one.send("GET", f"model-versions/search?{asked}")["next_page_token"]
    return "model-versions/search?" + urlencode({"max_results": PAGE, "page_token": token})


def show(ours: Times, theirs: Times) -> None:
    print(f"{'milliseconds, unless told otherwise':<60}{'Meguru':>10}{'MLflow':>12}{'ratio':>9}")
    for name, value in ours.items():
        known = theirs.get(name)
        beside = f"{known:>12.1f}{known / value:>8.1f}x" if known else f"{'-':>12}"
        print(f"{name:<60}{value:>10.1f}{beside}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow", type=Path, help="MLflow's program, to measure its server beside ours")
    parser.add_argument("--versions", type=int, default=50_000)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--logged", type=int, default=20_000)
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--pages", type=int, default=50, help="how late the late page is")
    given = parser.parse_args()
    print(
        f"{given.versions:,} versions of {given.models:,} models, {given.logged:,} logged models; "
        f"{PAGE} a page, {PAGE // 2} of logged models"
    )
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with meguru_server(folder / "ours") as server:
            ours = measure(server, given)
        theirs: Times = {}
        if given.mlflow:
            with mlflow_server(given.mlflow, folder / "mlflow", ["--workers", "1"]) as server:
                theirs = measure(server, given)
        else:
            print("MLflow is not measured: name its program with --mlflow")
        show(ours, theirs)


if __name__ == "__main__":
    main()
