"""The change feed: which rows one version has and another does not, as their lists of files tell.

Files that both have are not read; of those that lost other rows, these rows alone are. So a version that
follows from the other costs what changed between them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from meguru.base import digests
from meguru.datasets import reading
from meguru.datasets.columns import merge
from meguru.datasets.types import DataFile, DatasetColumn, Manifest
from meguru.datasets.versions.deleted import as_array, positions_of
from meguru.datasets.versions.scan import ROW, numbered, scan
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl
    from pyroaring import BitMap64


class RowFeed(NamedTuple):
    """Rows that are only in the one version, and only in the other, with the columns of both.

    A row that stands in both, but in other files, may be in both.
    """

    before: pl.LazyFrame
    after: pl.LazyFrame


def feed(blobs: BlobStore, before: Manifest, after: Manifest) -> RowFeed:
    """Return the rows by which two versions differ, in the same order each time they are asked for."""
    columns = merge([before.columns, after.columns])
    old, new, shared = _classify(before, after)
    gone, come = _deleted_and_restored(blobs, before, shared, columns)
    return RowFeed(
        _concatenated(blobs, before, old, gone, columns),
        _concatenated(blobs, after, new, come, columns),
    )


Pair = tuple[DataFile, DataFile]
"""One file as it stands in two versions: other rows of it are deleted."""


def _classify(before: Manifest, after: Manifest) -> tuple[list[DataFile], list[DataFile], list[Pair]]:
    """Return files that are only in the one, those only in the other, and those with other deleted rows."""
    # Multisets: a list may have the same file twice, and then its rows twice.
    same = Counter(map(_identity, before.files)) & Counter(map(_identity, after.files))
    old, new = (_without(each.files, same.copy()) for each in (before, after))
    # What differs by its deletion vector alone is one file in two states: only these rows are read.
    waiting: dict[str, list[DataFile]] = defaultdict(list)
    for file in old:
        waiting[_content(file)].append(file)
    pairs, only_new = [], []
    for file in new:
        if there := waiting[_content(file)]:
            pairs.append((there.pop(0), file))
        else:
            only_new.append(file)
    paired = {id(first) for first, _ in pairs}
    return [file for file in old if id(file) not in paired], only_new, pairs


def _identity(file: DataFile) -> str:
    """Return what tells whether two files hold the same rows: what they hold, and what is deleted."""
    return f"{_content(file)} {file.deleted}"


def _content(file: DataFile) -> str:
    return digests.of_value([file.digest, file.columns, file.dialect])


def _without(files: Sequence[DataFile], left: Counter[str]) -> list[DataFile]:
    other = []
    for file in files:
        if left[_identity(file)] > 0:
            left[_identity(file)] -= 1
        else:
            other.append(file)
    return other


def _deleted_and_restored(
    blobs: BlobStore, manifest: Manifest, pairs: Sequence[Pair], columns: list[DatasetColumn]
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Return the rows that were deleted from files meanwhile, and those that are back."""
    gone: list[pl.DataFrame] = []
    come: list[pl.DataFrame] = []
    for old, new in pairs:
        was, now = positions_of(blobs, old.deleted), positions_of(blobs, new.deleted)
        for positions, found in ((now - was, gone), (was - now, come)):
            if positions:
                found.append(reading.conform(rows_at(blobs, manifest, old, positions), columns))
    return gone, come


def rows_at(blobs: BlobStore, manifest: Manifest, file: DataFile, positions: BitMap64) -> pl.DataFrame:
    """Return rows of a file by their positions."""
    import polars as pl

    wanted = pl.LazyFrame({ROW: as_array(positions)})
    rows = numbered(blobs, manifest, [file]).join(wanted, on=ROW, how="semi", maintain_order="left")
    return rows.drop(ROW).collect(engine="streaming")


def _concatenated(
    blobs: BlobStore,
    manifest: Manifest,
    files: list[DataFile],
    more: list[pl.DataFrame],
    columns: list[DatasetColumn],
) -> pl.LazyFrame:
    import polars as pl

    whole = scan(blobs, msgspec.structs.replace(manifest, files=files))
    plans = [whole.select(reading.conforming(whole.collect_schema(), columns))] if files or not more else []
    return pl.concat([*plans, *(each.lazy() for each in more)], how="vertical_relaxed")
