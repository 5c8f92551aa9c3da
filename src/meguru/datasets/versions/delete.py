"""Delete rows by a condition in SQL: deletion vectors mark them, and every other version keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.base.library_errors import reason
from meguru.base.names import check_full_name
from meguru.datasets import checking, store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DatasetVersion, Manifest
from meguru.datasets.versions.positions import delete_rows_at, rows_matching
from meguru.datasets.write import check_follows, emit_version, write_version
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation

if TYPE_CHECKING:
    import polars as pl

_MAX_LENGTH = 10_000


@operation("dataset.delete_rows", permission="dataset:write", on="name")
def delete_rows(
    ctx: Context, *, name: str, condition: str, branch: str = "", note: str = "", follows: str = ""
) -> DatasetVersion:
    """Make a version without the rows for which a condition is true: ``country = 'NZ' AND price > 9``.

    The condition is SQL over the columns. Earlier versions keep the rows. Where no row fits, the newest
    version is returned. Rows are deleted by their keys with ``mode="delete"`` of `register`.

    Raises
    ------
    InvalidInput
        If the condition makes no sense for these columns.
    Conflict
        If there is a newer version than the one that it follows.
    """
    name = check_full_name("dataset", name)
    with ctx.ws.read() as tx:
        newest = store.newest(tx, name, branch) or store.resolve(tx, name, ctx.readable)
    before = load_manifest(ctx.blobs, newest)
    manifest = _without_rows(ctx, before, condition)
    previous = store.lock(ctx.tx, name, ctx.now(), branch)
    check_follows(previous, follows)
    if previous is None:
        raise NotFound(f"dataset {name!r} has no version", where=name)
    # The rows were searched without a lock; in another version they stand elsewhere.
    if previous.digest != newest.digest:  # somebody else wrote meanwhile
        before = load_manifest(ctx.blobs, previous)
        manifest = _without_rows(ctx, before, condition)
    if manifest == before:
        return previous
    said = note or f"deleted where {condition[:200]}"
    version = write_version(ctx, manifest, name=name, note=said, branch=branch, before=before)
    emit_version(ctx, version, previous, "delete", [])
    return version


def _without_rows(ctx: Context, manifest: Manifest, condition: str) -> Manifest:
    import polars as pl

    try:
        asked = condition_of(condition)
        for name in asked.meta.root_names():
            checking.known_column(name, [column.name for column in manifest.columns], field="condition")
        marks = rows_matching(ctx.blobs, manifest, asked)
    except pl.exceptions.PolarsError as error:
        columns = ", ".join(column.name for column in manifest.columns[:12])
        raise InvalidInput(
            "the condition can't be asked of these rows",
            why=reason(error),
            hint=f"write SQL over the columns: {columns}",
            field="condition",
        ) from error
    return delete_rows_at(ctx.blobs, manifest, marks)


def condition_of(text: str) -> pl.Expr:
    """Return a condition that is written in SQL, over the columns of one table."""
    import polars as pl

    if not 0 < len(text) <= _MAX_LENGTH:
        raise InvalidInput(
            "there is no condition", why=f"up to {_MAX_LENGTH:,} characters", field="condition"
        )
    return pl.sql_expr(text)
