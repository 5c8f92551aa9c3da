"""A small project whose functions become models."""

from __future__ import annotations

import importlib
import sys

import polars as pl
import pytest

from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model

CODE = '''
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from ratebook import RATE


def double(frame):
    return frame["area"].to_numpy() * RATE


def named(rows: list):
    return {"text": [f"{row['area']:.0f} m2" for row in rows], "area": [row["area"] for row in rows]}


def quantiles(frame):
    area = frame["area"].to_numpy()
    return np.stack([area - 1, area, area + 1], axis=1)


def misbehaves(frame):
    what = frame["area"].to_list()[0]
    if what == 1:
        print("noise " * 100_000, flush=True)
        print("more noise", file=sys.stderr, flush=True)
    if what == 2:
        raise ValueError("no such area")
    if what == 3:
        time.sleep(600)
    if what == 4:
        os._exit(7)
    if what == 5:
        return np.zeros((2, 3, 4))
    if what == 6:
        return ["not", "numbers"]
    if what == 7:
        return np.ones(8 << 30, dtype=np.int8)[: len(frame)]
    if what == 8:
        sys.exit("bye")
    return frame["area"].to_numpy()


def looks(frame):
    seen = [Path(path).exists() for path in ("/etc/passwd", os.environ["HOME"])]
    seen.append(any(name.startswith("MEGURU") for name in os.environ))
    return np.array([float(sum(seen))] * len(frame))


class Pricing:
    def __init__(self, files, scale=1.0):
        self.base = json.loads((files / "base.json").read_text())
        self.scale = scale

    def predict(self, frame):
        return frame["area"].to_numpy() * self.scale + self.base


class Fitted:
    """Its state is what training left."""

    def __init__(self, offset):
        self.offset = offset

    def predict(self, matrix: np.ndarray):
        return matrix[:, 0] + self.offset


def squared(values):
    return np.asarray(values) ** 2
'''


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """Return the module of a project, imported from a folder of its own."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pricing_code.py").write_text(CODE)
    (folder / "ratebook.py").write_text("RATE = 2.0\n")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("pricing_code")
    sys.path.remove(str(folder))
    for name in ("pricing_code", "ratebook"):
        sys.modules.pop(name, None)


@pytest.fixture
def rows():
    return pl.DataFrame({"area": [10.0, 20.0, 30.0]})


@pytest.fixture
def saved(tmp_path, rows):
    """Return a function that saves an estimator as a model, which answers from its folder by then."""
    made = []

    def save(estimator, task="regression", example=rows, **more):
        folder = tmp_path / f"model{len(made)}"
        made.append(save_bundle(Model(estimator=estimator, example=example, task=task, **more), folder))
        return made[-1]

    yield save
    for each in made:
        getattr(each.predictor, "close", lambda: None)()
