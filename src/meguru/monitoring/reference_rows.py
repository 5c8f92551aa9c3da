"""Rows that a model learned from, for checks that look at several columns together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from meguru.base import refs
from meguru.datasets import store as datasets
from meguru.datasets.frames import scan_of
from meguru.datasets.types import DatasetVersion
from meguru.errors import MeguruError
from meguru.monitoring.checks.options import check_of
from meguru.monitoring.types import Monitor
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import datasets_learned_from
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

MAX_ROWS = 8000
"""So many rows are read, evenly spread over the data."""


def wants_reference(monitor: Monitor) -> bool:
    """Tell whether some check of a monitor looks at rows of the training data."""
    return any("reference" in check_of(options).reads for options in monitor.checks)


def reference_rows(tx: Connection, blobs: BlobStore, window: MonitoredWindow) -> pl.DataFrame | None:
    """Return some rows of the data that the live model learned from, in the columns that are compared.

    They are of the first dataset that the version was made from and that has all of these columns; None if
    there is none, or it can't be read any more. The same version and window always get the same rows.
    """
    wanted = [column.name for column in window.columns if column.name in _names(window.frame)]
    for ref in datasets_learned_from(tx, window.model):
        try:
            name = refs.parse(ref, kind="dataset")
            version = datasets.get(tx, name.name, int(name.version or 0))
        except (MeguruError, ValueError):
            continue
        known = {column.name for column in version.columns}
        features = [each for each in wanted if each in known]
        if features and len(features) == sum(not each.startswith("_") for each in wanted):
            return rows_of_version(blobs, version, features)
    return None


def rows_of_version(blobs: BlobStore, version: DatasetVersion, columns: list[str]) -> pl.DataFrame:
    """Return some rows of a version, evenly spread, in some of its columns."""
    rows = scan_of(blobs, version).select(columns)
    every = max(1, -(-version.rows // MAX_ROWS))
    return rows.gather_every(every).collect(engine="streaming")


def _names(frame: pl.DataFrame | None) -> list[str]:
    return [] if frame is None else frame.columns
