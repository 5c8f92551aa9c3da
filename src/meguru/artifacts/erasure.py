"""What erasing a person means to each noun that has data of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import polars as pl

FAMILY = "personal data"
"""Those who have data of people: ``f(ctx, subject, dry_run) -> list[ErasedThing]``, each erasing its own.

They are asked in the order of their kinds' names; each finds what it looks for before a later one erases it.
"""


class ErasureSubject(msgspec.Struct, frozen=True, kw_only=True):
    """Who is erased: what a column holds that tells one person; never written down.

    `values` are the value itself, and what became of it where a dataset has the column hashed or encrypted.
    """

    column: str
    values: list[str]

    def rows(self, schema: Mapping[str, Any]) -> pl.Expr:
        """Return which rows of a table are the person's; a column of lists or bytes tells nobody."""
        import polars as pl

        kind = schema.get(self.column)
        if kind is None or kind.is_nested() or kind == pl.Binary:
            return pl.lit(value=False)
        return pl.col(self.column).cast(pl.String).is_in(self.values).fill_null(value=False)

    def count(self, table: pl.LazyFrame) -> int:
        """Return how many rows of a table are the person's."""
        import polars as pl

        theirs = table.filter(self.rows(table.collect_schema()))
        return int(theirs.select(pl.len()).collect(engine="streaming").item())


class ErasedThing(msgspec.Struct, frozen=True, kw_only=True):
    """Where something was found, what it is, and how many rows of it."""

    ref: str
    what: str
    rows: int
