"""A dataset as a Delta Lake table, on request."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.delta.log import TableState, log_name, state_in
from meguru.datasets.delta.table import TableMirror
from meguru.datasets.delta.types import DatasetTable
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.masking import hidden_columns_of
from meguru.datasets.remove import of_line
from meguru.datasets.spec import spec_of
from meguru.datasets.versions.deleted import as_array, positions_of
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation


@operation("dataset.table", permission="dataset:read", query=True, on="ref")
def table(ctx: Context, *, ref: str, rebuild: bool = False) -> DatasetTable:
    """Make a dataset a Delta Lake table beside the blobs, or bring it up to date, and say where it is.

    Version 3 of the table is version 3 of the dataset. Its files are links, which cost no bytes, but in a
    bucket, where they are copies. A server keeps a table that was made once. With `rebuild` it is made anew.

    Raises
    ------
    InvalidInput
        If a table can't hold a column.
    Conflict
        If somebody else wrote into the table.
    Forbidden
        If it has personal columns in clear, which the caller may not see.
    """
    version = store.resolve(ctx.tx, ref, ctx.readable)
    if version.branch:
        hint = f"merge the branch first: meguru data merge {version.name}@{version.branch}"
        raise InvalidInput(f"{version.ref} is on a branch, and a table has the main line", hint=hint)
    _check_clear(ctx, version.name)
    newest = store.newest(ctx.tx, version.name) or version
    mirror = TableMirror(ctx.blobs, version.name)
    if rebuild:
        mirror.place.clear()
    mirror.update(ctx.tx, newest.version)
    state = state_in(mirror.place.read(log_name(version.version)))
    if state is None:
        raise NotFound(
            f"{version.ref} is not in the table", where=version.ref, hint="meguru data table --rebuild"
        )
    return DatasetTable(
        ref=version.ref,
        uri=mirror.place.uri,
        version=version.version,
        files=len(state.files),
        query=f"SELECT * FROM delta_scan({_quoted(mirror.place.uri)})",  # noqa: S608 - it is quoted
        view=_view(mirror, state),
        copied=mirror.copied,
    )


def _check_clear(ctx: Context, name: str) -> None:
    """Refuse who may not see personal columns that any version has in clear: the table has all of them."""
    if not spec_of(ctx.tx, name).columns:
        return
    # All versions: time travel reads the old ones of a table, too.
    there = [version for version in of_line(ctx.tx, name, "") if not version.remote_environment]
    hidden = frozenset[str]().union(
        *(hidden_columns_of(ctx, version, load_manifest(ctx.blobs, version)) for version in there)
    )
    if hidden:
        why = f"a table is read by others, with {', '.join(sorted(hidden))} in clear"
        ctx.require("dataset:clear", project=refs.project_of(name), why=why)


def _view(mirror: TableMirror, state: TableState) -> str:
    """Return a SELECT for who reads Parquet but no deletion vectors: it leaves out the rows that are gone."""
    if not state.files:
        return ""
    uri = mirror.place.uri
    files = ", ".join(_quoted(f"{uri}/{file.name}") for file in state.files)
    read = f"read_parquet([{files}], union_by_name = true"
    if not any(file.deleted for file in state.files):
        return f"SELECT * FROM {read})"  # noqa: S608 - they are quoted
    gone = _quoted(f"{uri}/{_positions(mirror, state)}")
    same = "ends_with(f.filename, d.file) AND d.position = f.file_row_number"
    there = f"SELECT 1 FROM read_parquet({gone}) d WHERE {same}"  # noqa: S608 - it is quoted
    rows = f"{read}, filename = true, file_row_number = true) f"
    return f"SELECT * EXCLUDE (filename, file_row_number) FROM {rows} WHERE NOT EXISTS ({there})"  # noqa: S608


def _positions(mirror: TableMirror, state: TableState) -> str:
    """Write the positions of deleted rows as a plain file; return its name in the table."""
    frames = []
    for file in state.files:
        if file.deleted:
            gone = as_array(positions_of(mirror.blobs, file.deleted)).astype(np.int64)
            frames.append(pl.select(file=pl.lit(file.name), position=pl.lit(pl.Series(gone))))
    name = f"_positions/{state.version}-{state.digest[:16]}.parquet"
    with TemporaryDirectory(prefix="meguru-table-") as folder:
        path = Path(folder) / "positions.parquet"
        pl.concat(frames).write_parquet(path)
        mirror.place.add(name, path)
    return name


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
