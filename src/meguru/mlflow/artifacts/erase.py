"""A person in files that were sent through the artifact proxy and belong to no run."""

from __future__ import annotations

from sqlalchemy import select, update

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.blob_deletions import schedule_blob_deletion
from meguru.artifacts.erasure.content import ContentCleaner
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.mlflow.schema import stored_file


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Write files that belong to no run anew where they have the person."""
    cleaner = ContentCleaner(ctx.blobs, subject)
    mine, gone, made = stored_file.c, set(), []
    for row in ctx.tx.execute(select(stored_file)).all():
        if not ctx.blobs.has(row.digest):
            continue
        content = cleaner.clean(row.digest, row.path, write=not dry_run)
        if not content.is_read:
            subject.places.passed("sent files that are no table or text")
            continue
        subject.places.looked("sent files")
        if content.found:
            what = "rows and places in a sent file"
            made.append(ErasedThing(ref=refs.make("stored_file", row.path), what=what, rows=content.found))
        if content.digest != row.digest:
            values = {"digest": content.digest, "size": content.size}
            ctx.tx.execute(update(stored_file).where(mine.path == row.path).values(values))
            gone.add(row.digest)
    if not dry_run:
        schedule_blob_deletion(ctx.tx, gone)
    return made
