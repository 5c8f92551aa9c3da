"""Erase a person: rows go from every version of every dataset, and from all that others keep of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import msgspec

from meguru.artifacts.erasure import FAMILY, ErasedThing, ErasureSubject
from meguru.artifacts.lineage import made_from
from meguru.base import digests, refs
from meguru.datasets import store as datasets
from meguru.datasets.delta.places import place_of
from meguru.datasets.expectations.store import forget_samples
from meguru.datasets.free import needed
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal import store
from meguru.datasets.personal.files import note_new
from meguru.datasets.personal.rewrite import FileRewriter
from meguru.datasets.personal.sealed import sealed
from meguru.datasets.personal.treat import treatment_of
from meguru.datasets.spec import said_of
from meguru.datasets.types import DatasetVersion, Manifest
from meguru.datasets.versions.compact import given_files
from meguru.datasets.versions.layout import packed, write_manifest
from meguru.datasets.write import UNSEEN
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.base import PrunableStore

_LONGEST = 1000


class ErasureReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a person (and is gone, unless it was only looked for), and what was made from it.

    `models` were trained on it: they are as they were. `remaining` are blobs of earlier erasures that
    something else still needs, as a run's output that is the same file.
    """

    found: list[ErasedThing]
    models: list[str]
    dry_run: bool
    remaining: list[str] = []

    @property
    def rows(self) -> int:
        """Rows of all that was found."""
        return sum(each.rows for each in self.found)


class _Rewritten(msgspec.Struct, frozen=True):
    version: DatasetVersion
    before: Manifest
    after: Manifest
    rows: int


@operation("dataset.erase", permission="dataset:erase")
def erase(
    ctx: Context,
    *,
    column: str,
    value: str,
    only: list[str] | None = None,
    dry_run: bool = False,
    reason: str = "",
) -> ErasureReport:
    """Erase a person from every version of every dataset, from predictions, and from features.

    Their rows are those whose `column` has this `value`, or what became of it where the column is hashed or
    encrypted. Files that have such rows are written anew and the old ones deleted; a version stays with the
    other rows, under another digest. `only` names datasets; then nothing else is looked at. The value is
    written down nowhere, what was erased from is, and how many rows.

    Raises
    ------
    Conflict
        If something that is found is under a legal hold, or changed meanwhile; nothing is erased then.
    """
    if not (0 < len(column) <= _LONGEST and 0 < len(value) <= _LONGEST):
        raise InvalidInput("a column and a value tell who it is", field="value", why="up to 1,000 characters")
    subject = _subject(ctx, column, value)
    rewritten = list(_rewritten(ctx, subject, only, dry_run=dry_run))
    for each in rewritten:
        _check_not_held(ctx, each.version.name)
    if not dry_run:  # what raises a Conflict comes before what no rollback brings back
        _write(ctx, rewritten)
        ctx.if_done.append(delete_gone)
    found = [
        ErasedThing(ref=each.version.ref, what="rows of a dataset", rows=each.rows) for each in rewritten
    ]
    others = provided(FAMILY)
    for name in others.names() if only is None else ():
        found += others.load(name)(ctx, subject, dry_run)
    models = sorted(
        {ref for each in rewritten for ref in made_from(ctx.tx, each.version.ref) if ref.startswith("model/")}
    )
    if not dry_run and found:
        ctx.emit(
            "dataset.erased",
            found[0].ref,
            data={"column": column, "found": msgspec.to_builtins(found), "models": models, "reason": reason},
        )
    remaining = sorted(each for each in store.gone(ctx.tx) if ctx.blobs.has(each)) if dry_run else []
    return ErasureReport(found=found, models=models, dry_run=dry_run, remaining=remaining)


def _subject(ctx: Context, column: str, value: str) -> ErasureSubject:
    """Return who it is: the value, and what became of it where the column is hashed or encrypted."""
    values = [value]
    with ctx.ws.read() as tx:
        treatments = store.treatments(tx, column)
        versions = store.all_versions(tx, None) if "encrypt" in treatments else []
    if treatments & {"hash", "encrypt"} and (how := treatment_of(ctx.ws, {column: "hash"})):
        values += [how.hash(value), *sealed(ctx.blobs, versions, column, value, how)]
    return ErasureSubject(column=column, values=values)


def _rewritten(
    ctx: Context, subject: ErasureSubject, only: list[str] | None, *, dry_run: bool
) -> Iterator[_Rewritten]:
    """Look through all versions; without the transaction that writes, which others would wait for."""
    with ctx.ws.read() as tx:
        names = None if only is None else [refs.parse(each, kind="dataset").name for each in only]
        versions = store.all_versions(tx, names)
    rewriter = FileRewriter(ctx.blobs, subject)
    for version in versions:
        if version.elsewhere or all(each.name != subject.column for each in version.columns):
            continue
        manifest = load_manifest(ctx.blobs, version)
        counts = [rewriter.found(manifest, file) for file in manifest.files]
        if not any(counts):
            continue
        files = manifest.files
        if not dry_run:
            made = (
                rewriter.without(manifest, file) if count else file
                for file, count in zip(manifest.files, counts, strict=True)
            )
            files = [file for file in made if file]
        yield _Rewritten(version, manifest, msgspec.structs.replace(manifest, files=files), sum(counts))


def _check_not_held(ctx: Context, name: str) -> None:
    if hold := said_of(ctx.tx, name).hold:
        raise Conflict(
            f"dataset/{name} is under a legal hold",
            where=refs.make("dataset", name),
            why=hold[:200],
            hint="nothing is erased while it holds: take `hold` out of its declaration first",
        )


def _write(ctx: Context, rewritten: list[_Rewritten]) -> None:
    gone: set[str] = set()
    for name in sorted({each.version.name for each in rewritten}):
        # A table beside the blobs links to the old files: it is made anew when somebody asks for it.
        place_of(ctx.blobs, name).clear()
        forget_samples(ctx.tx, name)
    for each in rewritten:
        present = datasets.get(ctx.tx, each.version.name, each.version.version)
        if present.digest != each.version.digest:
            raise Conflict(f"{present.ref} changed meanwhile", hint="ask again")
        digest = write_manifest(ctx.blobs, each.after)
        store.replace_content(ctx.tx, each.version, each.after, digest, ctx.blobs.put_bytes(UNSEEN))
        note_new(ctx, present.name, said_of(ctx.tx, present.name), each.after, each.before)
        gone |= _blobs(each.version, each.before) - _blobs(each.version, each.after)
        gone |= {each.version.profile} | _uploads(each.before)
        ctx.emit(
            "dataset_version.erased",
            each.version.ref,
            data={"before": each.version.digest, "after": digest, "rows": each.rows},
        )
    store.note_gone(ctx.tx, gone - {digests.of_bytes(UNSEEN)})


def _blobs(version: DatasetVersion, manifest: Manifest) -> set[str]:
    _, parts = packed(manifest)
    files = {digest for file in manifest.files for digest in (file.digest, file.deleted) if digest}
    return {version.digest, *parts, *files}


def _uploads(manifest: Manifest) -> set[str]:
    """Return what the files were made from: it may be here still, where it was uploaded."""
    return {each.digest for each in given_files(manifest.files)} - {file.digest for file in manifest.files}


def delete_gone(ws: Workspace) -> None:
    """Delete what an erasure left behind, unless something else needs it; also what a killed one left."""
    with ws.read() as tx:
        gone = store.gone(tx)
        unused = gone - needed(tx, ws.blobs, gone)
    for digest in unused:
        cast("PrunableStore", ws.blobs).delete(digest)
    with ws.db.write() as tx:
        store.forget_gone(tx, unused)
