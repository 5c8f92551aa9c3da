"""Sealed values of a person: each time that a value is sealed it looks otherwise, so all are opened."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.rewrite import all_rows
from meguru.datasets.personal.treat import ValueTreatment
from meguru.datasets.types import DatasetVersion
from meguru.storage.blobs import BlobStore

_BEGIN = "gAAAAA"
"""How what Fernet sealed begins."""


def sealed(
    blobs: BlobStore, versions: Iterable[DatasetVersion], column: str, value: str, how: ValueTreatment
) -> list[str]:
    """Return what a column holds in any version that opens to a value."""
    looked: set[str] = set()
    known: set[str] = set()
    for version in versions:
        if version.elsewhere or all(each.name != column for each in version.columns):
            continue
        manifest = load_manifest(blobs, version)
        for file in manifest.files:
            if file.digest in looked or all(each.name != column for each in file.columns):
                continue
            looked.add(file.digest)
            rows = all_rows(blobs, manifest, file)
            if rows.collect_schema()[column] == pl.String:
                text = rows.select(pl.col(column).filter(pl.col(column).str.starts_with(_BEGIN)).unique())
                known.update(text.collect(engine="streaming")[column])
    return sorted(each for each in known if how.opens_to(each, value))
