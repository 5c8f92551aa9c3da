"""Which blobs collections need: the rows of each day, of which the next version is made again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.collections.schema import collected_day


def _references(row: Row[Any]) -> Iterator[BlobReference]:
    if row.digest:  # a day without rows has no file
        ref = refs.make("dataset", row.dataset)
        yield BlobReference(digest=row.digest, ref=ref, part=f"rows of {row.endpoint}, {row.day}")


DAYS = declare(
    BlobSource(
        key=list(collected_day.primary_key.columns),
        columns=[
            collected_day.c.dataset,
            collected_day.c.endpoint,
            collected_day.c.day,
            collected_day.c.digest,
        ],
        read=_references,
    )
)
