"""The numbers of a gate that measured parts of the rows: a table for each measure, a line for each part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from meguru.fairness import FairnessResult
from meguru.releases.types import GateResult


class PartLine(msgspec.Struct, frozen=True, kw_only=True):
    """One part: a group, or a slice; `judged` when it has enough rows. What is not told is None."""

    name: str
    rows: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    judged: bool = True


class PartsTable(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of each part, and in `columns` what parts they are of.

    `gap` are value, low and high of what is judged, `comparison` whether that is a difference, a ratio or the
    distance from 0; empty where each part is judged by itself.
    """

    columns: str
    measure: str
    lines: list[PartLine]
    comparison: str = ""
    gap: tuple[float | None, float | None, float | None] = (None, None, None)
    limit: float | None = None
    level: float | None = None


def tables_of(result: GateResult) -> list[PartsTable]:
    """Return the tables of a gate's numbers; none of a gate that looked at no parts."""
    numbers = result.numbers
    return [*map(_of_groups, _dicts(numbers.get("groups"))), *_of_slices(numbers)]


def table_of_groups(found: FairnessResult, columns: Sequence[str]) -> PartsTable:
    """Return the table of groups that were compared by one criterion."""
    return _of_groups(msgspec.to_builtins(found) | {"columns": list(columns)})


def _dicts(given: Any) -> list[dict[str, Any]]:
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _of_groups(found: dict[str, Any]) -> PartsTable:
    within = found.get("criterion") == "calibration_within_groups"
    return PartsTable(
        columns=" and ".join(found.get("columns", [])),
        measure=str(found.get("measure", "")).replace("_", " "),
        lines=[
            PartLine(
                name=str(each.get("group", "")),
                rows=each.get("rows"),
                value=each.get("value"),
                low=each.get("low"),
                high=each.get("high"),
                judged=bool(each.get("judged", True)),
            )
            for each in _dicts(found.get("groups"))
        ],
        comparison="distance from 0" if within else str(found.get("comparison", "")),
        gap=(found.get("value"), found.get("low"), found.get("high")),
        limit=found.get("limit"),
        level=found.get("level"),
    )


def _of_slices(numbers: dict[str, Any]) -> Iterator[PartsTable]:
    """Return the slices of the gates `metric` and `champion`."""
    slices = _dicts(numbers.get("slices"))
    if not slices:
        return
    gained = "difference" in slices[0]
    lines = [
        PartLine(
            name=str(each.get("slice", each.get("value", ""))),
            rows=each.get("n"),
            value=each.get("difference") if gained else each.get("metric"),
            low=each.get("low"),
            high=each.get("high"),
        )
        for each in slices
    ]
    what = "difference in {}" if gained else "{}"
    yield PartsTable(
        columns="slices",
        measure=what.format(numbers.get("metric", "")),
        lines=lines,
        limit=numbers.get("margin" if gained else "wanted"),
        level=numbers.get("confidence"),
    )
