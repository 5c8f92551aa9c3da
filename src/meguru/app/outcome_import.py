"""Bring in outcomes and feedback by the million: from a file, a dataset or a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from meguru.app.calls import dataset_show, feedback_record, outcome_record
from meguru.base import digests
from meguru.errors import MeguruError, UsageError, from_dict
from meguru.judgements.types import JUDGEMENTS, FeedbackInput, FeedbackRecorded
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.predictions.sources import SourceColumns, form_of, read_file, read_sql, shaped
from meguru.predictions.sources.sql import SCHEMES
from meguru.predictions.types import OutcomeInput, OutcomesRecorded, Unknown, added

S = TypeVar("S", bound=msgspec.Struct)
R = TypeVar("R", bound=OutcomesRecorded)
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
    parts = shaped(rows_of(ws, source, columns, query=query), OutcomeInput, columns, A_CALL)

    def ask(ws: Any, given: list[OutcomeInput]) -> OutcomesRecorded:
        return outcome_record(ws, endpoint=endpoint, outcomes=given, unknown=unknown)

    start = OutcomesRecorded(endpoint=endpoint, count=0)
    return _imported(ws, parts, (endpoint, unknown), ask, start, progress)


def import_feedback(
    ws: Workspace | RemoteWorkspace,
    endpoint: str,
    source: str,
    *,
    query: str = "",
    renamed: Mapping[str, str] | None = None,
    unknown: Unknown = "keep",
    progress: Progress | None = None,
) -> FeedbackRecorded:
    """Record the feedback of a source, with the fields of `FeedbackInput`; see `import_outcomes`."""
    columns = SourceColumns(FeedbackInput, required=JUDGEMENTS, renamed=renamed)
    parts = shaped(rows_of(ws, source, columns, query=query), FeedbackInput, columns, A_CALL)

    def ask(ws: Any, given: list[FeedbackInput]) -> FeedbackRecorded:
        return feedback_record(ws, endpoint=endpoint, feedback=given, unknown=unknown)

    start = FeedbackRecorded(endpoint=endpoint, count=0)
    return _imported(ws, parts, (endpoint, unknown), ask, start, progress)


def _imported(
    ws: Workspace | RemoteWorkspace,
    parts: Iterable[list[tuple[int, S]]],
    what: tuple[str, ...],
    ask: Callable[[Any, list[S]], R],
    total: R,
    progress: Progress | None,
) -> R:
    """Make a call for each part of a source; return the sums."""
    for part in parts:
        given = [each for _, each in part]
        # The content is the key: whoever was killed, or asks again, is told what was answered then.
        key = f"import/{digests.of_bytes(msgspec.json.encode((ws.project, what, given)))}"
        try:
            done = ask(ws.with_(idempotency_key=key), given)
        except MeguruError as error:
            raise _of_row(error, part, total.count) from error
        total = added(total, done)
        if progress:
            progress(total)
    return total


def _of_dataset(
    ws: Workspace | RemoteWorkspace, ref: str, columns: SourceColumns
) -> Iterator[tuple[int, dict[str, Any]]]:
    from meguru.datasets.frames import file_frame
    from meguru.datasets.manifest import load_manifest

    version = dataset_show(ws, ref=ref)
    manifest = load_manifest(ws.blobs, version)
    fields = columns.of([column.name for column in manifest.columns], version.ref)
    chosen = {each.name: field for each, field in zip(manifest.columns, fields, strict=True) if field}
    number = 0
    for file in manifest.files:
        frame = file_frame(ws.blobs, manifest, file)
        for row in frame.select(list(chosen)).rename(chosen).iter_rows(named=True):
            number += 1
            yield number, row


def _of_row(error: MeguruError, part: Sequence[tuple[int, Any]], before: int) -> MeguruError:
    """Return an error that names the row of the source."""
    field = error.field or ""
    name, bracket, place = field.partition("[")
    if not bracket or name not in {"outcomes", "feedback"}:
        return error
    place, _, rest = place.partition("]")
    number = part[int(place)][0]
    hint = f"{before:,} before it are recorded; correct the row and import again" if before else ""
    said = error.as_dict() | {"field": f"row {number}{rest}"}
    return from_dict(said | {"try": hint} if hint else said)
