"""Which blobs versions of datasets need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare, declare_form
from meguru.artifacts.integrity.types import PLAIN, BlobMember, BlobReference
from meguru.base import refs
from meguru.datasets.schema import dataset_version
from meguru.datasets.types import Manifest

MANIFEST = "dataset"


def _references(row: Row[Any]) -> Iterator[BlobReference]:
    if row.removed_at is not None:
        return
    ref = refs.make("dataset", row.name, row.version)
    form = PLAIN if row.elsewhere else MANIFEST  # the files that it lists were never here
    yield BlobReference(digest=row.digest, ref=ref, part="list of its files", form=form)
    yield BlobReference(digest=row.profile, ref=ref, part="profile")


def _files(body: bytes) -> Iterator[BlobMember]:
    for file in msgspec.json.decode(body, type=Manifest).files:
        yield BlobMember(digest=file.digest, path=file.path)


declare_form(MANIFEST, _files)
VERSIONS = declare(
    BlobSource(
        key=[dataset_version.c.name, dataset_version.c.version],
        columns=[
            dataset_version.c.name,
            dataset_version.c.version,
            dataset_version.c.digest,
            dataset_version.c.profile,
            dataset_version.c.removed_at,
            dataset_version.c.elsewhere,
        ],
        read=_references,
    )
)
