"""A row as clients send it: usual values of the training data, and none of what is personal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardColumn
from meguru.datasets import store as datasets
from meguru.datasets.frames import first_rows
from meguru.datasets.spec import spec_of
from meguru.errors import MeguruError

_PLACES: dict[str, Any] = {"boolean": True, "long": 0, "integer": 0, "double": 0.0, "float": 0.0}
"""What stands where no value is known, or none may be told."""
MOMENT, TEXT = "2026-01-31T12:00:00Z", "…"


def example_of(reader: RecordReader, inputs: Sequence[CardColumn], data: Iterable[str]) -> dict[str, Any]:
    """Return a row for the columns that clients send.

    What the model's own profile does not hold (a view makes the model's columns of what clients send) is
    taken from the first row of the data that it was made from.
    """
    found = {column.name: _usual(column) for column in inputs}
    unknown = {column.name for column in inputs if found[column.name] is None and not column.is_personal}
    for ref in data if unknown else ():
        for name, value in _first_row(reader, ref).items():
            if name in unknown and value is not None:
                found[name] = value
                unknown.discard(name)
    return {
        column.name: _placed(column) if found[column.name] is None else found[column.name]
        for column in inputs
    }


def _usual(column: CardColumn) -> Any:
    if column.is_personal:
        return None
    if column.values:
        return column.values[0]
    if isinstance(column.low, float | int):
        return int(column.low) if float(column.low).is_integer() else column.low
    return None


def _first_row(reader: RecordReader, ref: str) -> dict[str, Any]:
    """Return the first row of a dataset version, without its tagged columns; nothing if it can't be read."""
    if not reader.sees(ref):
        return {}
    try:
        version = datasets.resolve(reader.tx, ref)
        specs = spec_of(reader.tx, version.name).columns
        rows = first_rows(reader.blobs, version, 1)
    except (MeguruError, OSError):  # its files may be freed, or elsewhere
        return {}
    if not rows:
        return {}
    named = zip((column.name for column in version.columns), rows[0], strict=False)
    return {name: value for name, value in named if name not in specs or not specs[name].tags}


def _placed(column: CardColumn) -> Any:
    return _PLACES.get(column.type, MOMENT if "date" in column.type else TEXT)
