"""Which blobs versions of models need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.registry.schema import model_version


def _of_version(row: Row[Any]) -> Iterator[BlobReference]:
    if not row.tree_digest:
        return  # it is not verified: what it is made from is not here, or is a file of its run
    ref = refs.make("model", row.name, row.version)
    # The baseline and the holdout are files of this folder.
    yield BlobReference(digest=row.tree_digest, ref=ref, part="list of its files", form="tree")


VERSIONS = declare(
    BlobSource(
        key=[model_version.c.name, model_version.c.version],
        columns=[model_version.c.name, model_version.c.version, model_version.c.tree_digest],
        read=_of_version,
    )
)
