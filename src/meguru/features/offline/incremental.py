"""Incremental computation: rows of a row-wise view, computed file by file for files that are new."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.base import digests
from meguru.datasets.frames import file_frame
from meguru.datasets.versions.layout import read_manifest
from meguru.features.offline import compute
from meguru.features.types import PinnedView
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_MAX_FILES = 500
"""Of more files all are computed together: a part a file costs more than it spares."""
_SINGLE_ROWS = 16
"""So many rows are given one by one, to see whether each stands alone."""


def rows_of(blobs: BlobStore, view: PinnedView, folder: Path) -> pl.DataFrame:
    """Return the rows of a view; what was computed of a file of the data before is not computed again."""
    import polars as pl

    ((name, dataset),) = view.datasets.items()
    manifest = read_manifest(blobs, dataset.digest)
    if len(manifest.files) > _MAX_FILES:
        return compute.rows_of(blobs, view, folder)
    parts = []
    for file in manifest.files:
        made_from = [view.definition.rows_digest, file.digest, file.deleted, manifest.columns]
        place = folder / "rows" / f"part-{digests.of_value(made_from)}" / "part.arrow"
        rows = _read(place)
        if rows is None:
            rows = compute.made(blobs, view, {name: file_frame(blobs, manifest, file)}, folder)
            _write(rows, place)
        parts.append(rows)
    return pl.concat(parts, how="vertical_relaxed") if parts else compute.rows_of(blobs, view, folder)


def is_row_wise(blobs: BlobStore, view: PinnedView, source: str, rows: pl.DataFrame, folder: Path) -> bool:
    """Tell whether the first rows give the same in parts, and one by one: else it looks at others."""
    half, few = rows.height // 2, rows.head(_SINGLE_ROWS)
    alone = [few[number : number + 1] for number in range(few.height)]
    return _same(blobs, view, source, rows, [rows[:half], rows[half:]], folder) and _same(
        blobs, view, source, few, alone, folder
    )


def _same(
    blobs: BlobStore,
    view: PinnedView,
    source: str,
    rows: pl.DataFrame,
    parts: list[pl.DataFrame],
    folder: Path,
) -> bool:
    import polars as pl

    whole = compute.made(blobs, view, {source: rows}, folder)
    made = [compute.made(blobs, view, {source: part}, folder) for part in parts]
    try:
        return not made or pl.concat(made, how="vertical_relaxed").equals(whole)
    except pl.exceptions.PolarsError:  # other columns, or types that do not go together
        return False


def _read(place: Path) -> pl.DataFrame | None:
    """Return the rows of a part; None if they are not there, or not whole."""
    import polars as pl

    try:
        return pl.read_ipc(place)
    # Another process may free it at any time (`cache.prune`). It was renamed without fsync: after a power
    # failure there may be a name without its bytes, and nobody else would ever write it again.
    except (OSError, pl.exceptions.PolarsError):
        return None


def _write(rows: pl.DataFrame, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".draft", delete=False) as draft:
        try:
            rows.write_ipc(draft, compression="lz4")
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
    Path(draft.name).rename(place)
