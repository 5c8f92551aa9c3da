"""The rows of a version as Polars frames and lazy scans, and its profile."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base.library_errors import reason
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DataFile, DatasetVersion, Manifest
from meguru.datasets.versions.scan import file_scan, scan
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.profile import TableProfile


MAX_PROFILES = 64
_profiles: dict[str, TableProfile] = {}
"""Profiles of all rows that this process made, by the digest of the version."""
_lock = threading.Lock()


def file_frame(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.DataFrame:
    """Read one file of a version as it was read at its registration, with the version's columns and types.

    Rows that are deleted are left out.

    Raises
    ------
    DigestMismatch
        If the file was changed after it was registered.
    """
    return _collected(file_scan(blobs, manifest, file))


def frame_of(blobs: BlobStore, version: DatasetVersion) -> pl.DataFrame:
    """Read all rows of a version, file after file; see `file_frame`."""
    return rows_of(blobs, load_manifest(blobs, version))


def columns_of(blobs: BlobStore, version: DatasetVersion, names: Sequence[str]) -> pl.DataFrame:
    """Read some columns of all rows of a version; see `file_frame`."""
    return _collected(scan(blobs, load_manifest(blobs, version)).select(names))


def scan_of(blobs: BlobStore, version: DatasetVersion) -> pl.LazyFrame:
    """Return the rows of a version as a plan, which reads only what is asked of it, in bounded memory.

    Only Parquet files are read so; older versions have others, which are read whole.
    """
    return scan(blobs, load_manifest(blobs, version))


def rows_of(blobs: BlobStore, manifest: Manifest) -> pl.DataFrame:
    """Read all rows of a list of files."""
    return _collected(scan(blobs, manifest))


def _collected(plan: pl.LazyFrame) -> pl.DataFrame:
    import polars as pl

    from meguru.datasets.ingest.refusals import unreadable

    try:
        return plan.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable("a file of the version", "parquet", reason(error)) from error


def first_rows(blobs: BlobStore, version: DatasetVersion, limit: int) -> list[list[Any]]:
    """Return the first rows of a version as JSON has them; files behind them are not read."""
    found: list[list[Any]] = []
    manifest = load_manifest(blobs, version)
    for file in manifest.files:
        if len(found) >= limit:
            break
        frame = _collected(file_scan(blobs, manifest, file).head(limit - len(found)))
        found += [[plain_value(value) for value in row] for row in frame.iter_rows()]
    return found


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it: what JSON does not know becomes text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return msgspec.to_builtins(value, enc_hook=str)


def profile_of(blobs: BlobStore, version: DatasetVersion) -> TableProfile:
    """Return the profile of all rows; the one made at registration, if that saw them all."""
    from meguru.datasets.ingest.profile import profile_rows
    from meguru.stats.profile import TableProfile

    # Appends keep the empty profile (`EMPTY_PROFILE`): profiling all rows each time would be quadratic.
    stored = TableProfile.from_dict(msgspec.json.decode(blobs.get_bytes(version.profile)))
    if stored.rows == version.rows:
        return stored
    with _lock:
        found = _profiles.get(version.digest)
    if found is None:
        # A second or so for a large table; a version never changes, and its page is looked at again.
        found = profile_rows(scan_of(blobs, version), version.rows)
        with _lock:
            while len(_profiles) >= MAX_PROFILES:
                _profiles.pop(next(iter(_profiles)))  # the oldest
            _profiles[version.digest] = found
    return found
