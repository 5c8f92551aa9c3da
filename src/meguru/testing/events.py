"""Types of events for tests that need one and no kind, and data for those that there are."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin

import msgspec

from meguru.errors import InternalError
from meguru.kernel.kinds import Payload, event_type
from meguru.kernel.kinds.event_types import find


class Anything(Payload, frozen=True, forbid_unknown_fields=False):
    """Data of any shape."""


def declare_events(*names: str) -> None:
    """Declare types of events that may carry anything; an undeclared one is refused."""
    for name in names:
        event_type(name, label=name.replace(".", " "))(Anything)


def sample(name: str) -> dict[str, Any]:
    """Return the least data that an event of a type may carry: what is needed, empty."""
    declared = find(name)
    if declared is None:
        message = f"no kind declares events called {name!r}"
        raise InternalError(message)
    needed = [field for field in msgspec.structs.fields(declared.payload) if field.required]
    return {field.name: _empty(field.type) for field in needed}


def _empty(kind: Any) -> Any:
    if get_origin(kind) in {Union, types.UnionType}:
        parts = get_args(kind)
        return None if type(None) in parts else _empty(parts[0])
    made = get_origin(kind) or kind
    return {} if made is Any else made()
