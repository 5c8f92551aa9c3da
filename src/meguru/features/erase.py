"""Feature rows of a person go: online ones, and those that were computed and kept here."""

from __future__ import annotations

import shutil

import msgspec

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.base.cache import cache_folder
from meguru.features.offline.cache import NAME
from meguru.features.online.base import GONE, OnlineRow, Retraction, RowColumns
from meguru.features.online.stores import online_of
from meguru.kernel.operations import Context


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Retract a person's rows from the online store; rows that were kept for training are computed anew."""
    online, found = online_of(ctx.ws), []
    for view in online.views():
        rows = [
            row
            for page in online.scan(view)
            for row in map(OnlineRow._make, page)
            if row.packed != GONE and subject.value in _values(row.key)
        ]
        if not rows:
            continue
        found.append(ErasedThing(ref=view, what="online features", rows=len(rows)))
        if not dry_run:
            gone = [Retraction(row.key, row.event, row.created, row.packed) for row in rows]
            online.write(view, RowColumns.of([]), gone)
    if not dry_run:
        shutil.rmtree(cache_folder(NAME) / "rows", ignore_errors=True)
    return found


def _values(key: bytes) -> list[str]:
    """Return the values of a key as text; a view's key names its column itself, so any of them may be it."""
    return [str(each) for each in msgspec.msgpack.decode(key)]
