"""Which blobs quarantined models need: none once nobody may make a model of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from meguru.artifacts.integrity.sources import BlobSource, declare
from meguru.artifacts.integrity.types import BlobReference
from meguru.base import refs
from meguru.quarantine.schema import quarantine
from meguru.quarantine.types import QuarantineState

_GIVEN_UP = {QuarantineState.REFUSED.value, QuarantineState.EXPIRED.value}


def _of_kept(row: Row[Any]) -> Iterator[BlobReference]:
    if row.state in _GIVEN_UP:
        return
    ref = refs.make("quarantine", row.id)
    yield BlobReference(digest=row.tree, ref=ref, part="list of its files", form="tree")
    if row.conversion:
        yield BlobReference(digest=row.conversion["tree"], ref=ref, part="what it became", form="tree")


KEPT = declare(
    BlobSource(
        key=[quarantine.c.id],
        columns=[quarantine.c.id, quarantine.c.state, quarantine.c.tree, quarantine.c.conversion],
        read=_of_kept,
    )
)
