"""The index of a version of files: a row a file, in Parquet pieces of which a change rewrites few.

It is cut after those paths whose checksum says so. So the cuts do not move when other files come and go, and
a version shares with the one before all pieces in which nothing changed.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from meguru.base import digests
from meguru.datasets.types import DataFile, DatasetColumn, Manifest
from meguru.datasets.versions.scan import ROW, deleted_positions
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

FORMAT: Final = "files"
MEAN_ROWS = 2048
"""About so many rows are in a piece; a power of two."""
MAX_ROWS = 16 * MEAN_ROWS
COLUMNS = {
    "path": "String",
    "size": "Int64",
    "mode": "String",
    "digest": "String",
    "media_type": "String",
    "width": "Int64",
    "height": "Int64",
    "duration": "Float64",
    "sample_rate": "Int64",
    "pages": "Int64",
    "characters": "Int64",
}
LABEL = "label"
FORM = "folder-index"
PARTS = "parts"
"""Where the bytes are; no column of the dataset, but of its Parquet files."""


def columns(*, label: bool) -> list[DatasetColumn]:
    """Return the columns of a version; with `label` also that."""
    names = [*COLUMNS, *([LABEL] if label else [])]
    return [DatasetColumn(name=name, type=COLUMNS.get(name, "String")) for name in names]


def schema(*, label: bool) -> pl.Schema:
    """Return the columns of the Parquet files, as Polars has them."""
    import polars as pl

    from meguru.datasets.polars_types import TYPES

    fields = {column.name: TYPES[column.type] for column in columns(label=label)}
    part = pl.Struct({"pack": pl.String, "offset": pl.Int64, "size": pl.Int64, "digest": pl.String})
    return pl.Schema(fields | {PARTS: pl.List(part)})


def read(blobs: BlobStore, manifest: Manifest) -> pl.DataFrame:
    """Return the list of files of a version, with their parts, sorted by path."""
    import polars as pl

    if not manifest.files:  # all were deleted
        return pl.DataFrame(schema=schema(label=any(column.name == LABEL for column in manifest.columns)))
    return pl.concat(_read(blobs, file) for file in manifest.files).sort("path")


def _read(blobs: BlobStore, file: DataFile) -> pl.DataFrame:
    import polars as pl

    frame = pl.read_parquet(blobs.path(file.digest))
    if not file.deleted:
        return frame
    gone = pl.Series(deleted_positions(blobs, [file])).implode()
    return frame.with_row_index(ROW).filter(~pl.col(ROW).is_in(gone)).drop(ROW)


def empty() -> pl.DataFrame:
    """Return a list of no files."""
    import polars as pl

    return pl.DataFrame(schema=schema(label=False))


def content_of(frame: pl.DataFrame) -> str:
    """Return the digest of what the files are called and hold, wherever their bytes are."""
    rows = frame.select("path", "digest", "size", "mode").rows()
    return digests.of_value(rows)


def write(
    blobs: BlobStore, frame: pl.DataFrame, before: Manifest | None, touched: set[str]
) -> list[DataFile]:
    """Write a list of files; pieces of the version before in which nothing changed are taken as they are.

    Parameters
    ----------
    frame
        All files, sorted by path.
    before
        A version with the same columns, on which `frame` is based; None if there is none.
    touched
        Paths of the rows of `frame` that are not as they were.
    """
    paths = frame["path"].to_list()
    old = {file.path: file for file in before.files} if before else {}
    found, label = [], LABEL in frame.columns
    for start, end in pairwise(_cuts(paths)):
        inside = paths[start:end]
        name = _name(inside)
        # The name is a digest of the paths, so only a change within the rows is left to be known.
        if name in old and touched.isdisjoint(inside):
            found.append(old[name])
            continue
        body = io.BytesIO()
        frame[start:end].write_parquet(body, compression="zstd", row_group_size=MAX_ROWS)
        data = body.getvalue()
        digest = blobs.put_bytes(data)
        found.append(
            DataFile(
                path=name,
                digest=digest,
                size=len(data),
                rows=end - start,
                columns=columns(label=label),
                form=FORM,
            )
        )
    return found


def packs_of(body: bytes) -> list[str]:
    """Return the packs that the files listed in a Parquet file need."""
    import polars as pl

    try:
        return packs_in(pl.read_parquet(io.BytesIO(body), columns=[PARTS]))
    except pl.exceptions.PolarsError as error:
        raise ValueError(str(error)) from error


def packs_in(frame: pl.DataFrame) -> list[str]:
    """Return the packs that the files of a list need."""
    parts = frame[PARTS].explode().drop_nulls()
    return parts.struct.field("pack").unique().sort().to_list() if len(parts) else []


def manifest_of(
    blobs: BlobStore, frame: pl.DataFrame, before: Manifest | None, touched: set[str]
) -> Manifest:
    """Write a list of files; return the version's list of what it is written in. See `write`."""
    shown = columns(label=LABEL in frame.columns)
    return Manifest(
        format=FORMAT,
        event_time="",
        columns=shown,
        files=write(blobs, frame, before if before and before.columns == shown else None, touched),
        key=["path"],
        content=content_of(frame),
        content_bytes=int(frame["size"].sum()),
    )


def counted(blobs: BlobStore, manifest: Manifest) -> Manifest:
    """Say anew what the files of a folder hold, and their bytes, after some were deleted; a table stays."""
    if manifest.format != FORMAT:
        return manifest
    frame = read(blobs, manifest)
    return msgspec.structs.replace(
        manifest, content=content_of(frame), content_bytes=int(frame["size"].sum())
    )


def _cuts(paths: Sequence[str]) -> list[int]:
    cuts = [0]
    # Content-defined chunking of the list: a cut depends on the path before it alone, so that files which
    # come or go move no other cut. Bounded, since a checksum may never say so.
    for number, path in enumerate(paths, 1):
        ends = zlib.crc32(path.encode()) % MEAN_ROWS == 0 or number - cuts[-1] >= MAX_ROWS
        if ends and number < len(paths):
            cuts.append(number)
    return [*cuts, len(paths)]


def _name(paths: Sequence[str]) -> str:
    """Name a piece by the files in it: the same files, the same name."""
    listed = "\n".join(paths).encode()
    return f"files-{digests.of_bytes(listed)[:16]}.parquet"
