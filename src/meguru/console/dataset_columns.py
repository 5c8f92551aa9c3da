"""The columns of a dataset's version as a page shows them: types, tags, the shape of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from markupsafe import Markup

from meguru.console import numbers
from meguru.console.charts.bars import column_bars
from meguru.console.page_request import Visit
from meguru.datasets import show
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs
from meguru.datasets.types import DatasetVersion
from meguru.errors import NotFound

LEVELS = ("1 %", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %")
SHOWN = 12


class ColumnRow(msgspec.Struct, kw_only=True):
    """One column of a version, with the shape of its values.

    `tags` are what people say of it, `facts` named figures, `top` frequent values with the share of rows that
    have them.
    """

    name: str
    type: str
    tags: list[str] = []
    bars: Markup | str = ""
    missing: float | None = None
    middle: str = numbers.NOTHING
    facts: list[tuple[str, str]] = []
    top: list[tuple[str, float]] = []


def columns_of(visit: Visit, version: DatasetVersion) -> list[ColumnRow]:
    """Return the rows of a version's columns, with profiles where there are any."""
    try:
        profiles = show.profile(visit.ws, ref=version.ref).columns
    except NotFound:
        profiles = {}
    said = _tags(visit, version.name)
    rows = [_row(visit, column.name, column.type, profiles.get(column.name)) for column in version.columns]
    for row in rows:
        row.tags = said.get(row.name, [])
    return rows


def _tags(visit: Visit, name: str) -> dict[str, list[str]]:
    """Return what people say of a dataset's columns: tags, and how they are treated."""
    held = specs.specs(visit.ws, name=name, limit=1)
    if not held or held[0].retired:
        return {}
    column_specs = msgspec.convert(held[0].spec, DatasetSpec).columns
    return {
        column: [*each.tags, *([each.treat] if each.treat else [])] for column, each in column_specs.items()
    }


def _row(visit: Visit, name: str, kind: str, profile: Mapping[str, Any] | None) -> ColumnRow:
    if not profile:
        return ColumnRow(name=name, type=kind)
    whole = profile["count"] + profile["nulls"]
    label = visit.text("The values of {column}", column=name)
    row = ColumnRow(
        name=name,
        type=kind,
        bars=column_bars(profile, label),
        missing=profile["nulls"] / whole if whole else None,
    )
    known = {"numeric": _numbers, "time": _times}.get(profile["kind"], _categories)
    known(visit, row, profile)
    return row


def _numbers(visit: Visit, row: ColumnRow, profile: Mapping[str, Any]) -> None:
    written = [numbers.number(each) for each in profile["quantiles"]]
    _spread(visit, row, written, numbers.number(profile["minimum"]), numbers.number(profile["maximum"]))
    row.facts += [
        (visit.text("mean"), numbers.number(profile["mean"])),
        (visit.text("standard deviation"), numbers.number(profile["sd"])),
    ]


def _times(visit: Visit, row: ColumnRow, profile: Mapping[str, Any]) -> None:
    ends = (profile[name] or numbers.NOTHING for name in ("minimum", "maximum"))
    _spread(visit, row, profile["quantiles"], *ends)


def _spread(visit: Visit, row: ColumnRow, quantiles: list[str], first: str, last: str) -> None:
    if quantiles:
        row.middle = quantiles[len(quantiles) // 2]
    row.facts = [
        (visit.text("least"), first),
        *zip(LEVELS, quantiles, strict=False),
        (visit.text("most"), last),
    ]


def _categories(visit: Visit, row: ColumnRow, profile: Mapping[str, Any]) -> None:
    whole = profile["count"] or 1
    row.middle = str(profile["top"][0][0])[:40] if profile["top"] else numbers.NOTHING
    row.facts = [(visit.text("different values"), numbers.count(profile["distinct"]))]
    row.top = [(str(name)[:80], count / whole) for name, count in profile["top"][:SHOWN]]
