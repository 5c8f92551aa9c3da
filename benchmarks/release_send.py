"""What sending a release to another environment costs: anew, when its blobs are there, and sent again.

The target loads the model and asks it its example, as whenever one is registered; the floor is that alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from meguru.app.open import open_local, open_workspace
from meguru.datasets.client import add_files
from meguru.pipelines.runner import run_file
from meguru.registry.facts import facts_of
from meguru.releases.operations import check, create, pack, promote
from meguru.releases.sending.send import send
from meguru.serving.create import create as make_endpoint
from meguru.testing.processes import free_ports, running

TRAIN = """
from meguru import Dataset, Model, pipeline, step
from meguru.testing.models import make_model


@step
def fit(rows: Dataset) -> Model:
    return make_model()


@pipeline(produces="delay")
def train(rows: Dataset):
    return fit(rows)
"""


def seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def made(ws: Any, folder: Path) -> str:
    (folder / "rows.csv").write_text("a,b\n" + "1,2\n" * 100_000)
    (folder / "train.py").write_text(TRAIN)
    add_files(ws, "rows", folder / "rows.csv")
    make_endpoint(ws, name="delay", model="delay")
    run_file(ws, f"{folder}/train.py:train", {"rows": "rows@latest"})
    return promote(ws, release=check(ws, release=create(ws, endpoint="delay", model="delay@1").ref).ref).ref


def carry(here: Any, there: Any, release: str) -> int:
    blobs = pack(here, release=release, data="copy").blobs
    for digest in blobs:
        there.blobs.put_file(here.blobs.path(digest))
    return len(blobs)


def measure(name: str, here: Any, first: Any, second: Any, release: str) -> None:
    anew = seconds(lambda: send(here, first, release, data="copy"))
    print(f"{name}: anew, with its data        {anew:8.3f} s")
    count = carry(here, second, release)
    print(f"{name}: {count:3} blobs are there already {seconds(lambda: send(here, second, release)):8.3f} s")
    print(f"{name}: the same again              {seconds(lambda: send(here, second, release)):8.3f} s")


def main() -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with open_local(folder / "dev") as here:
            release = made(here, folder)
            places = [folder / name for name in ("first", "second", "third", "fourth")]
            for place in places:
                with open_local(place) as ws:
                    make_endpoint(ws, name="delay", model="delay")
            tree = pack(here, release=release).model.tree_digest
            facts_of(here, tree, load=True)  # what loads models is imported once
            loading = seconds(lambda: facts_of(here, tree, load=True))
            print(f"floor: loading the model           {loading:8.3f} s")
            with open_local(places[0]) as first, open_local(places[1]) as second:
                measure("folder", here, first, second, release)
            (port,) = free_ports(1)
            url = f"http://127.0.0.1:{port}"
            up = [sys.executable, "-m", "meguru", "up", "--port", str(port), "-w", places[2]]
            beside = ["--serve", f"prod={places[3]}"]

            def ready() -> bool:
                try:
                    return urlopen(f"{url}/env/prod/health").status == 200
                except OSError:
                    return False

            with (
                running([*up, *beside], folder / "up.log", ready, timeout=120),
                open_workspace(url) as first,
                open_workspace(f"{url}/env/prod") as second,
            ):
                measure("server", here, first, second, release)


if __name__ == "__main__":
    main()
