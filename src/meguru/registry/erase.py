"""A person in files of models: these are under the model's digest, so they are told, and stay."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from meguru.artifacts import trees
from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.content import ContentCleaner
from meguru.base import refs
from meguru.kernel.operations import Context
from meguru.registry.schema import model_version

STAYS = "its files are under its digest: train it anew without them, and delete this version"


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Tell which models have the person in an example or a held-out row."""
    del dry_run
    cleaner = ContentCleaner(ctx.blobs, subject)
    mine, counts = model_version.c, Counter[str]()
    query = select(mine.name, mine.version, mine.tree_digest).where(mine.tree_digest != "")
    for row in ctx.tx.execute(query).all():
        if not (row.tree_digest and ctx.blobs.has(row.tree_digest)):
            continue
        for entry in trees.read_tree(ctx.blobs, row.tree_digest):
            if not ctx.blobs.has(entry.digest):
                continue
            content = cleaner.clean(entry.digest, entry.path, write=False)
            if content.is_read:
                subject.places.looked("files of models")
            else:
                subject.places.passed("files of models that are no table or text")
            counts[refs.make("model", row.name, row.version)] += content.found
    return [
        ErasedThing(ref=ref, what="rows and places in files of a model", rows=count, stays=STAYS)
        for ref, count in sorted(counts.items())
        if count
    ]
