from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from meguru.base import digests
from meguru.demo.flights import data
from meguru.demo.flights.labels import TIME
from meguru.demo.flights.names import window
from meguru.demo.flights.traffic import flights_of
from meguru.errors import MissingDependency


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("flights")
    data.export(made)
    return made


def test_two_exports_are_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    data.export(tmp_path)
    assert {path.name: digests.of_file(path) for path in tmp_path.iterdir()} == {
        path.name: digests.of_file(path) for path in folder.iterdir()
    }


def test_every_row_is_in_the_slice_of_its_month(folder: Path) -> None:
    rows = 0
    for month in data.MONTHS:
        part = pl.read_csv(data.month_file(folder, data.FLIGHTS, month), infer_schema=False)
        assert part["month"].unique().to_list() == [str(month)]
        rows += part.height
    assert rows == 336_776


def test_a_month_of_flights_lies_within_the_months_window(folder: Path) -> None:
    made = flights_of(folder, 7)
    start, end = window(7)
    assert made.height == 29_425
    assert made.filter((pl.col(TIME) < start) | (pl.col(TIME) >= end)).is_empty()


def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "PACKAGE", "nycflights_of_no_year")
    with pytest.raises(MissingDependency) as missing:
        data.export(tmp_path / "source")
    assert "meguru[demo]" in missing.value.hint
    assert not (tmp_path / "source").exists()


def test_the_package_itself_is_never_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from meguru.demo.flights import data;"
        f"data.export(Path({str(tmp_path)!r})); assert not {{'pandas', data.PACKAGE}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
