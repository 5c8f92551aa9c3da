"""Values between steps: each comes back equal, equal values are equal bytes, strangers are refused."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.compute.materializers import ValueStore, load, save
from meguru.errors import InvalidInput
from meguru.storage.blobs import open_store


class Colour(Enum):
    RED = "red"


@dataclasses.dataclass
class Row:
    name: str
    at: datetime
    parts: dict[int, str]


ROW = Row("a", datetime(2026, 3, 1, tzinfo=UTC), {1: "x"})


@pytest.fixture
def place(tmp_path: Path) -> ValueStore:
    return ValueStore(open_store(tmp_path / "blobs"), tmp_path / "scratch")


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (None, None),
        (True, bool),
        (3, int),
        (2**80, int),
        (0.1, float),
        ("é\n", str),
        ([1, [2.5, None]], list),
        ({"b": 1, "a": {"c": []}}, dict),
        (b"\x00\xff", bytes),
        ((1, "a"), tuple[int, str]),
        ({1, 2}, set[int]),
        ({1: 2.0}, dict[int, float]),
        (date(2026, 1, 2), date),
        (Colour.RED, Colour),
        (ROW, Row),
        ([ROW, ROW], list[Row]),
    ],
)
def test_a_value_comes_back_equal_and_of_its_type(value: Any, annotation: Any, place: ValueStore):
    back = load(save(value, annotation, place), annotation, place)
    assert back == value
    assert type(back) is type(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(json_values)
def test_plain_values_come_back_as_they_were(place, value):
    back = load(save(value, Any, place), Any, place)
    assert repr(back) == repr(value)


def test_numbers_that_are_not_finite_survive(place):
    back = load(save({"auc": math.nan, "loss": np.float64("inf")}, dict, place), dict, place)
    assert math.isnan(back["auc"])
    assert back["loss"] == math.inf


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.array(["a", "bb"]),
        np.array(3),
        np.array([], dtype=np.int8),
        np.asfortranarray(np.ones((2, 2))),
        np.array(["2026-01-01"], dtype="datetime64[D]"),
    ],
)
def test_arrays_come_back_equal_and_can_be_written_into(place, value):
    back = load(save(value, np.ndarray, place), np.ndarray, place)
    assert back.dtype == value.dtype
    np.testing.assert_array_equal(back, value)
    back[...] = back[...]


def test_frames_come_back_equal_whatever_their_shape(place):
    frame = pl.DataFrame(
        {"x": [1, None], "s": ["a", None], "t": [date(2026, 1, 1), None], "l": [[1], None]},
        schema_overrides={"x": pl.Int16},
    )
    assert load(save(frame, pl.DataFrame, place), None, place).equals(frame)
    assert load(save(frame["s"], pl.Series, place), None, place).equals(frame["s"])
    assert load(save(frame.lazy(), pl.LazyFrame, place), None, place).collect().equals(frame)


def test_equal_frames_are_equal_bytes_however_they_were_made(place):
    text = ["short", "a text that is far too long to be kept inside a view"]
    plain = pl.DataFrame({"x": [1, 2], "s": text})
    chunked = pl.concat([plain.head(1), plain.tail(1)], rechunk=False)
    filtered = pl.concat([plain, plain.reverse()]).head(2)
    assert len({save(frame, None, place).identity for frame in (plain, chunked, filtered)}) == 1


def test_pandas_frames_come_back_equal(place):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"x": [1, 2], "s": ["a", None], "f": [0.5, np.nan], "t": pd.to_datetime(["2026-01-01"] * 2)}
    )
    assert load(save(frame, None, place), None, place).equals(frame)
    assert load(save(frame["x"], None, place), None, place).equals(frame["x"])
    assert load(save(frame.set_index("s"), None, place), None, place).equals(frame.set_index("s"))


def test_files_and_folders_come_back_as_copies(place, tmp_path):
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/a.txt").write_text("a")
    folder = load(save(tmp_path / "out", Path, place), Path, place)
    file = load(save(tmp_path / "out/deep/a.txt", Path, place), Path, place)
    assert ((folder / "deep/a.txt").read_text(), file.name, file.read_text()) == ("a", "a.txt", "a")
    file.write_text("changed")
    assert load(save(tmp_path / "out/deep/a.txt", Path, place), Path, place).parent == file.parent


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        (object(), object, "a step can't return a builtins.object"),
        ((1, 2), Any, "a tuple that a step returns can't be read back as it was"),
        ({1: "a"}, dict, "a dict that a step returns can't be read back as it was"),
        (np.array([object()]), np.ndarray, "a step can't return an array of Python objects"),
        (Path("/nowhere/at/all"), Path, "but nothing is there"),
        ({1: np.ones(2)}, dict, "a step can't return a builtins.dict"),
        ({"x": [np.ones(2), object()]}, dict, "a step can't return a builtins.object"),
    ],
)
def test_what_would_come_back_different_is_refused(place, value, annotation, message):
    with pytest.raises(InvalidInput, match=message) as caught:
        save(value, annotation, place)
    assert caught.value.hint or "nothing is there" in message
