"""Dataclasses and msgspec structs."""

from __future__ import annotations

import dataclasses
import json
from importlib import import_module
from typing import Any

import msgspec

from meguru.compute.materializers.annotated import order_of
from meguru.compute.materializers.base import Value, ValueStore, put
from meguru.compute.materializers.plain import dump
from meguru.errors import InvalidInput


class RecordMaterializer:
    """JSON of the fields, with the place of the class."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is an instance of a dataclass or a struct."""
        return not isinstance(value, type) and (
            dataclasses.is_dataclass(value) or isinstance(value, msgspec.Struct)
        )

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write the fields, if reading them back gives an equal record."""
        del annotation
        kind = type(value)
        try:
            plain = msgspec.to_builtins(value, str_keys=True, order=order_of(value))
            same = msgspec.convert(plain, kind, str_keys=True) == value
        except (TypeError, msgspec.MsgspecError) as error:
            raise InvalidInput(
                f"a field of {kind.__name__} can't be written",
                why=str(error),
                hint="keep frames, arrays and models out of it: return them beside it, in a tuple",
            ) from error
        # A class in a function ("<locals>") is found by no later process.
        if not same or "<" in kind.__qualname__:
            raise InvalidInput(
                f"a {kind.__name__} that a step returns can't be read back as it was",
                hint="define the class at the top level of a module, with a type for each field",
            )
        return put("record", dump(plain), place, {"type": f"{kind.__module__}:{kind.__qualname__}"})

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read the fields into the class."""
        del annotation
        module, _, name = value.meta["type"].partition(":")
        kind: Any = import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part)
        return msgspec.convert(json.loads(place.blobs.get_bytes(value.digest)), kind, str_keys=True)


RECORD = RecordMaterializer()
