"""Tuples, sets, dates, enums, lists of records: JSON can't tell them apart, the annotation does."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from meguru.compute.materializers.base import Value, ValueStore, put
from meguru.compute.materializers.plain import dump
from meguru.errors import InvalidInput

_MAX_DEPTH = 50


class Annotated:
    """JSON, read back as the return annotation of the step says."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value can be written as JSON at all."""
        try:
            msgspec.to_builtins(value, str_keys=True)
        except (TypeError, msgspec.MsgspecError):
            return False
        return True

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write JSON, if reading it back gives an equal value."""
        # Sets of equal members come in any order; what holds one is written in the order of its text.
        data = dump(msgspec.to_builtins(value, str_keys=True, order=order_of(value)))
        if _convert(json.loads(data), annotation) != value:
            raise InvalidInput(
                f"a {type(value).__name__} that a step returns can't be read back as it was",
                why=f"the step's return annotation is {annotation}",
                hint="annotate what the step returns, as in -> dict[int, str]; or return lists and dicts",
            )
        return put("annotated", data, place)

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read JSON as the annotated type."""
        return _convert(json.loads(place.blobs.get_bytes(value.digest)), annotation)


def order_of(value: Any) -> Literal["deterministic"] | None:
    """Return the order to write in: the members' own, unless there is a set in it, which has none."""
    return "deterministic" if _has_set(value) else None


def _has_set(value: Any, depth: int = 0) -> bool:
    if isinstance(value, set | frozenset):
        return True
    if depth > _MAX_DEPTH or isinstance(value, str | bytes | int | float):
        return False
    if isinstance(value, dict):
        inside: Any = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple):
        inside = value
    else:
        names: Any = getattr(value, "__struct_fields__", ()) or getattr(value, "__dataclass_fields__", ())
        inside = [getattr(value, name, None) for name in names]
    return any(_has_set(item, depth + 1) for item in inside)


def _convert(plain: Any, annotation: Any) -> Any:
    try:
        return msgspec.convert(plain, annotation, str_keys=True)
    except (TypeError, msgspec.MsgspecError):
        return plain


ANNOTATED = Annotated()
