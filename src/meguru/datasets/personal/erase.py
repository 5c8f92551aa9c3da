"""Erase a person: rows go from every version of every dataset, and from all that others keep of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec

from meguru.artifacts.erasure import FAMILY, ErasedThing, ErasureSubject, blob_deletions, ledger
from meguru.artifacts.erasure.ledger import ErasureLedger, ErasureMarks
from meguru.artifacts.lineage import made_from
from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.datasets.delta.storage import clear
from meguru.datasets.expectations.store import forget_samples
from meguru.datasets.folders.index import FORMAT
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal import store
from meguru.datasets.personal.folders import STAYS
from meguru.datasets.personal.legal_holds import check_dataset, check_found, check_person, is_anything_held
from meguru.datasets.personal.private_blobs import note_private_files
from meguru.datasets.personal.purge import delete_erased_blobs
from meguru.datasets.personal.rewrite import FileRewriter
from meguru.datasets.personal.subjects import FollowedRows, check_who, subject_of
from meguru.datasets.personal.vacuum import vacuum
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetVersion, Manifest
from meguru.datasets.versions.compact import given_files
from meguru.datasets.versions.layout import packed, write_manifest
from meguru.datasets.write import EMPTY_PROFILE
from meguru.errors import Conflict, DigestMismatch, NotFound
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation

RENAMED = "it was made from their rows, and may be about another: name that column, too, to erase them"


BEYOND = [
    "files that were exported or downloaded: whoever has them erases them there",
    "uploads that no version has: meguru data gc frees them after a day, and what is registered is screened",
]
"""Where an erasure of everything can't look."""


class ErasureReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a person (and is gone, unless it was only looked for), and what was made from it.

    `stays` was found where nothing can be taken out, each with why. `models` were trained on it: they are as
    they were. `remaining` are blobs of earlier erasures that something else still needs. `searched` and
    `unsearched` say what was looked through and what nobody can read, with how many of each; `beyond`, in
    words, what is out of reach; `followed` by how many values of which other columns their rows were known in
    what was made from them.
    """

    found: list[ErasedThing]
    models: list[str]
    dry_run: bool
    remaining: list[str] = []
    stays: list[ErasedThing] = []
    searched: dict[str, int] = {}
    unsearched: dict[str, int] = {}
    beyond: list[str] = []
    followed: dict[str, int] = {}

    @property
    def rows(self) -> int:
        """Rows of all that was found."""
        return sum(thing.rows for thing in self.found)


class _Rewritten(msgspec.Struct, frozen=True):
    version: DatasetVersion
    before: Manifest
    after: Manifest
    rows: int


@operation("dataset.erase", permission="dataset:erase", refers={"only": "dataset"})
def erase(
    ctx: Context,
    *,
    who: dict[str, list[str]],
    only: list[str] | None = None,
    dry_run: bool = False,
    reason: str = "",
) -> ErasureReport:
    """Erase a person from every version of every dataset, and from all that was made or kept of them.

    `who` has for each column the values that tell the person; their rows have any of them, in any form (see
    `ErasureSubject`), or what became of one where the column is hashed or encrypted. Files that have such
    rows are written anew and the old ones deleted; a version stays with the other rows, under another
    digest. `only` names datasets; then nothing else is looked at. The values are written down nowhere: a
    keyed hash is, by which they are known again if a backup is restored; and what was erased from, and how
    many rows.

    Raises
    ------
    Conflict
        If something that is found is under a legal hold, or changed meanwhile; nothing is erased then.
    """
    check_who(who)
    subject = subject_of(ctx, who)
    report = find_and_erase(ctx, subject, only, dry_run=dry_run)
    if not dry_run and (report.found or only is None):
        record_erasure(ctx, remember(ctx, subject, only), report, reason)
    return report


def find_and_erase(
    ctx: Context, subject: ErasureSubject, only: list[str] | None, *, dry_run: bool
) -> ErasureReport:
    """Find a person everywhere, and erase them unless it is a trial."""
    follow = FollowedRows(ctx.ws, subject)
    stay: list[ErasedThing] = []
    names = None if only is None else [refs.parse(each, kind="dataset").name for each in only]
    look = partial(_rewritten, ctx, subject, follow, stay, {}, dry_run=dry_run)
    with ctx.ws.read() as tx:  # it takes long: nobody waits for it
        versions = store.all_versions(tx, names)
    rewritten = list(look(versions))
    if not dry_run:
        check_person(ctx, subject)  # the first touch of `ctx.tx`: from here on nobody else writes
        # What was registered while the others were read has copies of the same rows: nobody looked there.
        seen = set(map(_content, versions))
        rewritten += look(
            [version for version in store.all_versions(ctx.tx, names) if _content(version) not in seen]
        )
    for each in rewritten:
        check_dataset(ctx, each.version.name)
    if not dry_run:  # what raises a Conflict comes before what no rollback brings back
        if ctx.db.is_sqlite:  # else what a row held stays in the file until another takes its place
            ctx.tx.exec_driver_sql("PRAGMA secure_delete = ON")
        _write(ctx, rewritten)
        # Blobs go after the commit: undone, the versions still need them. A kill in between leaves them noted
        # in `erased_blob`, and the next erasure or server deletes them.
        ctx.if_done += [delete_erased_blobs, vacuum]
    things = [
        *(ErasedThing(ref=each.version.ref, what="rows of a dataset", rows=each.rows) for each in rewritten),
        *stay,
    ]
    others = provided(FAMILY)
    erasers = [others.load(name) for name in others.names()] if only is None else []
    if not dry_run and is_anything_held(ctx):  # what is online is in no transaction: first all are only asked
        trial = ErasureSubject(subject.who)
        check_found(ctx, [each for ask in erasers for each in ask(ctx, trial, True)])  # noqa: FBT003 - the family's
    for do in erasers:
        things += do(ctx, subject, dry_run)
    if not dry_run:
        check_found(ctx, things)
    models = sorted(
        {ref for each in rewritten for ref in made_from(ctx.tx, each.version.ref) if ref.startswith("model/")}
    )
    remaining = (
        sorted(each for each in blob_deletions.pending(ctx.tx) if ctx.blobs.has(each)) if dry_run else []
    )
    return ErasureReport(
        found=[thing for thing in things if not thing.stays],
        stays=[thing for thing in things if thing.stays],
        models=models,
        dry_run=dry_run,
        remaining=remaining,
        searched=subject.places.searched,
        unsearched=subject.places.unsearched,
        beyond=BEYOND if only is None else [],
        followed=follow.followed,
    )


def remember(ctx: Context, subject: ErasureSubject, only: list[str] | None = None) -> ErasureMarks:
    """Write who is erased as marks, beside the workspace first: a kill leaves it owed, and never unknown.

    Of who was erased from some datasets alone nothing is remembered: elsewhere they stay.
    """
    book = ErasureLedger(ctx.ws)
    marks = book.marks(subject.who) if only is None else {}
    key = book.key_id if marks else ""
    entry = ErasureMarks(id=new_id("erasure"), at=ctx.now(), key=key, marks=marks)
    if marks:
        book.append([entry])
    return entry


def record_erasure(
    ctx: Context, entry: ErasureMarks, report: ErasureReport, reason: str, *, repeated: bool = False
) -> None:
    """Write an erasure down, with its marks and what went, and tell of it."""
    found = msgspec.to_builtins([*report.found, *report.stays])
    ledger.add(ctx.tx, entry, by=ctx.principal.name, reason=reason, found=found, models=report.models)
    data = {"columns": sorted(entry.marks), "found": found, "models": report.models, "reason": reason}
    type = "erasure.repeated" if repeated else "erasure.done"
    ctx.emit(type, refs.make("erasure", entry.id), data=data)


def _rewritten(
    ctx: Context,
    subject: ErasureSubject,
    follow: FollowedRows,
    stay: list[ErasedThing],
    rewriters: dict[str, FileRewriter],
    versions: list[DatasetVersion],
    *,
    dry_run: bool,
) -> Iterator[_Rewritten]:
    """Look through versions; what is found and can't be taken out is added to `stay`.

    `rewriters` remember the files that they read, by whom they look for.
    """
    first = rewriters.setdefault("", FileRewriter(ctx.blobs, subject))
    there = list(_readable(ctx, subject, versions))
    for version, manifest in there:
        if subject.is_in(each.name for each in version.columns) and any(
            first.found(manifest, file) for file in manifest.files
        ):
            follow.add(version, manifest, first)
    for version, manifest in there:
        wanted = follow.subject(version)
        if not wanted.is_in(each.name for each in version.columns):
            for column, count in follow.renamed(version, manifest).items():
                what = f"rows that name them in the column {column}"
                stay.append(ErasedThing(ref=version.ref, what=what, rows=count, stays=RENAMED))
            continue
        rewriter = first
        if wanted is not subject:
            rewriter = rewriters.setdefault(str(wanted.who), FileRewriter(ctx.blobs, wanted))
        counts = [rewriter.found(manifest, file) for file in manifest.files]
        if not any(counts):
            continue
        if manifest.format == FORMAT:
            # An index of files also says where their bytes are: written anew it would lose that.
            what = "files of a folder"
            stay.append(ErasedThing(ref=version.ref, what=what, rows=sum(counts), stays=STAYS))
            continue
        files = manifest.files
        if not dry_run:
            made = (
                rewriter.without(manifest, file) if count else file
                for file, count in zip(manifest.files, counts, strict=True)
            )
            files = [file for file in made if file]
        yield _Rewritten(version, manifest, msgspec.structs.replace(manifest, files=files), sum(counts))


def _content(version: DatasetVersion) -> tuple[str, str, str]:
    """Return what tells whether a version is still the one that was looked through."""
    return version.ref, version.digest, version.remote_environment


def _readable(
    ctx: Context, subject: ErasureSubject, versions: list[DatasetVersion]
) -> Iterator[tuple[DatasetVersion, Manifest]]:
    """Give the versions whose files are here, with these; count what can't be looked through."""
    for version in versions:
        if version.remote_environment:
            subject.places.passed("versions of datasets whose files are elsewhere")
            continue
        try:
            manifest = load_manifest(ctx.blobs, version)
        except (NotFound, DigestMismatch):
            subject.places.passed("versions of datasets that are lost")
            continue
        subject.places.looked("versions of datasets")
        unlike = [
            column for column in version.columns if column.name in subject.columns and _is_list(column.type)
        ]
        if unlike:
            subject.places.passed("columns of lists or bytes", len(unlike))
        yield version, manifest


