"""Plain data that does not fit its type: which field, why, and what would have been right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from meguru.errors import InvalidInput, near_misses

_STEP = re.compile(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]")
MAX_SHOWN = 20


def as_invalid(error: msgspec.ValidationError, where: str, wanted: Any = None) -> InvalidInput:
    """Turn msgspec's ``… - at `$.rows[3].x` `` into our error with its field.

    Parameters
    ----------
    error
        What msgspec raised.
    where
        What was read, as in ``release.create``; may be empty.
    wanted
        The type that the data was to have. With it the error lists the values or the fields that are allowed,
        and the one that was probably meant.
    """
    what, _, path = str(error).partition(" - at `")
    of_key, path = path.startswith("key` in `"), path.rstrip("`").removeprefix("key` in `").removeprefix("$")
    field, why, hint = path.removeprefix("."), what, ""
    named = what.split("`")[1] if "field `" in what else ""
    if named:
        field = f"{field}.{named}" if field else named
    if named and "unknown field" in what:
        why, hint = _unknown(named, _fields(wanted, path))
    elif what.startswith(("Invalid enum value ", "Invalid value ")):
        given = what.partition("value ")[2].strip("'")
        why, hint = _not_allowed(given, _values(wanted, path, of_key=of_key), otherwise=what)
    what = f"{field or 'the input'} is not as it must be"
    return InvalidInput(f"{where}: {what}" if where else what, why=why, field=field, hint=hint)


def _unknown(name: str, known: list[str]) -> tuple[str, str]:
    if not known:
        return f"there is no field {name!r}", "it takes no fields"
    return f"there is no field {name!r}", _meant(name, known, f"it has {', '.join(known[:MAX_SHOWN])}")


def _not_allowed(given: str, allowed: list[str], *, otherwise: str) -> tuple[str, str]:
    if not allowed:
        return otherwise, ""
    shown = ", ".join(allowed[:MAX_SHOWN]) + (", …" if len(allowed) > MAX_SHOWN else "")
    return f"{given[:120]!r} is none of {shown}", _meant(given, allowed)


def _meant(name: str, known: list[str], otherwise: str = "") -> str:
    close = near_misses(name, known)
    return f"did you mean {close[0]!r}?" if close else otherwise


def _values(wanted: Any, path: str, *, of_key: bool) -> list[str]:
    """Return what may stand at a path: values of enumerations and literals, tags of structs."""
    found: dict[str, None] = {}
    kinds = _at(wanted, path)
    if of_key:
        kinds = [kind.key_type for kind in kinds if isinstance(kind, inspect.DictType)]
    for kind in kinds:
        if isinstance(kind, inspect.EnumType):
            found.update({str(member.value): None for member in kind.cls})
        elif isinstance(kind, inspect.LiteralType):
            found.update({str(value): None for value in kind.values})
    if not found and path:
        above, _, last = path.rpartition(".")
        structs = [kind for kind in _at(wanted, above) if isinstance(kind, inspect.StructType)]
        found = {str(kind.tag): None for kind in structs if kind.tag is not None and kind.tag_field == last}
    return list(found)


def _fields(wanted: Any, path: str) -> list[str]:
    structs = [kind for kind in _at(wanted, path) if isinstance(kind, inspect.StructType)]
    return list(dict.fromkeys(field.encode_name for kind in structs for field in kind.fields))


def _at(wanted: Any, path: str) -> list[inspect.Type]:
    """Return the types that may stand at a path of a type; none if it can't be followed."""
    if wanted is None:
        return []
    try:
        kinds = list(_members(inspect.type_info(wanted)))
    except TypeError:  # a type that msgspec can't describe, as a custom one: nothing to list then
        return []
    for name, _ in _STEP.findall(path):
        kinds = [member for kind in kinds for inner in _inside(kind, name) for member in _members(inner)]
    return kinds


def _members(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        yield from _members(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _members(each)
    else:
        yield kind


def _inside(kind: inspect.Type, name: str) -> Iterator[inspect.Type]:
    """Yield what is below a field, or (without a name) the items of a list or the values of a mapping."""
    if name:
        for field in getattr(kind, "fields", ()):
            if field.encode_name == name:
                yield field.type
        return
    yield from getattr(kind, "item_types", ())
    for attribute in ("item_type", "value_type"):
        inner = getattr(kind, attribute, None)
        if inner is not None:
            yield inner
