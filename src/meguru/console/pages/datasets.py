"""Datasets: the newest version of each; one with its versions and columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from meguru.console import numbers
from meguru.console.charts.bars import column_bars
from meguru.console.lineage import neighbours
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_before, wanted
from meguru.datasets import show
from meguru.datasets.types import DatasetVersion
from meguru.errors import NotFound

WINDOW = 100


class ColumnRow(msgspec.Struct, kw_only=True):
    """One column of a version, with the shape of its values."""

    name: str
    type: str
    bars: Markup | str = ""
    missing: float | None = None
    middle: str = numbers.NOTHING


def listing(visit: Visit) -> Response:
    """Show the datasets with their newest version."""
    after = visit.asked("after")
    found = show.list_datasets(visit.ws, after=after, limit=WINDOW)
    return visit.render(
        "datasets.html",
        datasets=found.items,
        older=found.next_cursor,
        after=after,
        live="dataset_version.",
    )


def one(visit: Visit) -> Response:
    """Show one version of a dataset (the newest, unless another is asked for) among the others."""
    before = number_before(visit)
    version = show.show(visit.ws, ref=wanted(visit, "dataset"))
    versions = show.versions(visit.ws, name=version.name, before=before, limit=WINDOW)
    return visit.render(
        "dataset.html",
        version=version,
        versions=versions,
        older=versions[-1].version if len(versions) == WINDOW else "",
        before=before,
        columns=_columns(visit, version),
        live="dataset_version.",
        **neighbours(visit, version.ref),
    )


def _columns(visit: Visit, version: DatasetVersion) -> list[ColumnRow]:
    try:
        profiles = show.profile(visit.ws, ref=version.ref).columns
    except NotFound:
        profiles = {}
    return [_row(visit, column.name, column.type, profiles.get(column.name)) for column in version.columns]


def _row(visit: Visit, name: str, kind: str, profile: Mapping[str, Any] | None) -> ColumnRow:
    if not profile:
        return ColumnRow(name=name, type=kind)
    whole = profile["count"] + profile["nulls"]
    if profile["kind"] == "numeric":
        quantiles = profile["quantiles"]
        middle = numbers.number(quantiles[len(quantiles) // 2], 2) if quantiles else numbers.NOTHING
    else:
        middle = str(profile["top"][0][0])[:40] if profile["top"] else numbers.NOTHING
    label = visit.text("The values of {column}", column=name)
    missing = profile["nulls"] / whole if whole else None
    return ColumnRow(name=name, type=kind, bars=column_bars(profile, label), missing=missing, middle=middle)


PAGES: dict[str, PageFunction] = {
    "/ui/datasets": listing,
    "/ui/datasets/{name}": one,
    "/ui/datasets/{name}/{version}": one,
}
