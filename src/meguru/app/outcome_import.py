"""Bring in outcomes by the million, from a file, a dataset or a database; a crash costs one call at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from meguru.app.calls import dataset_show, outcome_record
from meguru.base import digests
from meguru.errors import MeguruError, UsageError, from_dict
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.predictions.sources import SourceColumns, form_of, read_file, read_sql, shaped
from meguru.predictions.sources.sql import SCHEMES
from meguru.predictions.types import MAX_TOLD, OutcomeInput, OutcomesRecorded, Unknown

A_CALL = 5_000
"""Outcomes of one transaction: predictions wait no longer than these take."""
Progress = Callable[[OutcomesRecorded], object]
"""Called after each call, with the sums so far."""


def rows_of(
    ws: Workspace | RemoteWorkspace, source: str, columns: SourceColumns, *, query: str = ""
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the rows of a source: ``sqlite:///…`` or ``postgresql://…``, a file, or a dataset (``NAME@3``)."""
    if source.startswith(SCHEMES):
        if not query:
            raise UsageError("say what to read", hint="--query 'SELECT …', or the name of a table")
        return read_sql(source, query, columns)
    if query:
        raise UsageError("a query is for a database", where=source)
    if (path := Path(source)).is_file():
        return read_file(path, form_of(path), columns)
    if "@" not in source:
        hint = f"a file, a database's URL, or a dataset's version: {source[:60]}@latest"
        raise UsageError(f"there is no file {source[:200]}", hint=hint)
    return _of_dataset(ws, source, columns)


def import_outcomes(
    ws: Workspace | RemoteWorkspace,
    endpoint: str,
    source: str,
    *,
    query: str = "",
    renamed: Mapping[str, str] | None = None,
    unknown: Unknown = "keep",
    progress: Progress | None = None,
) -> OutcomesRecorded:
    """Record the outcomes of a source; what was recorded by an earlier call is not touched again.

    Parameters
    ----------
    source
        See `rows_of`; its columns are the fields of `OutcomeInput`.
    query
        For a database: a ``SELECT`` or the name of a table.
    renamed
        Columns of the source by field, such as ``{"value": "late"}``; further columns are left out then.
    unknown
        ``keep`` has outcomes of predictions that nobody knows wait for them, ``refuse`` refuses them.

    Raises
    ------
    InvalidInput
        When a row can't be taken; what came before it is recorded, and stays so when all is sent again.
    """
    columns = SourceColumns(OutcomeInput, required=("value",), renamed=renamed)
    total = OutcomesRecorded(endpoint=endpoint, count=0)
    for part in shaped(rows_of(ws, source, columns, query=query), OutcomeInput, columns, A_CALL):
        given = [each for _, each in part]
        # The content is the key: whoever was killed, or asks again, is told what was answered then.
        key = f"import/{digests.of_bytes(msgspec.json.encode((ws.project, endpoint, unknown, given)))}"
        try:
            done = outcome_record(
                ws.with_(idempotency_key=key), endpoint=endpoint, outcomes=given, unknown=unknown
            )
        except MeguruError as error:
            raise _of_row(error, part, total.count) from error
        total = OutcomesRecorded(
            endpoint=done.endpoint,
            count=total.count + done.count,
            corrected=total.corrected + done.corrected,
            repeated=total.repeated + done.repeated,
            waiting=total.waiting + done.waiting,
            unknown=[*total.unknown, *done.unknown][:MAX_TOLD],
        )
        if progress:
            progress(total)
    return total


def _of_dataset(
    ws: Workspace | RemoteWorkspace, ref: str, columns: SourceColumns
) -> Iterator[tuple[int, dict[str, Any]]]:
    from meguru.datasets import reading
    from meguru.datasets.manifest import load_manifest

    version = dataset_show(ws, ref=ref)
    manifest = load_manifest(ws.blobs, version)
    fields = columns.of([each.name for each in manifest.columns], version.ref)
    chosen = {each.name: field for each, field in zip(manifest.columns, fields, strict=True) if field}
    number = 0
    for file in manifest.files:
        path = ws.blobs.path(file.digest)
        frame = reading.read(path, manifest.format, file.path, columns=manifest.columns)
        for row in frame.select(list(chosen)).rename(chosen).iter_rows(named=True):
            number += 1
            yield number, row


def _of_row(error: MeguruError, part: list[tuple[int, OutcomeInput]], before: int) -> MeguruError:
    """Return an error that names the row of the source."""
    field = error.field or ""
    if not field.startswith("outcomes["):
        return error
    place, _, rest = field.removeprefix("outcomes[").partition("]")
    number = part[int(place)][0]
    hint = f"{before:,} outcomes before it are recorded; correct the row and import again" if before else ""
    said = error.as_dict() | {"field": f"row {number}{rest}"}
    return from_dict(said | {"try": hint} if hint else said)
