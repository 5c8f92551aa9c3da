"""Find encrypted values of a person: encryption is randomised, so each value is decrypted and compared."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from meguru.datasets.personal.rewrite import rows_with_column
from meguru.datasets.personal.treatment import ValueTreatment
from meguru.datasets.types import DatasetVersion
from meguru.storage.blobs import BlobStore

_BEGIN = "gAAAAA"
"""How what Fernet sealed begins."""


def encrypted_values(
    blobs: BlobStore, versions: Iterable[DatasetVersion], column: str, value: str, how: ValueTreatment
) -> list[str]:
    """Return what a column holds in any version that opens to a value."""
    known: set[str] = set()
    for rows in rows_with_column(blobs, versions, column):
        if rows.collect_schema()[column] == pl.String:
            text = rows.select(pl.col(column).filter(pl.col(column).str.starts_with(_BEGIN)).unique())
            known.update(text.collect(engine="streaming")[column])
    return sorted(each for each in known if how.opens_to(each, value))
