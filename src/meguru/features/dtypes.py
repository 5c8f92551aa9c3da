"""The types of features, as they are written and as Polars has them."""

from __future__ import annotations

import re
from typing import Any

from meguru.errors import InvalidInput, near_misses

NAMES = (
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Boolean",
    "String",
    "Date",
    "Datetime",
    "Datetime[UTC]",
    "Duration",
)
ALIASES = {"int": "Int64", "float": "Float64", "str": "String", "bool": "Boolean", "string": "String"}
_MAX_NAME = 1000
ALIASES |= {"double": "Float64", "long": "Int64", "boolean": "Boolean", "datetime": "Datetime[UTC]"}
"""Also in the words of contracts."""
MAY_LACK = "?"
"""After the type of a request's field: it may be null."""
_LIST = re.compile(r"(List|Array)\((\w+(?:\[UTC\])?)(?:, *(\d{1,5}))?\)")


def check(name: str, *, field: str) -> str:
    """Return the usual spelling of a type.

    Raises
    ------
    InvalidInput
        If there is no such type.
    """
    found = ALIASES.get(name, name)
    listed = _LIST.fullmatch(found)
    inner = ALIASES.get(listed[2], listed[2]) if listed else found
    if inner not in NAMES or (listed and (listed[1] == "Array") is not bool(listed[3])):
        close = near_misses(name, [*NAMES, *ALIASES])
        hint = f"did you mean {close[0]!r}?" if close else f"one of {', '.join(NAMES)}, List(Float32)"
        raise InvalidInput(f"{name[:80]!r} is no type of a feature", field=field, hint=hint)
    if listed is None:
        return found
    return f"Array({inner}, {listed[3]})" if listed[3] else f"List({inner})"


def check_found(name: str, *, field: str) -> str:
    """Return the spelling of a type that was found: also one that nobody can write.

    Raises
    ------
    InvalidInput
        If it is far too long for a type.
    """
    if not 0 < len(name) <= _MAX_NAME:
        raise InvalidInput(f"{name[:80]!r} is no type", field=field)
    return name


def check_field(name: str, *, field: str) -> str:
    """Return the usual spelling of the type of a request's field, which may be null if it ends with ``?``."""
    bare = name.removesuffix(MAY_LACK)
    return check(bare, field=field) + name[len(bare) :]


def polars_type(name: str) -> Any:
    """Return what Polars has for a type as it is written."""
    import polars as pl

    listed = _LIST.fullmatch(name)
    if listed:
        inner = polars_type(listed[2])
        return pl.Array(inner, int(listed[3])) if listed[3] else pl.List(inner)
    if name == "Datetime":
        return pl.Datetime("us")
    if name == "Datetime[UTC]":
        return pl.Datetime("us", "UTC")
    return pl.Duration("us") if name == "Duration" else getattr(pl, name)


def spelled(kind: Any) -> str:
    """Return how a type of Polars is written; what has no such spelling is as Polars says it."""
    import polars as pl

    if isinstance(kind, pl.Datetime):
        return "Datetime[UTC]" if kind.time_zone else "Datetime"
    if isinstance(kind, pl.Duration):
        return "Duration"
    if isinstance(kind, pl.Array):
        return f"Array({spelled(kind.inner)}, {kind.size})"
    return f"List({spelled(kind.inner)})" if isinstance(kind, pl.List) else str(kind)
