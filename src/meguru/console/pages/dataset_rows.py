"""The rows of a dataset's version: the first ones, what differs from another version, answers to a query."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from meguru.base import refs
from meguru.console.charts.bars import column_bars
from meguru.console.numbers import plain
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_of, wanted
from meguru.datasets import show
from meguru.datasets.diff import diff
from meguru.datasets.differences import ChangedRow, DatasetDiff
from meguru.datasets.sql.server_query import query
from meguru.datasets.types import DatasetVersion
from meguru.errors import MeguruError, NotFound

SAMPLE, ANSWERS, CHOICES = 50, 200, 100
MAX_COMPARED = 1_000_000
"""Rows of versions that are compared without being asked."""
MAX_LENGTH = 120


def sample(visit: Visit) -> Response:
    """Show the first rows of a version."""
    version = show.show(visit.ws, ref=wanted(visit, "dataset"))
    first_rows = show.head(visit.ws, ref=version.ref, rows=SAMPLE)
    rows = [[_cut(value) for value in row] for row in first_rows.rows]
    return visit.render(
        "dataset_sample.html", version=version, columns=first_rows.columns, rows=rows, live=""
    )


class ColumnBeside(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of a column lie in both versions."""

    name: str
    psi: float
    drifted: bool
    before: str
    after: str


def compared(visit: Visit) -> Response:
    """Show what differs between a version and another one: the one before, unless another is asked for."""
    version = show.show(visit.ws, ref=wanted(visit, "dataset"))
    others = show.versions(visit.ws, name=version.name, limit=CHOICES)
    asked = number_of(visit, "from")
    older = [dataset_version for dataset_version in others if dataset_version.version < version.version]
    before = asked if asked is not None else (older[0].version if older else None)
    dataset_diff: DatasetDiff | None = None
    if before is not None:
        first = show.show(visit.ws, ref=refs.make("dataset", version.name, before))
        small = first.rows + version.rows <= MAX_COMPARED
        dataset_diff = diff(
            visit.ws, before=first.ref, after=version.ref, rows=small or visit.asked("rows") == "1"
        )
    return visit.render(
        "dataset_diff.html",
        version=version,
        others=others,
        before=before,
        found=dataset_diff,
        changes=[_changed(changed) for changed in dataset_diff.rows.sample]
        if dataset_diff and dataset_diff.rows
        else [],
        columns=_beside(visit, dataset_diff) if dataset_diff else [],
        live="",
    )


def _changed(row: ChangedRow) -> dict[str, Any]:
    both = row.before and row.after
    sign = "changed" if both else "added" if row.after else "removed"
    values = [
        (name, *(_cut(side.get(name)) if side else "" for side in (row.before, row.after)))
        for name in dict.fromkeys([*row.before, *row.after])
    ]
    return {"sign": sign, "key": [(name, _cut(value)) for name, value in row.key.items()], "values": values}


def _beside(visit: Visit, found: DatasetDiff) -> list[ColumnBeside]:
    """Return the columns that both versions have, with the shapes of their values beside each other."""
    try:
        old, new = (show.profile(visit.ws, ref=ref).columns for ref in (found.before, found.after))
    except NotFound:
        return []
    return [
        ColumnBeside(
            name=drift.column,
            psi=drift.psi,
            drifted=drift.drifted,
            before=column_bars(old[drift.column], visit.text("The values of {column}", column=drift.column)),
            after=column_bars(new[drift.column], visit.text("The values of {column}", column=drift.column)),
        )
        for drift in found.drift
        if drift.column in old and drift.column in new
    ]


def asked(visit: Visit) -> Response:
    """Answer a SELECT over datasets; without one, offer the first."""
    version = show.show(visit.ws, ref=wanted(visit, "dataset"))
    text = visit.request.query_params.get("query", "").strip()
    found, error = None, None
    if text:
        try:
            found = query(visit.ws, sql=text, rows=ANSWERS)
        except MeguruError as raised:
            error = raised
    return visit.render(
        "dataset_query.html",
        version=version,
        text=text or _first(version, visit.project),
        found=found,
        rows=[[_cut(value) for value in row] for row in found.rows] if found else [],
        error=error,
        live="",
    )


def _first(version: DatasetVersion, project: str) -> str:
    name = refs.relative_to(project, version.name)
    return f'SELECT * FROM "{name}@{version.version}" LIMIT 20'  # noqa: S608 - shown, and guarded when it is asked


def _cut(value: Any) -> str:
    text = plain(value)
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


PAGES: dict[str, PageFunction] = {
    "/ui/datasets/{name}/{version}/sample": sample,
    "/ui/datasets/{name}/{version}/diff": compared,
    "/ui/datasets/{name}/{version}/query": asked,
}
