"""Which blobs materializations need: the rows that are online, and those that are being brought there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.features.materialization.schema import materialization, online_view


def _online(row: Row[Any]) -> Iterator[BlobReference]:
    if row.newest_rows:
        ref = refs.make("feature_view", row.name, row.version)
        yield BlobReference(digest=row.newest_rows, ref=ref, part="rows that are online")


def _targets(row: Row[Any]) -> Iterator[BlobReference]:
    if row.target:
        ref = refs.make("materialization", row.id)
        yield BlobReference(digest=row.target, ref=ref, part="rows that are brought online")


ONLINE = declare(
    BlobSource(
        key=list(online_view.primary_key.columns),
        columns=[online_view.c.name, online_view.c.version, online_view.c.newest_rows],
        read=_online,
    )
)
TARGETS = declare(
    BlobSource(
        key=[materialization.c.id], columns=[materialization.c.id, materialization.c.target], read=_targets
    )
)
