"""Rows of a table that are there more than once, or whose texts are nearly the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from meguru.datasets.checking import known_column
from meguru.datasets.client import DatasetDoor, frame
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

MAX_GROUPS = 1000
_ROW = "\0row"


class DuplicateRows(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of rows that are alike, the largest first: places of rows, from 0.

    `columns` were compared (none: all of them). `extra` rows are like an earlier one; of many groups the
    first thousand are listed.
    """

    ref: str
    columns: list[str]
    rows: int
    extra: int
    groups: list[list[int]]


def duplicate_rows(
    ws: DatasetDoor, ref: str, columns: Sequence[str] = (), *, near: bool = False
) -> DuplicateRows:
    """Find rows of a version with the same values in some columns; with `near`, nearly the same text in one.

    Raises
    ------
    InvalidInput
        If there is no such column, or `near` is asked of other than one column of texts.
    """
    rows = frame(ws, ref)
    for name in columns:
        known_column(name, rows.columns, field="column")
    if near:
        if len(columns) != 1:
            hint = "name it: --column text"
            raise InvalidInput("near duplicates are texts of one column", hint=hint, field="column")
        from meguru.datasets.preparation import near_duplicates

        found = near_duplicates(rows, columns[0]).rename({"row": _ROW}).group_by("group").agg(_ROW)
    else:
        found = _equal_rows(rows, list(columns) or rows.columns)
    groups = sorted((sorted(each) for each in found[_ROW].to_list()), key=lambda each: (-len(each), each))
    return DuplicateRows(
        ref=ref,
        columns=list(columns),
        rows=rows.height,
        extra=sum(len(group) - 1 for group in groups),
        groups=groups[:MAX_GROUPS],
    )


def _equal_rows(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    import polars as pl

    found = rows.select(columns).with_row_index(_ROW).group_by(columns).agg(_ROW)
    return found.filter(pl.col(_ROW).list.len() > 1)
