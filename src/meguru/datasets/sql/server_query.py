"""Queries that a server answers: in a sandboxed process that sees the queried tables alone, within limits."""

from __future__ import annotations

import time

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.datasets import store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.spec import spec_of
from meguru.datasets.sql.confined import QueryLimits, answer_confined
from meguru.datasets.sql.guard import tables_of
from meguru.datasets.sql.types import AskedQuery, AskedTable, QueryAnswer
from meguru.datasets.types import DatasetVersion
from meguru.errors import InvalidInput, NotFound, TooLarge, UsageError
from meguru.kernel.operations import Context, operation
from meguru.storage.blobs import BlobStore

QUERY = QueryLimits(seconds=10.0, memory=1536 << 20, patience=5.0)
MAX_TABLES, MAX_FILES = 20, 1000


@operation("dataset.query", permission="dataset:read", query=True)
def query(ctx: Context, *, sql: str, rows: int = 100) -> QueryAnswer:
    """Answer a SELECT over datasets: tables by their name, ``"flights@3"`` for one version.

    It is answered in a process of its own without network, other files or secrets, in 10 seconds and 1.5 GB
    of memory at most. Datasets that the caller may not see are not there. At most 1,000 rows are given.

    Raises
    ------
    UsageError
        If it is no question, or asks for anything but datasets.
    InvalidInput
        If it makes no sense to the engine, or needs more than it may use.
    """
    wanted = check_limit(rows)
    versions = _tables(ctx, tables_of(sql))
    asked_tables = {name: table_to_query(ctx.tx, ctx.blobs, version) for name, version in versions.items()}
    # The process gets the files of these versions alone: a query that passed the guard by mistake finds
    # nothing else.
    began = time.monotonic()
    answer = answer_confined(AskedQuery(query=sql, tables=asked_tables, rows=wanted), QUERY)
    tables = [version.ref for version in versions.values()]
    return msgspec.structs.replace(answer, tables=tables, seconds=round(time.monotonic() - began, 3))


def _tables(ctx: Context, names: set[str]) -> dict[str, DatasetVersion]:
    """Return the versions that a query names, among those that may be seen."""
    found = {}
    known = set(store.names(ctx.tx, ctx.visible))
    for name in sorted(names):
        full = refs.within(ctx.ws.project, name.partition("@")[0])
        if full in known:
            number = name.partition("@")[2]
            try:
                found[name] = store.resolve(ctx.tx, f"{full}@{number}" if number else full, ctx.readable)
            except NotFound as error:
                raise InvalidInput(error.what, why=error.why, hint=error.hint, field="sql") from None
    if not found:
        shown = ", ".join(sorted(known)[:12])
        raise UsageError(
            "the query names no dataset",
            hint=f"there are {shown}" if shown else "meguru data add NAME FILE",
            field="sql",
        )
    if len(found) > MAX_TABLES:
        raise TooLarge(f"a query has at most {MAX_TABLES} tables", field="sql")
    return found


def table_to_query(tx: Connection, blobs: BlobStore, version: DatasetVersion) -> AskedTable:
    """Return a version as a table that a confined process can read; refuse one of too many files."""
    manifest = load_manifest(blobs, version)
    if len(manifest.files) > MAX_FILES:
        raise TooLarge(
            f"{version.ref} has {len(manifest.files):,} files",
            why=f"a query here reads at most {MAX_FILES:,}",
            hint="ask it where you are: meguru data sql",
        )
    needed = {file.digest for file in manifest.files} | {
        file.deleted for file in manifest.files if file.deleted
    }
    places = {digest: str(blobs.path(digest)) for digest in sorted(needed)}
    hidden = hidden_columns(spec_of(tx, version.name), manifest)
    return AskedTable(manifest=manifest, places=places, hidden=sorted(hidden))
