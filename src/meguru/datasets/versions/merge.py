"""Merge a branch into versions that came since it began: a three-way merge of rows, by the key."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from meguru.datasets import reading
from meguru.datasets.folders.index import FORMAT
from meguru.datasets.folders.merge import merged_files
from meguru.datasets.frames import plain_value
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DataFile, DatasetVersion, Manifest
from meguru.datasets.versions.compact import compact
from meguru.datasets.versions.feed import feed
from meguru.datasets.versions.positions import mark_deleted, rows_with_keys
from meguru.datasets.versions.scan import HIDDEN
from meguru.errors import Conflict

if TYPE_CHECKING:
    import polars as pl

    from meguru.storage.blobs import BlobStore

_SHOWN = 3


def merged(
    blobs: BlobStore,
    base: DatasetVersion,
    head: DatasetVersion,
    newest: DatasetVersion,
    personal: frozenset[str],
) -> Manifest:
    """Return the list of files of the newest version with what changed from `base` to `head`.

    Values of `personal` columns stand in no message.

    Raises
    ------
    Conflict
        If there is no key, the columns differ, or a row was changed in both.
    """
    import polars as pl

    # A three-way merge: what each line changed since they parted, by the key.
    start, branch, main = (load_manifest(blobs, each) for each in (base, head, newest))
    key = main.key or branch.key
    if not key or branch.columns != main.columns:
        raise Conflict(
            f"{newest.name!r} changed since the branch began",
            where=newest.ref,
            why="its columns are others" if key else "nothing tells one row from another: it has no key",
            hint="register the rows on the newest version: meguru data add",
        )
    gone, come = changes(blobs, start, branch)
    _check_apart(changes(blobs, start, main), (gone, come), key, newest, personal)
    touched = pl.concat([gone, come]).select(key).unique()
    if main.format == FORMAT:
        return merged_files(blobs, main, branch, touched, come)
    files = mark_deleted(blobs, main, rows_with_keys(blobs, main, touched))
    if come.height:
        files = [*files, rows_file(blobs, come, f"merged-{head.version}.parquet")]
    return compact(blobs, msgspec.structs.replace(main, files=files))


def changes(blobs: BlobStore, before: Manifest, after: Manifest) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that were there and are not so any more, and those that came, or came instead."""
    old, new = (each.collect(engine="streaming") for each in feed(blobs, before, after))
    # A row that only moved to another file is in both sides of the feed: it is no change.
    gone = old.join(new, on=old.columns, how="anti", nulls_equal=True)
    come = new.join(old, on=old.columns, how="anti", nulls_equal=True)
    return gone, come


def rows_file(blobs: BlobStore, rows: pl.DataFrame, path: str) -> DataFile:
    """Write rows as a data file."""
    with TemporaryDirectory(prefix="meguru-rows-") as folder:
        place = Path(folder) / "rows.parquet"
        rows.write_parquet(place, compression="zstd", compression_level=1)
        digest, size = blobs.put_file(place), place.stat().st_size
    return DataFile(path=path, digest=digest, size=size, rows=rows.height, columns=reading.schema_of(rows))


def _check_apart(
    ours: tuple[pl.DataFrame, pl.DataFrame],
    theirs: tuple[pl.DataFrame, pl.DataFrame],
    key: list[str],
    newest: DatasetVersion,
    personal: frozenset[str],
) -> None:
    """Refuse rows that were changed in both lines, unless they became the same."""
    import polars as pl

    first, second = (pl.concat(each).select(key).unique() for each in (ours, theirs))
    both = first.join(second, on=key, how="semi", nulls_equal=True)
    if not both.height:
        return
    kept = [each[1].join(both, on=key, how="semi", nulls_equal=True).sort(key) for each in (ours, theirs)]
    if kept[0].equals(kept[1], null_equal=True):
        return
    shown = [
        ", ".join(
            f"{name}={HIDDEN if name in personal else plain_value(value)}" for name, value in row.items()
        )
        for row in both.head(_SHOWN).iter_rows(named=True)
    ]
    raise Conflict(
        f"{both.height:,} rows were changed in both",
        where=newest.ref,
        why="; ".join(shown) + ("; …" if both.height > _SHOWN else ""),
        hint="register these rows on the branch as they should be, or as they are in the newest version",
    )
