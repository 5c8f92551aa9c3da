"""Which blobs features need: code, what sets were made of, and profiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.features.schema import feature_code, feature_profile, feature_set


def _of_code(row: Row[Any]) -> Iterator[BlobReference]:
    yield BlobReference(
        digest=row.snapshot, ref=refs.make("feature_view", row.name), part="source code", form="tree"
    )


def _of_set(row: Row[Any]) -> Iterator[BlobReference]:
    yield BlobReference(digest=row.digest, ref=row.ref, part="what a training set was made of")


def _of_profile(row: Row[Any]) -> Iterator[BlobReference]:
    ref = refs.make("feature_view", row.name, row.version)
    yield BlobReference(digest=row.profile, ref=ref, part="profile")


CODE = declare(
    BlobSource(
        key=[feature_code.c.name, feature_code.c.digest],
        columns=[feature_code.c.name, feature_code.c.snapshot],
        read=_of_code,
    )
)
SETS = declare(
    BlobSource(key=[feature_set.c.digest], columns=[feature_set.c.digest, feature_set.c.ref], read=_of_set)
)
PROFILES = declare(
    BlobSource(
        key=[feature_profile.c.name, feature_profile.c.version, feature_profile.c.rows_digest],
        columns=[feature_profile.c.name, feature_profile.c.version, feature_profile.c.profile],
        read=_of_profile,
    )
)
