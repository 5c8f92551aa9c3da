"""Which blobs tracked runs need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.tracking.schema import run_artifact


def _of_artifact(row: Row[Any]) -> Iterator[BlobReference]:
    yield BlobReference(digest=row.digest, ref=refs.make("run", row.run), part=row.path)


ARTIFACTS = declare(
    BlobSource(
        key=[run_artifact.c.run, run_artifact.c.path],
        columns=[run_artifact.c.run, run_artifact.c.path, run_artifact.c.digest],
        read=_of_artifact,
    )
)
