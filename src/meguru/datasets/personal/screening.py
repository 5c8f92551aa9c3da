"""Screen new files for people who were erased: warn, refuse or drop their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from meguru.artifacts.erasure import ErasureSubject, is_text_like, ledger
from meguru.artifacts.erasure.blob_deletions import schedule_blob_deletion
from meguru.artifacts.erasure.ledger import ErasureLedger, ErasureMarks, mark
from meguru.artifacts.retention.rules import erased_policy
from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.purge import delete_erased_blobs
from meguru.datasets.personal.rewrite import FileRewriter, all_rows
from meguru.datasets.types import DataFile, Format, Manifest
from meguru.datasets.versions.compact import given_files
from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ReturnedRows(msgspec.Struct, frozen=True, kw_only=True):
    """So many rows of a version are of people who were erased, by these columns."""

    rows: int
    columns: list[str]


@operation("dataset.returned", permission="dataset:read", query=True, on="ref")
def returned(ctx: Context, *, ref: str) -> ReturnedRows:
    """Tell whether a version has rows of people who were erased; who they are is not told."""
    version = store.resolve(ctx.tx, ref, ctx.readable)
    entries = list(ledger.known(ctx.tx))
    if version.remote_environment or not entries:
        return ReturnedRows(rows=0, columns=[])
    manifest = load_manifest(ctx.blobs, version)
    return _search(ctx, manifest, manifest.files, entries)[1]


def screened_files(ctx: Context, name: str, given: list[DataFile], kind: Format) -> list[DataFile]:
    """Return files that are added, without rows of people who were erased if the policy is to drop them.

    Raises
    ------
    Conflict
        If there are any and the policy is to refuse them.
    """
    with ctx.ws.read() as tx:
        entries = list(ledger.known(tx))
        if not entries:
            return given
        policy = erased_policy(tx, refs.project_of(name))
    if policy == "warn":
        return given
    manifest = Manifest(format=kind, event_time="", columns=[], files=given)
    subject, found = _search(ctx, manifest, given, entries)
    if not found.rows:
        return given
    if policy == "refuse":
        raise Conflict(
            f"{found.rows:,} rows are of people who were erased",
            where=refs.make("dataset", name),
            why=f"by the column {', '.join(found.columns)}",
            hint='take them out of the file, or say erased = "drop" in [retention.default]',
        )
    rewriter = FileRewriter(ctx.blobs, subject)
    left = [rewriter.without(manifest, file) if rewriter.found(manifest, file) else file for file in given]
    files = [file for file in left if file is not None]
    uploads = {entry.digest for entry in given_files(given)}
    # A Parquet file without such rows is kept as it was uploaded: that blob is needed.
    schedule_blob_deletion(ctx.tx, (_digests(given) | uploads) - _digests(files))
    ctx.if_done.append(delete_erased_blobs)
    return files


def _digests(files: Iterable[DataFile]) -> set[str]:
    return {file.digest for file in files}


def _search(
    ctx: Context, manifest: Manifest, files: Sequence[DataFile], entries: Sequence[ErasureMarks]
) -> tuple[ErasureSubject, ReturnedRows]:
    subject = ErasureSubject(_erased_values(ctx.blobs, manifest, files, entries, ErasureLedger(ctx.ws).keys))
    rewriter = FileRewriter(ctx.blobs, subject)
    rows = sum(rewriter.found(manifest, file) for file in files)
    return subject, ReturnedRows(rows=rows, columns=sorted(subject.who))


def _erased_values(
    blobs: BlobStore,
    manifest: Manifest,
    files: Sequence[DataFile],
    entries: Sequence[ErasureMarks],
    keys: Mapping[str, bytes],
) -> dict[str, list[str]]:
    """Return the values in some files whose marks are in the ledger, by column."""
    import polars as pl

    wanted: dict[str, dict[str, set[str]]] = {}
    for entry in entries:
        for column, marks in entry.marks.items() if entry.key in keys else ():
            wanted.setdefault(column, {}).setdefault(entry.key, set()).update(marks)
    found: dict[str, set[str]] = {}
    for file in files:
        for column in wanted.keys() & {dataset_column.name for dataset_column in file.columns}:
            rows = all_rows(blobs, manifest, file)
            kind = rows.collect_schema()[column]
            if not is_text_like(kind):
                continue
            text = rows.select(pl.col(column).unique().cast(pl.String)).collect(engine="streaming")[column]
            for key, known in wanted[column].items():
                # Only keyed hashes of erased people are kept, so each value that comes is hashed and
                # compared.
                theirs = {
                    drop_null
                    for drop_null in text.drop_nulls()
                    if mark(keys[key], column, drop_null) in known
                }
                found[column] = found.get(column, set()) | theirs
    return {column: sorted(theirs) for column, theirs in found.items() if theirs}
