"""List what a pickle would import, without importing or building any of it."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.flavors.pickled.opcodes import MAX_OPCODES, OpcodeReader, Unreadable
from meguru.flavors.pickled.walk import OPAQUE, Made, Named, PickleWalk


class PickleListing(msgspec.Struct, frozen=True, kw_only=True):
    """What a pickle would import, as ``module.name``, sorted; and why it could not be read to its end.

    `made` is what it is a pickle of, as far as that can be told.
    """

    imports: list[str] = []
    made: str = ""
    instructions: int = 0
    unreadable: str = ""


def listed(data: Any) -> PickleListing:
    """Return the listing of a pickle, or of joblib's file, that is not compressed."""
    reader = OpcodeReader(data)
    names: set[tuple[str, str]] = set()
    made, fault = "", ""
    try:
        result = PickleWalk(reader, names).follow()
        made = ".".join(_type_of(result))
        if reader.at != len(data):
            fault = "there is more behind its end"
    except Unreadable as error:
        fault = str(error)
    shown = sorted(f"{module}.{name}" for module, name in names)
    used = MAX_OPCODES - reader.left
    return PickleListing(imports=shown, made=made, instructions=used, unreadable=fault)


def _type_of(result: Any) -> tuple[str, ...]:
    if isinstance(result, Made):
        first = result.arguments[0] if isinstance(result.arguments, tuple) and result.arguments else None
        if isinstance(first, Named) and result.name[1] in {"_reconstructor", "__newobj__"}:
            return first.name
        return result.name
    return (type(result).__name__,) if result is not None and result is not OPAQUE else ("",)
