"""What steps returned and printed, without one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import select, update

from meguru.artifacts import trees
from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.blob_deletions import schedule_blob_deletion
from meguru.artifacts.erasure.content import ContentCleaner, values_of
from meguru.artifacts.erasure.redaction import TextRedactor
from meguru.artifacts.integrity.sources import members
from meguru.artifacts.integrity.types import PLAIN
from meguru.base import refs
from meguru.compute.materializers.base import Value
from meguru.compute.materializers.items import KIND as ITEMS
from meguru.errors import DigestMismatch, NotFound
from meguru.kernel.operations import Context
from meguru.pipelines.blobs import NESTED, form_of
from meguru.pipelines.logs.schema import step_log, step_log_chunk
from meguru.pipelines.schema import step_run
from meguru.storage.blobs import BlobStore

_TREES = {"model", "sparse", "figure"}
_PAGE = 500


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Write outputs of steps anew that have the person, and mask what steps printed of them.

    A step that is run again is not answered from the old output: its digest is another.
    """
    return [*_outputs(ctx, subject, dry_run=dry_run), *_logs(ctx, subject, dry_run=dry_run)]


def _outputs(ctx: Context, subject: ErasureSubject, *, dry_run: bool) -> list[ErasedThing]:
    cleaner = OutputCleaner(ctx.blobs, subject, write=not dry_run)
    counts: Counter[str] = Counter()
    last, mine = "", step_run.c
    query = select(mine.id, mine.run, mine.outputs).order_by(mine.id).limit(_PAGE)
    while rows := ctx.tx.execute(query.where(mine.id > last)).all():
        for row in rows:
            values = msgspec.convert(row.outputs, list[Value])
            done = [cleaner.clean(value) for value in values]
            if not (count := sum(found for _, found in done)):
                continue
            counts[row.run] += count
            if not dry_run:
                left = msgspec.to_builtins([each for each, _ in done])
                ctx.tx.execute(update(step_run).where(mine.id == row.id).values(outputs=left))
        last = rows[-1].id
    if not dry_run:
        schedule_blob_deletion(ctx.tx, cleaner.gone)
    subject.places.looked("outputs of steps", cleaner.searched)
    if cleaner.unsearched:
        subject.places.passed("outputs of steps that are no table or text", cleaner.unsearched)
    return [
        ErasedThing(ref=refs.make("pipeline_run", run), what="rows of what steps returned", rows=count)
        for run, count in sorted(counts.items())
    ]


class OutputCleaner:
    """Writes values without the person, each once; lists, folders and containers by what is in them."""

    def __init__(self, blobs: BlobStore, subject: ErasureSubject, *, write: bool) -> None:
        self._blobs, self._write = blobs, write
        self._content = ContentCleaner(blobs, subject)
        self._words = TextRedactor(subject)
        self._known: dict[str, tuple[Value, int]] = {}
        self.gone: set[str] = set()
        self.searched = self.unsearched = 0

    def clean(self, value: Value) -> tuple[Value, int]:
        """Return a value without the person, and how many rows or places were theirs."""
        if value.identity not in self._known:
            try:
                self._known[value.identity] = self._cleaned(value)
            except (NotFound, DigestMismatch):
                self._known[value.identity] = value, 0  # it is lost: meguru doctor tells
        return self._known[value.identity]

    def _cleaned(self, value: Value) -> tuple[Value, int]:
        if value.kind in {ITEMS, NESTED}:
            return self._parts(value)
        if value.kind == "files" and value.meta.get("folder"):
            return self._folder(value)
        if value.kind in _TREES:
            self.unsearched += 1
            return value, 0
        found = self._content.clean(value.digest, str(value.meta.get("name", "")), write=self._write)
        self.searched += found.is_read
        self.unsearched += not found.is_read
        return self._replaced(value, found.digest, found.size), found.found

    def _parts(self, value: Value) -> tuple[Value, int]:
        body = msgspec.json.decode(self._blobs.get_bytes(value.digest))
        listed = body if value.kind == ITEMS else body["parts"]
        done = [self.clean(each) for each in msgspec.convert(listed, list[Value])]
        count = sum(found for _, found in done)
        left: Any = [each for each, _ in done]
        if value.kind != ITEMS:
            skeleton, more = self._words.without(body["skeleton"])
            count, left = count + more, {"skeleton": skeleton, "parts": left}
        if not (count and self._write):
            return value, count
        return self._replaced(value, self._blobs.put_bytes(msgspec.json.encode(left)), value.size), count

    def _folder(self, value: Value) -> tuple[Value, int]:
        entries, count = [], 0
        for entry in trees.read_tree(self._blobs, value.digest):
            found = self._content.clean(entry.digest, entry.path, write=self._write)
            self.searched += found.is_read
            self.unsearched += not found.is_read
            count += found.found
            if found.digest != entry.digest:
                self.gone.add(entry.digest)
                entry = msgspec.structs.replace(entry, digest=found.digest, size=found.size)  # noqa: PLW2901
            entries.append(entry)
        if not (count and self._write):
            return value, count
        return self._replaced(value, trees.put_entries(self._blobs, entries), value.size), count

    def _replaced(self, value: Value, digest: str, size: int) -> Value:
        if digest == value.digest:
            return value
        self.gone.add(value.digest)
        return msgspec.structs.replace(value, digest=digest, size=size)


