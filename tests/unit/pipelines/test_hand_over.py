"""Large values, limits, figures, and materializers that other packages bring."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from meguru.compute.materializers import ValueStore, load, save
from meguru.compute.materializers.limit import Limited
from meguru.errors import InvalidInput
from meguru.storage.blobs import open_store

MEGABYTE = 1 << 20


@pytest.fixture
def place(tmp_path: Path) -> ValueStore:
    (tmp_path / "scratch").mkdir()
    return ValueStore(open_store(tmp_path / "blobs"), tmp_path / "scratch")


PEAK = """
import json, sys, threading, time
from pathlib import Path
from meguru.compute.materializers import ValueStore, load, save
from meguru.storage.blobs import open_store
import numpy as np, polars as pl, pyarrow as pa

def own():  # what this process alone holds, without files that are mapped
    return int([line for line in open("/proc/self/status") if line.startswith("RssAnon")][0].split()[1]) << 10

place = ValueStore(open_store(sys.argv[1]), Path(sys.argv[2]))
kind = sys.argv[3]
size = 160 << 20
if kind == "array":
    value = np.ones(size // 8)
elif kind == "transposed":
    value = np.ones((size // 8 // 1000, 1000)).T
elif kind == "chunked frame":
    part = pl.DataFrame({f"c{n}": np.ones(size // 8 // 80) for n in range(8)})
    value = pl.concat([part + n for n in range(10)], rechunk=False)
else:
    part = pa.table({f"c{n}": np.ones(size // 8 // 80) for n in range(8)})
    value = pa.concat_tables([part] * 10)
save(np.arange(3), None, place), save(pl.DataFrame({"x": [1]}), None, place)
start, peak, over = own(), [0], threading.Event()

def watch():
    while not over.wait(0.002):
        peak[0] = max(peak[0], own())

thread = threading.Thread(target=watch)
thread.start()
saved = save(value, None, place)
over.set()
thread.join()
before = own()
loaded = load(saved, None, place)
print(json.dumps({"size": saved.size, "save": peak[0] - start, "load": own() - before}))
"""


@pytest.mark.parametrize("kind", ["array", "transposed", "chunked frame", "table"])
def test_a_large_value_is_written_and_read_without_a_second_one_in_memory(kind, tmp_path):
    (tmp_path / "scratch").mkdir()
    command = [sys.executable, "-c", PEAK, str(tmp_path / "blobs"), str(tmp_path / "scratch"), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["size"] > 150 * MEGABYTE
    assert found["save"] < found["size"] * 0.7
    assert found["load"] < found["size"] * 0.2


def test_a_large_frame_is_the_same_bytes_however_it_is_chunked(place):
    rows = 9_000_000
    whole = pl.DataFrame({"x": pl.arange(0, rows, eager=True) % 100}).with_columns(
        pl.when(pl.col("x") > 3).then(pl.col("x")).alias("y")
    )
    cut = pl.concat([whole[:1_000_001], whole[1_000_001:7_000_003], whole[7_000_003:]], rechunk=False)
    assert save(whole, None, place).identity == save(cut, None, place).identity
    assert load(save(cut, None, place), None, place).equals(whole)


def test_arrays_in_any_order_in_memory_are_the_same_bytes(place):
    plain = np.arange(10_000).reshape(100, 100)
    strided = np.arange(20_000).reshape(100, 200)[:, ::2] // 2 - np.arange(100)[:, None] * 0
    assert np.array_equal(strided[0], plain[0])
    fortran = np.asfortranarray(plain)
    assert save(plain, None, place).identity == save(fortran, None, place).identity


def test_the_file_of_an_array_is_the_one_that_numpy_writes(place, tmp_path):
    array = np.arange(12.0).reshape(3, 4)
    np.save(tmp_path / "a.npy", array)
    stored = place.blobs.path(save(array, None, place).digest)
    assert stored.read_bytes() == (tmp_path / "a.npy").read_bytes()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.ma.masked_array([1, 2], [True, False]), "only its numbers would be kept"),
        (np.array([object()]), "only pickle could write it"),
    ],
)
def test_an_array_that_would_come_back_different_is_refused(value, why, place):
    with pytest.raises(InvalidInput) as error:
        save(value, None, place)
    assert error.value.why == why


def test_a_pandas_object_that_would_come_back_different_is_refused(place):
    pd = pytest.importorskip("pandas")
    frames = [
        pd.DataFrame({"x": [object()]}),
        pd.DataFrame({("a", "b"): [1]}),
        pd.DataFrame({"x": pd.period_range("2026", periods=2, freq="M")}),
        pd.DataFrame({"x": [1]}, index=[(1, 2)]),
    ]
    for frame in frames:
        with pytest.raises(InvalidInput, match="can't be written so that it comes back equal"):
            save(frame, None, place)


def test_a_figure_is_kept_as_pictures_that_are_the_same_each_time(place):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    def draw() -> Figure:
        figure = Figure()
        figure.subplots().plot([1, 2, 4])
        return figure

    value = save(draw(), Figure, place)
    assert value.identity == save(draw(), Figure, place).identity
    assert set(value.info["pictures"]) == {"figure.png", "figure.svg"}
    path = load(value, Figure, place)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (path.parent / "figure.svg").read_text()


def test_a_later_step_takes_a_figure_as_a_path(project, value):
    project.write(
        "draw.py",
        """
        from pathlib import Path
        from matplotlib.figure import Figure
        from meguru import pipeline, step

        @step
        def draw() -> Figure:
            figure = Figure()
            figure.subplots().plot([1, 2])
            return figure

        @step
        def look(picture: Path) -> str:
            return picture.name

        @pipeline
        def drawn():
            return look(draw())
        """,
    )
    assert value(project.run("draw.py:drawn"), "look") == "figure.png"


def test_more_than_the_limit_is_refused_while_it_comes(place):
    limited = ValueStore(Limited(place.blobs, MEGABYTE), place.scratch)
    save(np.ones(MEGABYTE // 16), None, limited)
    with pytest.raises(InvalidInput) as error:
        save(np.ones(100 * MEGABYTE // 8), None, limited)
    assert error.value.what == "what the step returned is larger than 1,048,576 bytes"
    stored = sum(path.stat().st_size for path in Path(place.blobs.url).rglob("*") if path.is_file())
    assert stored < 2 * MEGABYTE


def test_a_step_that_returns_more_than_the_limit_fails_and_says_so(project):
    from meguru.base.settings import Settings

    project.ws.settings = Settings(sqlite_synchronous="NORMAL", max_output=1000)
    assert project.run(n=20).state == "succeeded"
    run = project.run(n=100_000)
    assert run.state == "failed"
    assert run.failed.step == "load"
    assert "larger than 1,000 bytes" in run.failed.message


def test_a_package_adds_a_materializer_by_an_entry_point(project, tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    info = site / "tinyunits-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tinyunits\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[meguru.materializer]\nlength = tinyunits:LENGTH\n")
    (site / "tinyunits.py").write_text(TINYUNITS)
    program = (
        "import sys\nsys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nimport tinyunits\n"
        "from meguru.compute.materializers import ValueStore, load, save\n"
        "from meguru.storage.blobs import open_store\n"
        "place = ValueStore(open_store(sys.argv[2]), Path(sys.argv[2]))\n"
        "value = save(tinyunits.Length(3, 'km'), None, place)\n"
        "print(value.kind, load(value, None, place))\n"
    )
    command = [sys.executable, "-c", program, str(site), str(tmp_path / "blobs")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "length 3 km\n"


TINYUNITS = """
from meguru.compute.materializers import Value
from meguru.compute.materializers.base import put


class Length:
    def __init__(self, number, unit):
        self.number, self.unit = number, unit

    def __str__(self):
        return f"{self.number} {self.unit}"


class LengthMaterializer:
    def fits(self, value):
        return isinstance(value, Length)

    def save(self, value, annotation, place):
        return put("length", str(value).encode(), place)

    def load(self, value, annotation, place):
        number, unit = place.blobs.get_bytes(value.digest).decode().split()
        return Length(int(number), unit)


LENGTH = LengthMaterializer()
"""
