"""Rows that are there once only."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from meguru.datasets.checking import known_column

if TYPE_CHECKING:
    import polars as pl

Keep = Literal["first", "last", "none"]


def deduplicate(
    frame: pl.DataFrame, key: Sequence[str] = (), *, keep: Keep = "first", normalise: bool = False
) -> pl.DataFrame:
    """Leave out rows whose key another row has; their order stays.

    Parameters
    ----------
    frame
        The rows, shape (n, columns).
    key
        The columns that are compared; none: all of them. Missing values are equal to each other.
    keep
        Which of equal rows stays: the first, the last, or none of them.
    normalise
        Texts of the key are compared without letter case, width, accents and spaces (see `normal_key`).

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"name": ["Ann", " ANN", "Bob"]})
    >>> deduplicate(rows, ["name"], normalise=True)["name"].to_list()
    ['Ann', 'Bob']
    """
    import polars as pl

    names = list(key) or frame.columns
    for name in names:
        known_column(name, frame.schema, field="key")
    if normalise:
        compared = frame.select(
            normal_key(frame[name]) if frame.schema[name] == pl.String else pl.col(name) for name in names
        )
    else:
        compared = frame.select(names)
    row = "\0row"
    kept = compared.with_row_index(row).unique(compared.columns, keep=keep, maintain_order=True)[row]
    return frame[kept]


def normal_key(column: pl.Series) -> pl.Series:
    """Return texts as they are compared: without accents, width and case, with single spaces, trimmed."""
    import polars as pl

    distinct = column.drop_nulls().unique()
    written = pl.Series([normal_text(text) for text in distinct], dtype=pl.String)
    return column.replace_strict(distinct, written, default=None, return_dtype=pl.String)


def normal_text(text: str) -> str:
    """Return a text as it is compared; see `normal_key`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    return " ".join(unicodedata.normalize("NFKC", bare).split())
