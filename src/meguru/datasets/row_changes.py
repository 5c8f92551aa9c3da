"""Which rows differ between two versions: by key, or by all their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from meguru.datasets import checking
from meguru.datasets.columns import merge
from meguru.datasets.frames import plain_value
from meguru.datasets.types import ChangedRow, DatasetColumn, Manifest, RowChanges
from meguru.datasets.versions.feed import feed
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

    from meguru.storage.blobs import BlobStore

SAMPLE = 20
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
    old, new = feed(blobs, before, after)
    said = (after.key or before.key or None) if key is None else list(key)
    chosen = _unique_in(old, new, columns) if said is None else said
    if not chosen:
        return _by_content(old, new)
    for name in chosen:
        checking.known_column(name, [column.name for column in columns], field="key")
    for side, frame in ((before, old), (after, new)):
        _check_unique(frame, chosen, side)
    return _by_key(
        old, new, chosen, [each.name for each in columns if each.name not in chosen], found=said is None
    )


def _unique_in(old: pl.DataFrame, new: pl.DataFrame, columns: list[DatasetColumn]) -> list[str]:
    """Return the first whole number or text that no two rows of a version share; empty if there is none."""
    for column in columns:
        if column.type not in {"Int64", "UInt64", "Int32", "String", "Date"}:
            continue
        if all(
            not each[column.name].null_count() and each[column.name].is_unique().all() for each in (old, new)
        ):
            return [column.name]
    return []


def _check_unique(frame: pl.DataFrame, key: Sequence[str], side: Manifest) -> None:
    twice = frame.height - frame.select(list(key)).n_unique() if frame.height else 0
    if twice:
        raise InvalidInput(
            f"({', '.join(key)}) does not tell one row from another",
            why=f"{twice:,} of {side.rows:,} rows have a key that another has",
            hint="name all columns of the key, or compare by content: --key ''",
            field="key",
        )


def _by_key(
    old: pl.DataFrame, new: pl.DataFrame, key: list[str], rest: list[str], *, found: bool
) -> RowChanges:
    import polars as pl

    added = new.join(old, on=key, how="anti", nulls_equal=True)
    removed = old.join(new, on=key, how="anti", nulls_equal=True)
    both = old.join(new, on=key, how="inner", suffix=_AFTER, nulls_equal=True)
    differs = {name: pl.col(name).ne_missing(pl.col(name + _AFTER)) for name in rest}
    counts = (
        both.select(**{name: each.sum() for name, each in differs.items()}).row(0, named=True) if rest else {}
    )
    changed = both.filter(pl.any_horizontal(*differs.values())) if rest else both.head(0)
    sample = [_changed(row, key, rest) for row in changed.head(SAMPLE).iter_rows(named=True)]
    sample += [_one_side(row, key, "after") for row in added.head(SAMPLE).iter_rows(named=True)]
    sample += [_one_side(row, key, "before") for row in removed.head(SAMPLE).iter_rows(named=True)]
    return RowChanges(
        added=added.height,
        removed=removed.height,
        changed=changed.height,
        key=key,
        found=found,
        columns={name: count for name, count in counts.items() if count},
        sample=sample,
    )


def _changed(row: dict[str, Any], key: list[str], rest: list[str]) -> ChangedRow:
    moved = [name for name in rest if not _same(row[name], row[name + _AFTER])]
    return ChangedRow(
        key={name: plain_value(row[name]) for name in key},
        before={name: plain_value(row[name]) for name in moved},
        after={name: plain_value(row[name + _AFTER]) for name in moved},
    )


def _same(first: Any, second: Any) -> bool:
    return bool(first == second or (first != first and second != second))  # noqa: PLR0124 - NaN is itself


def _one_side(row: dict[str, Any], key: list[str], side: str) -> ChangedRow:
    values = {name: plain_value(value) for name, value in row.items() if name not in key}
    return ChangedRow(key={name: plain_value(row[name]) for name in key}, **{side: values})


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
    sample = [_one_side(row, [], "after") for row in added.select(names).head(SAMPLE).iter_rows(named=True)]
    sample += [
        _one_side(row, [], "before") for row in removed.select(names).head(SAMPLE).iter_rows(named=True)
    ]
    return RowChanges(
        added=int(added["more"].sum()), removed=-int(removed["more"].sum()), changed=0, sample=sample
    )