def _logs(ctx: Context, subject: ErasureSubject, *, dry_run: bool) -> list[ErasedThing]:
    words, counts, gone = TextRedactor(subject), Counter[str](), set()
    mine = step_log.c
    logs = ctx.tx.execute(select(mine.step_run, mine.attempt, mine.run, mine.blob)).all()
    for row in logs:
        here = (mine.step_run == row.step_run) & (mine.attempt == row.attempt)
        if not row.blob or not ctx.blobs.has(row.blob):
            continue
        masked, count = words.masked(ctx.blobs.get_bytes(row.blob).decode(errors="replace"))
        counts[row.run] += count
        if count and not dry_run:
            digest = ctx.blobs.put_bytes(masked.encode())
            ctx.tx.execute(update(step_log).where(here).values(blob=digest, size=len(masked.encode())))
            mine_only = (step_run.c.id == row.step_run) & (step_run.c.log == row.blob)
            ctx.tx.execute(update(step_run).where(mine_only).values(log=digest))
            gone.add(row.blob)
    runs = {(row.step_run, row.attempt): row.run for row in logs}
    part, found = step_log_chunk.c, list[tuple[str, int, int, str]]()
    query = select(part.step_run, part.attempt, part.seq, part.text).execution_options(yield_per=_PAGE)
    for row in ctx.tx.execute(query):
        masked, count = words.masked(row.text)
        if count:
            counts[runs.get((row.step_run, row.attempt), row.step_run)] += count
            found.append((row.step_run, row.attempt, row.seq, masked))
    if not dry_run:
        for step, attempt, seq, text in found:
            here = (part.step_run == step) & (part.attempt == attempt) & (part.seq == seq)
            ctx.tx.execute(update(step_log_chunk).where(here).values(text=text))
        schedule_blob_deletion(ctx.tx, gone)
    subject.places.looked("logs of steps", len(logs))
    return [
        ErasedThing(ref=refs.make("pipeline_run", run), what="places in what steps printed", rows=count)
        for run, count in sorted(counts.items())
        if count
    ]


def values(ctx: Context, column: str) -> Iterator[str]:
    """Give the values of a column in tables and records that steps returned."""
    with ctx.ws.read() as tx:
        rows = tx.execute(select(step_run.c.outputs).execution_options(yield_per=_PAGE)).scalars()
        # Each once: most step runs took over what another one returned.
        waiting = list(
            {
                (value.digest, form_of(value), "")
                for row in rows
                for value in msgspec.convert(row, list[Value])
            }
        )
    seen: set[str] = set()
    while waiting:
        digest, form, name = waiting.pop()
        if digest in seen or not ctx.blobs.has(digest):
            continue
        seen.add(digest)
        if form == PLAIN:
            yield from values_of(ctx.blobs, digest, name, column)
        else:
            listed = members(form, ctx.blobs.get_bytes(digest))
            waiting += [(member.digest, member.form, member.path) for member in listed]
