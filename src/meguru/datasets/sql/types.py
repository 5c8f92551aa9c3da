"""What is asked of tables, and what is answered."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.datasets.types import DatasetColumn, Manifest


class QueryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that a query found, each as a list in the order of `columns`.

    `more` says that there are more rows than were asked for, `total` how many there are, if that was asked.
    `tables` are the versions that were read.
    """

    columns: list[DatasetColumn]
    rows: list[list[Any]]
    more: bool = False
    total: int | None = None
    tables: list[str] = []
    seconds: float = 0.0


class AskedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of a query: the list of its files, where each blob is, and the columns that are not shown.

    Without a list it is the one Parquet file that `places` has under the name ``rows``.
    """

    manifest: Manifest | None
    places: dict[str, str]
    hidden: list[str] = []


class AskedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query, its tables by name, how many rows are wanted, and whether all are counted."""

    query: str
    tables: dict[str, AskedTable]
    rows: int
    total: bool = False


class ConfinedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the confined process leaves: an answer, or why there is none."""

    answer: QueryAnswer | None = None
    error: str = ""
