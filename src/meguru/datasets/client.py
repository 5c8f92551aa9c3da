"""Datasets from Python: add files, read rows; the same on a local workspace and on a server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from meguru.base.paths import check_path
from meguru.datasets import paths as naming
from meguru.datasets.frames import frame_of
from meguru.datasets.register import register
from meguru.datasets.show import show
from meguru.datasets.types import Checks, DatasetVersion, FileEntry, Format, Mode, SchemaPolicy
from meguru.kernel.operations import Door
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl


class DatasetDoor(Door, Protocol):
    """A workspace, here or on a server."""

    @property
    def blobs(self) -> BlobStore:
        """The place's blobs."""
        ...


def add_files(
    ws: DatasetDoor,
    name: str,
    files: Iterable[str | Path] | str | Path,
    *,
    mode: Mode = "replace",
    format: Format | None = None,
    schema_policy: SchemaPolicy = "strict",
    event_time: str = "",
    checks: Checks | None = None,
    note: str = "",
) -> DatasetVersion:
    """Upload files or folders and register them as the next version of a dataset.

    Raises
    ------
    InvalidInput
        If a file is missing, empty or unreadable, or the schema changed; nothing is registered then.
    """
    given = [files] if isinstance(files, str | Path) else files
    entries = []
    for path, file in naming.expand(given):
        check_path(path, field="files")
        if format is None:
            naming.format_of(path, field="files")
        entries.append(FileEntry(path=path, digest=ws.blobs.put_file(file), size=file.stat().st_size))
    return register(
        ws,
        name=name,
        files=entries,
        mode=mode,
        format=format,
        schema_policy=schema_policy,
        event_time=event_time,
        checks=checks,
        note=note,
    )


def frame(ws: DatasetDoor, ref: str) -> pl.DataFrame:
    """Read the rows of a version: ``flights``, ``flights@latest``, ``flights@3``."""
    return frame_of(ws.blobs, show(ws, ref=ref))
