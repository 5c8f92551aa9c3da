"""Which blobs measurements need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.datasets.folders.measure.schema import dataset_measurement

_mine = dataset_measurement.c


def _references(row: Row[Any]) -> Iterator[BlobReference]:
    if row.removed_at is not None:
        return
    ref = refs.make("dataset", row.name, row.version)
    yield BlobReference(digest=row.digest, ref=ref, part=f"measured by {row.by}")


MEASUREMENTS = declare(
    BlobSource(
        key=[_mine.name, _mine.version, _mine.by],
        columns=[_mine.name, _mine.version, _mine.by, _mine.digest, _mine.removed_at],
        read=_references,
    )
)
