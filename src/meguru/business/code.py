"""The function of a metric that is written in Python: run from the snapshot that was made of it."""

from __future__ import annotations

from pathlib import Path

from meguru.business.types import BusinessMetric
from meguru.compute.code import SourceFile
from meguru.storage.blobs import BlobStore


def brought(blobs: BlobStore, metric: BusinessMetric, folder: Path) -> tuple[str, list[SourceFile]]:
    """Unpack the code of a metric into a folder; return its function, and where its modules are."""
    del blobs, folder
    return metric.python, []
