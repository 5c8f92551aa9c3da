"""What it costs that clients send a key instead of features, beside the same prediction with them sent.

    make bench BENCH=features_served ARGS="--requests 2000"

One service in one process answers, in turn: all twelve features sent; a key, for which three views of four
features are looked up in SQLite; the same with a function on demand, in its own process. Every prediction is
recorded durably before it is answered. The model is small, so that the rest shows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets.client import add_files
from meguru.features.materialization.operations import start
from meguru.features.materialization.runner import see_through
from meguru.flavors.model import Model
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.registry.client import add_model
from meguru.releases.operations import check, create, promote
from meguru.serving.service import PredictionService

VIEWS, FEATURES, USERS = 3, 4, 10_000
CODE = """
import meguru
import polars as pl


@meguru.on_demand(
    request={"price": "Float64"}, inputs=["v0:v0_f0"], features={"share": "Float64", "dear": "Float64"}
)
def basket(rows: pl.DataFrame) -> pl.DataFrame:
    share = pl.col("price") / (1 + pl.col("v0_f0"))
    return rows.select(share=share, dear=pl.col("price") > 10)
"""


def prepare(ws, folder: Path) -> tuple[list[str], dict[str, float]]:
    """Bring three views online, and put two endpoints live; return the features, and those of a user."""
    rng, at = np.random.default_rng(3), datetime.now(UTC) - timedelta(hours=1)
    lines, names, values = ['[project]\nname = "bench"\n[entity.user]\nkey = "user"\n'], [], {}
    for view in range(VIEWS):
        own = [f"v{view}_f{number}" for number in range(FEATURES)]
        floats = {name: rng.random(USERS) for name in own}
        path = folder / f"v{view}.parquet"
        pl.DataFrame({"user": np.arange(USERS), "at": [at] * USERS, **floats}).write_parquet(path)
        add_files(ws, f"d{view}", path)
        lines.append(
            f'[feature_view.v{view}]\nentity = "user"\nsource = "d{view}"\ntime = "at"\nttl = "7d"\n'
        )
        names += own
        values |= {name: float(column[7]) for name, column in floats.items()}
    views = json.dumps([f"v{view}" for view in range(VIEWS)])
    lines.append(f'[feature_service.keys]\nviews = {views}\n[endpoint.keys]\nmodel = "keys"\n')
    lines.append('features = "feature_service/keys"\n[feature_service.code]\n')
    lines.append(f'views = {json.dumps([*json.loads(views), "basket"])}\n[endpoint.code]\nmodel = "code"\n')
    lines.append('features = "feature_service/code"\n')
    (folder / "features.py").write_text(CODE)
    (folder / "meguru.toml").write_text("".join(lines))
    project = read_project(folder / "meguru.toml")
    apply_plan(ws, plan_project(ws, project), project)
    for view in range(VIEWS):
        see_through(ws, start(ws, view=f"v{view}"))
    for name, columns in (("keys", names), ("code", [*names, "share", "dear"])):
        frame = pl.DataFrame({each: rng.random(100) for each in columns})
        fitted = LogisticRegression().fit(frame.to_numpy(), rng.integers(0, 2, 100))
        add_model(ws, name, Model(estimator=fitted, example=frame.head(3)))
        made = check(ws, release=create(ws, endpoint=name, model=f"{name}@1").ref)
        promote(ws, release=made.ref)
    return names, values


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=1000)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        open_local(Path(place) / "w", settings=Settings(sqlite_synchronous="NORMAL")) as ws,
    ):
        _, values = prepare(ws, Path(place))
        service = PredictionService(ws)
        service.start()
        for name in ("keys", "code"):
            service.wait_until_current(name, timeout=60)
        ways = {
            "features sent": ("keys", values),
            "a key": ("keys", {"user": 7}),
            "a key and a function": ("code", {"user": 7, "price": 12.5}),
        }
        bodies = {way: (name, json.dumps({"row": row}).encode()) for way, (name, row) in ways.items()}
        took = {way: [] for way in ways}
        for turn in range(asked.requests + 100):
            for way, (name, body) in bodies.items():
                began = time.perf_counter()
                answer = service.predict(name, body)
                if turn >= 100:
                    took[way].append(time.perf_counter() - began)
                assert answer.status == 200, answer.body
        service.stop()
    floor = statistics.median(took["features sent"])
    print(f"{'way':<22}{'p50 ms':>9}{'p99 ms':>9}{'more, ms':>10}{'ratio':>8}")
    for way, seconds in took.items():
        half, most = statistics.median(seconds), sorted(seconds)[int(len(seconds) * 0.99)]
        print(
            f"{way:<22}{half * 1e3:>9.3f}{most * 1e3:>9.3f}{(half - floor) * 1e3:>10.3f}{half / floor:>8.2f}"
        )


if __name__ == "__main__":
    main()
