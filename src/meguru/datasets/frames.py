"""The rows of a version, as a Polars frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DatasetVersion
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.profile import TableProfile


MOST_PROFILES = 64
_profiles: dict[str, TableProfile] = {}
"""Profiles of all rows that this process made, by the digest of the version."""


def frame_of(blobs: BlobStore, version: DatasetVersion) -> pl.DataFrame:
    """Read all rows of a version, file after file by name, with the version's columns and types.

    Raises
    ------
    DigestMismatch
        If a file was changed after it was registered.
    """
    import polars as pl

    from meguru.datasets import reading

    manifest = load_manifest(blobs, version)
    parts = [
        reading.read(
            blobs.path(file.digest),
            manifest.format,
            file.path,
            columns=manifest.columns,
            dialect=file.dialect,
        )
        for file in manifest.files
    ]
    return pl.concat(parts, how="vertical_relaxed")


def first_rows(blobs: BlobStore, version: DatasetVersion, limit: int) -> list[list[Any]]:
    """Return the first rows of a version as JSON has them; files behind them are not read."""
    from meguru.datasets import reading
    from meguru.datasets.row_changes import plain_value

    found: list[list[Any]] = []
    manifest = load_manifest(blobs, version)
    for file in manifest.files:
        if len(found) >= limit:
            break
        path = blobs.path(file.digest)
        frame = reading.read(path, manifest.format, file.path, columns=manifest.columns, dialect=file.dialect)
        found += [[plain_value(value) for value in row] for row in frame.head(limit - len(found)).iter_rows()]
    return found


def profile_of(blobs: BlobStore, version: DatasetVersion) -> TableProfile:
    """Return the profile of all rows; the one made at registration, if that saw them all."""
    from meguru.stats.profile import TableProfile, profile_frame

    stored = TableProfile.from_dict(msgspec.json.decode(blobs.get_bytes(version.profile)))
    if stored.rows == version.rows:
        return stored
    if version.digest not in _profiles:
        # A second or so for a large table; a version never changes, and its page is looked at again.
        found = profile_frame(frame_of(blobs, version))
        if len(_profiles) >= MOST_PROFILES:
            _profiles.pop(next(iter(_profiles)), None)
        _profiles[version.digest] = found
    return _profiles[version.digest]
