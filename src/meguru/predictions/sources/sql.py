"""Rows from a database: SQLite or PostgreSQL, read and never changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meguru.errors import masked
from meguru.predictions.sources.rows import Row, SourceColumns
from meguru.storage.db.external import SCHEMES, connected, select

__all__ = ["SCHEMES", "read_sql"]

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")


def read_sql(url: str, query: str, columns: SourceColumns) -> Iterator[tuple[int, Row]]:
    """Give what a query finds, one row after another.

    Parameters
    ----------
    url
        See `connected`.
    query
        A ``SELECT``, or the name of a table.

    Raises
    ------
    UsageError
        When the URL can't be used, or holds a password in clear.
    InvalidInput
        When the database refuses the query, or a column is unknown.
    """
    if _TABLE.fullmatch(query):
        query = f"SELECT * FROM {query}"  # noqa: S608 - the name of a table alone
    with connected(url) as connection:
        found = select(connection, query)
        fields = columns.of(list(found.keys()), masked(url))
        for number, row in enumerate(found, start=1):
            yield number, {field: each for field, each in zip(fields, row, strict=True) if field}
