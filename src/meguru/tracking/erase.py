"""Files that were logged to runs, without one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import select, update

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.blob_deletions import schedule_blob_deletion
from meguru.artifacts.erasure.content import ContentCleaner, values_of
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.tracking.schema import run_artifact


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Write tables and text that were logged anew where they have the person; others can't be read."""
    cleaner, gone, counts = ContentCleaner(ctx.blobs, subject), set(), Counter[str]()
    mine = run_artifact.c
    for row in ctx.tx.execute(select(run_artifact)).all():  # all first, as rows of it are changed meanwhile
        if not ctx.blobs.has(row.digest):
            continue
        content = cleaner.clean(row.digest, row.path, write=not dry_run)
        if not content.is_read:
            subject.places.passed("files of runs that are no table or text")
            continue
        subject.places.looked("files of runs")
        counts[row.run] += content.found
        if content.digest != row.digest:
            here = (mine.run == row.run) & (mine.path == row.path)
            ctx.tx.execute(update(run_artifact).where(here).values(digest=content.digest, size=content.size))
            gone.add(row.digest)
    if not dry_run:
        schedule_blob_deletion(ctx.tx, gone)
    return [
        ErasedThing(ref=refs.make("run", run), what="rows and places in files of a run", rows=count)
        for run, count in sorted(counts.items())
        if count
    ]


def values(ctx: Context, column: str) -> Iterator[str]:
    """Give the values of a column in tables and records that were logged."""
    with ctx.ws.read() as tx:
        rows = tx.execute(select(run_artifact.c.digest, run_artifact.c.path)).all()
    for digest, name in dict(rows).items():
        if ctx.blobs.has(digest):
            yield from values_of(ctx.blobs, digest, name, column)
