"""Every built-in materializer, under the contract of its family."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from meguru.compute.materializers import MATERIALIZERS
from meguru.testing.contracts.materializers import MaterializerContract


class Named(MaterializerContract):
    name = ""

    def materializer(self):
        return MATERIALIZERS.load(self.name)


class TestPlain(Named):
    name = "plain"

    def values(self):
        return [lambda: 1, lambda: 1.0, lambda: {"b": [1, None], "a": "x"}, lambda: [1, 2.5], lambda: None]


class TestBytes(Named):
    name = "bytes"

    def values(self):
        return [lambda: b"", lambda: b"\x00\xff"]


class TestPolars(Named):
    name = "polars"

    def values(self):
        return [
            lambda: pl.DataFrame({"x": [1, None], "s": ["a", None], "l": [[1], None]}),
            lambda: pl.DataFrame(
                {"x": [1.0, float("nan")], "c": pl.Series(["u", "v"], dtype=pl.Categorical)}
            ),
            lambda: pl.Series("x", [1, 2]),
            pl.DataFrame,
        ]

    def equal(self, found, value):
        return found.equals(value)


class TestNumpy(Named):
    name = "numpy"

    def values(self):
        return [
            lambda: np.arange(6.0).reshape(2, 3),
            lambda: np.arange(6.0).reshape(3, 2),
            lambda: np.asfortranarray(np.arange(12).reshape(3, 4)),
            lambda: np.arange(20)[::-2],
            lambda: np.array([1, np.nan]),
            lambda: np.array([("a", 1)], dtype=[("s", "U2"), ("n", "i4")]),
            lambda: np.zeros((0, 3)),
            lambda: np.array(3, dtype=np.int8),
            lambda: np.array([True]),
        ]

    def equal(self, found, value):
        return (
            found.dtype == value.dtype and found.shape == value.shape and found.tobytes() == value.tobytes()
        )


class TestPandas(Named):
    name = "pandas"

    def values(self):
        pd = pytest.importorskip("pandas")
        frame = lambda: pd.DataFrame(
            {
                "n": [1, 2, 3],
                "s": ["x", None, "z"],
                "c": pd.Categorical(["u", "v", "u"], categories=["v", "u", "w"], ordered=True),
                "i": pd.array([1, None, 3], dtype="Int64"),
                "t": pd.to_datetime(["2026-01-01", "2026-01-02", None]),
                "z": pd.date_range("2026-01-01", periods=3, tz="Europe/Berlin"),
                "d": pd.to_timedelta([1, 2, 3], unit="s"),
                "f": [1.0, np.nan, 2.0],
                "b": pd.array([True, None, False], dtype="boolean"),
            }
        )
        return [
            frame,
            lambda: frame().set_index("s"),
            lambda: frame().set_index(["n", "c"]),
            lambda: frame().set_index("z"),
            lambda: frame()[frame()["n"] > 1],
            lambda: frame()["c"],
            lambda: frame()["n"].rename(None),
            lambda: pd.DataFrame({"x": [1, 2]}, index=pd.date_range("2026-01-01", periods=2, freq="D")),
            lambda: pd.DataFrame([[1, 2], [3, 4]]),
            lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
            lambda: pd.DataFrame({"a": [1]}).rename_axis(columns="q"),
            lambda: pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 7, name="k")),
            pd.DataFrame,
        ]

    def equal(self, found, value):
        pd = pytest.importorskip("pandas")
        check = pd.testing.assert_series_equal if value.ndim == 1 else pd.testing.assert_frame_equal
        check(found, value)
        return True


class TestArrow(Named):
    name = "arrow"

    def values(self):
        pa = pytest.importorskip("pyarrow")
        return [
            lambda: pa.table({"x": [1, None, 3], "s": ["a", "b", None]}),
            lambda: pa.table({"x": [1, None, 3]}).replace_schema_metadata({"made": "here"}),
            lambda: pa.RecordBatch.from_pydict({"x": [1, 2]}),
            lambda: pa.table({"x": pa.array([], pa.int8())}),
        ]

    def equal(self, found, value):
        return found.equals(value, check_metadata=True)


class TestSparse(Named):
    name = "sparse"

    def values(self):
        sp = pytest.importorskip("scipy.sparse")
        formats = ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
        arrays = [lambda f=f: sp.random_array((5, 7), density=0.4, format=f, rng=1) for f in formats]
        return [*arrays, lambda: sp.csr_matrix(np.eye(3)), lambda: sp.csr_array((2, 2))]

    def equal(self, found, value):
        return type(found) is type(value) and found.dtype == value.dtype and not (found != value).nnz


class TestFiles(Named):
    name = "files"

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path / "written"

    def values(self):
        return [lambda: self.write("a/one.txt", "1"), lambda: self.write("b/two.txt", "2").parent]

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def equal(self, found, value):
        content = lambda path: path.read_text() if path.is_file() else sorted(p.name for p in path.iterdir())
        return isinstance(found, Path) and found.name == value.name and content(found) == content(value)


@dataclasses.dataclass
class Row:
    name: str
    tags: set[str]
    on: date | None = None


class TestRecord(Named):
    name = "record"

    def values(self):
        return [lambda: Row("a", {"x", "y", "z"}), lambda: Row("b", set(), date(2026, 1, 1))]


class TestAnnotated(Named):
    name = "annotated"
    annotation = set[str]

    def values(self):
        return [lambda: {"x", "y", "zz", "w"}, lambda: {"x"}]


class TestNested(Named):
    name = "nested"
    annotation = dict[str, list[pl.DataFrame]]

    def values(self):
        return [lambda: {"a": [pl.DataFrame({"x": [1]})], "b": []}, lambda: {"a": [pl.DataFrame({"x": [2]})]}]

    def equal(self, found, value):
        return list(found) == list(value) and found["a"][0].equals(value["a"][0])
