"""Days whose rows have a person are made anew, from predictions that lost what was asked."""

from __future__ import annotations

from collections import Counter

import polars as pl
from sqlalchemy import delete, select

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.blob_deletions import schedule_blob_deletion
from meguru.base import refs
from meguru.collections.schema import collected_day
from meguru.kernel.operations import Context


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Forget the files of days with rows of a person: else the next version had them again."""
    mine = collected_day.c
    counts: Counter[str] = Counter()
    for row in ctx.tx.execute(select(collected_day).where(mine.digest != "")).all():
        if not ctx.blobs.has(row.digest):
            continue
        if not (count := subject.count(pl.scan_parquet(ctx.blobs.path(row.digest), glob=False))):
            continue
        counts[row.dataset] += count
        if not dry_run:
            day = (mine.dataset == row.dataset) & (mine.endpoint == row.endpoint) & (mine.day == row.day)
            ctx.tx.execute(delete(collected_day).where(day))
            # The day's entry goes with its file, so that the next collection writes the day again without the
            # person.
            schedule_blob_deletion(ctx.tx, [row.digest])
    return [
        ErasedThing(ref=refs.make("dataset", name), what="rows of days that are collected", rows=count)
        for name, count in sorted(counts.items())
    ]
