"""The result of converting a file to Parquet."""

from __future__ import annotations

import msgspec

from meguru.datasets.types import DatasetColumn, Dialect


class ConvertedFile(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows were written, their columns, and what was found out about how they stood in the file."""

    rows: int
    columns: list[DatasetColumn]
    nulls: list[str] = []
    times: dict[str, str] = {}
    kept: dict[str, str] = {}
    dialect: Dialect | None = None
    taken: bool = False
    """Whether the file is kept as it is: it was Parquet with our types."""
