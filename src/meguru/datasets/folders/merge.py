"""Merge the files that a branch changed into the newest version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.datasets.folders import index
from meguru.datasets.folders.names import check_distinct
from meguru.datasets.types import Manifest
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl


def merged_files(
    blobs: BlobStore, main: Manifest, branch: Manifest, touched: pl.DataFrame, come: pl.DataFrame
) -> Manifest:
    """Return the list of files of the newest version (`main`) with what changed on a branch.

    `touched` are the paths of what changed, `come` of what is there now.
    """
    import polars as pl

    kept = index.read(blobs, main).join(touched, on="path", how="anti")
    new = index.read(blobs, branch).join(come, on="path", how="semi")
    frame = pl.concat([kept, new]).sort("path")
    check_distinct(frame["path"].to_list())
    return index.manifest_of(blobs, frame, main, set(touched["path"].to_list()))