def _is_list(type: str) -> bool:
    return type.startswith(("List", "Array", "Struct", "Binary", "Duration", "Object"))


def _write(ctx: Context, rewritten: list[_Rewritten]) -> None:
    gone: set[str] = set()
    for name in sorted({each.version.name for each in rewritten}):
        # A table beside the blobs links to the old files: it is made anew when somebody asks for it.
        clear(ctx.blobs, name)
        forget_samples(ctx.tx, name)
    for each in rewritten:
        present = store.version(ctx.tx, each.version.name, each.version.version)
        if present.digest != each.version.digest:
            raise Conflict(f"{present.ref} changed meanwhile", hint="ask again")
        # Under its old number: references and lineage stay, only the content has another digest.
        digest = write_manifest(ctx.blobs, each.after)
        store.replace_content(ctx.tx, each.version, each.after, digest, ctx.blobs.put_bytes(EMPTY_PROFILE))
        note_private_files(ctx, present.name, spec_of(ctx.tx, present.name), each.after, each.before)
        gone |= _blobs(each.version, each.before) - _blobs(each.version, each.after)
        gone |= {each.version.profile} | _uploads(each.before)
        ctx.emit(
            "dataset_version.erased",
            each.version.ref,
            data={"before": each.version.digest, "after": digest, "rows": each.rows},
        )
    blob_deletions.schedule_blob_deletion(ctx.tx, gone - {digests.of_bytes(EMPTY_PROFILE)})


def _blobs(version: DatasetVersion, manifest: Manifest) -> set[str]:
    _, parts = packed(manifest)
    files = {digest for file in manifest.files for digest in (file.digest, file.deleted) if digest}
    return {version.digest, *parts, *files}


def _uploads(manifest: Manifest) -> set[str]:
    """Return what the files were made from: it may be here still, where it was uploaded."""
    return {entry.digest for entry in given_files(manifest.files)} - {file.digest for file in manifest.files}
