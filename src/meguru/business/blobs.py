"""Which blobs metrics need: the code of those that are written in Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.business.schema import business_metric


def _of_code(row: Row[Any]) -> Iterator[BlobReference]:
    if row.code:
        ref = refs.make("business_metric", row.name)
        yield BlobReference(digest=row.code, ref=ref, part="source code", form="tree")


CODE = declare(
    BlobSource(
        key=[business_metric.c.name], columns=[business_metric.c.name, business_metric.c.code], read=_of_code
    )
)
