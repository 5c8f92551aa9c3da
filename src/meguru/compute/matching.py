"""Types between steps: what a step returns must fit what the next one takes."""

from __future__ import annotations

import inspect
import types
import typing
from pathlib import PurePath
from typing import Any, get_args, get_origin

import msgspec

from meguru.compute.plain import from_plain, to_plain
from meguru.errors import InvalidInput

_ANY = {Any, object, inspect.Parameter.empty}
_WIDENS = {(int, float), (bool, int), (bool, float)}


def output_types(returned: Any) -> list[Any] | None:
    """Return the types of the parts if a step returns a tuple of fixed length, else None."""
    args = get_args(returned)
    if get_origin(returned) is tuple and args and Ellipsis not in args:
        return list(args)
    return None


def item_type(kind: Any) -> Any:
    """Return the type of a list's items; Any if it is not known."""
    args = get_args(kind)
    return args[0] if get_origin(kind) is list and args else Any


def type_name(kind: Any) -> str:
    """Spell a type for people and for the graph."""
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return str(kind).replace("typing.", "")


def check_types(produced: Any, wanted: Any, where: str, source: str) -> None:
    """Refuse a connection that can't work; what is not certain passes.

    Raises
    ------
    InvalidInput
        If both types are known and no value of the one is a value of the other.
    """
    if not _fits(produced, wanted):
        raise InvalidInput(
            f"{where} takes {type_name(wanted)}, but {source} is {type_name(produced)}",
            where=where,
            field=where,
            hint="change the annotation of one of the two, or pass another value",
        )


def _fits(produced: Any, wanted: Any) -> bool:
    if any(_is_any(kind) for kind in (produced, wanted)):
        return True
    if get_origin(produced) in {typing.Union, types.UnionType}:
        return any(_fits(part, wanted) for part in get_args(produced))
    if get_origin(wanted) in {typing.Union, types.UnionType}:
        return any(_fits(produced, part) for part in get_args(wanted))
    have, want = get_origin(produced) or produced, get_origin(wanted) or wanted
    if not (isinstance(have, type) and isinstance(want, type)):
        return True
    if getattr(want, "_is_protocol", False):
        return True
    return issubclass(have, want) or (have, want) in _WIDENS or _is_picture(have, want)


def _is_picture(have: type, want: type) -> bool:
    """Tell whether a figure goes where a path is wanted: it is handed over as the path of its picture."""
    return have.__module__ == "matplotlib.figure" and issubclass(want, PurePath)


def _is_any(kind: Any) -> bool:
    return isinstance(kind, typing.TypeVar) or (getattr(kind, "__hash__", None) is not None and kind in _ANY)


def check_constant(value: Any, wanted: Any, where: str) -> Any:
    """Return a constant of the body as plain JSON data.

    Raises
    ------
    InvalidInput
        If it is not of the annotated type, or can't be written as JSON.
    """
    try:
        plain = to_plain(value)
        msgspec.json.encode(plain)
    except (TypeError, NotImplementedError, msgspec.MsgspecError, OverflowError) as error:
        raise InvalidInput(
            f"{where}: a {type(value).__name__} can't be written into the graph",
            where=where,
            why=str(error),
            hint="make it in a step, and pass that step's output",
        ) from error
    if value is None or _is_any(wanted):
        return plain
    try:
        from_plain(plain, wanted)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"{where}={value!r} is not a {type_name(wanted)}", where=where, why=str(error), field=where
        ) from error
    except (TypeError, NotImplementedError):  # a type that msgspec doesn't know: the step itself will see
        return plain
    return plain
