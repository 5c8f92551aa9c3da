"""Which rows differ between two versions: by key, or by all their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from meguru.datasets import checking
from meguru.datasets.columns import merge
from meguru.datasets.differences import ChangedRow, RowChanges
from meguru.datasets.frames import plain_value
from meguru.datasets.types import DatasetColumn, Manifest
from meguru.datasets.versions.compare import SAMPLE, by_key
from meguru.datasets.versions.feed import RowFeed, feed
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

    from meguru.storage.blobs import BlobStore

_BEFORE, _AFTER, _MORE = "\0before", "\0after", "\0more"


def row_changes(
    blobs: BlobStore, before: Manifest, after: Manifest, *, key: Sequence[str] | None = None
) -> RowChanges:
    """Compare the rows of two versions; what both have in one file is not read.

    Parameters
    ----------
    blobs
        Where the files are.
    before, after
        The versions' lists of files.
    key
        The columns that tell a row; empty: all do. None: those that a version declares, or one that is unique
        in both.

    Raises
    ------
    InvalidInput
        If a column of the key is not there, or its values are not unique.
    """
    columns = merge([before.columns, after.columns])
    row_feed = feed(blobs, before, after)
    said = (after.key or before.key or None) if key is None else list(key)
    chosen = _unique_in(row_feed, columns) if said is None else said
    if not chosen:
        return _by_content(*(each.collect(engine="streaming") for each in row_feed))
    for name in chosen:
        checking.known_column(name, [column.name for column in columns], field="key")
    keys = [each.select(chosen).collect(engine="streaming") for each in row_feed]
    for side, frame in zip((before, after), keys, strict=True):
        _check_unique(frame, side)
    rest = [dataset_column.name for dataset_column in columns if dataset_column.name not in chosen]
    return by_key(row_feed, (keys[0], keys[1]), rest, found=said is None)


def _unique_in(found: RowFeed, columns: list[DatasetColumn]) -> list[str]:
    """Return the first whole number or text that no two rows of a version share; empty if there is none."""
    for column in columns:
        if column.type in {"Int64", "UInt64", "Int32", "String", "Date"} and all(
            _is_unique(each, column.name) for each in found
        ):
            return [column.name]
    return []


def _is_unique(rows: pl.LazyFrame, name: str) -> bool:
    values = rows.select(name).collect(engine="streaming").to_series()
    return not values.null_count() and values.n_unique() == values.len()


def _check_unique(keys: pl.DataFrame, side: Manifest) -> None:
    twice = keys.height - keys.n_unique() if keys.height else 0
    if twice:
        raise InvalidInput(
            f"({', '.join(keys.columns)}) does not tell one row from another",
            why=f"{twice:,} of {side.rows:,} rows have a key that another has",
            hint="name all columns of the key, or compare by content: --key ''",
            field="key",
        )


def _one_side(row: dict[str, Any], side: str) -> ChangedRow:
    return ChangedRow(key={}, **{side: {name: plain_value(value) for name, value in row.items()}})


def _by_content(old: pl.DataFrame, new: pl.DataFrame) -> RowChanges:
    """Rows that are equal in all values cancel each other out, as often as they are there."""
    import polars as pl

    names = old.columns
    counted = [each.group_by(names).len(name=side) for each, side in ((old, _BEFORE), (new, _AFTER))]
    joined = counted[0].join(counted[1], on=names, how="full", coalesce=True, nulls_equal=True)
    more = (pl.col(_AFTER).fill_null(0).cast(pl.Int64) - pl.col(_BEFORE).fill_null(0).cast(pl.Int64)).alias(
        "more"
    )
    moved = joined.select(*names, more).filter(pl.col("more") != 0)
    added = moved.filter(pl.col("more") > 0)
    removed = moved.filter(pl.col("more") < 0)
    sample = [_one_side(row, "after") for row in added.select(names).head(SAMPLE).iter_rows(named=True)]
    sample += [_one_side(row, "before") for row in removed.select(names).head(SAMPLE).iter_rows(named=True)]
    return RowChanges(
        added=int(added["more"].sum()), removed=-int(removed["more"].sum()), changed=0, sample=sample
    )
