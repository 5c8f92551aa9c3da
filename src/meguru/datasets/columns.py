"""Schemas: how types of several files become one, and what changed between two versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meguru.datasets.differences import SchemaChange
from meguru.datasets.types import DatasetColumn

_INTEGERS = {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"}
_NUMBERS = _INTEGERS | {"Float32", "Float64"}


def widen(first: str, second: str) -> str | None:
    """Return the type that holds both, without loss of meaning; None when there is none.

    Integers widen to ``Int64`` and numbers to ``Float64``; ``Null`` (no value seen) becomes anything. What is
    kept as ``UInt64`` may be beyond ``Int64``.
    """
    if second in {first, "Null"}:
        return first
    if first == "Null":
        return second
    # No type holds both its upper half and negative numbers, and a double rounds.
    if "UInt64" in {first, second}:
        return None
    if first in _INTEGERS and second in _INTEGERS:
        return "Int64"
    if first in _NUMBERS and second in _NUMBERS:
        return "Float64"
    return None


def merge(schemas: Iterable[Sequence[DatasetColumn]]) -> list[DatasetColumn]:
    """Return one schema for all: columns in order of first sight; types that don't mix become ``String``."""
    types: dict[str, str] = {}
    for schema in schemas:
        for column in schema:
            known = types.get(column.name, column.type)
            types[column.name] = widen(known, column.type) or "String"
    return [DatasetColumn(name=name, type=kind) for name, kind in types.items()]


def changes(
    before: Sequence[DatasetColumn], after: Sequence[DatasetColumn], *, widening: bool = False
) -> list[SchemaChange]:
    """List how `after` differs from `before`; types that merely widen count only with `widening`."""
    old, new = ({column.name: column.type for column in schema} for schema in (before, after))
    found = []
    for name in dict.fromkeys([*old, *new]):
        first, second = old.get(name, ""), new.get(name, "")
        if first == second or (first and second and not widening and widen(first, second)):
            continue
        found.append(SchemaChange(column=name, before=first, after=second))
    return found
