"""The rows of a version, as a Polars frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DatasetVersion
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.profile import TableProfile


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
        reading.read(blobs.path(file.digest), manifest.format, file.path, columns=manifest.columns)
        for file in manifest.files
    ]
    return pl.concat(parts, how="vertical_relaxed")


def profile_of(blobs: BlobStore, version: DatasetVersion) -> TableProfile:
    """Return the profile of all rows; the one made at registration, if that saw them all."""
    from meguru.stats.profile import TableProfile, profile_frame

    stored = TableProfile.from_dict(msgspec.json.decode(blobs.get_bytes(version.profile)))
    return stored if stored.rows == version.rows else profile_frame(frame_of(blobs, version))
