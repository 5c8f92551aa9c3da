"""Read what strangers sent: JSON or text, bounded, and the fields that it must have."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from meguru.errors import InvalidInput

JsonType: TypeAlias = Literal["string", "integer", "number", "boolean", "object", "array", "any"]
MAX_DEPTH = 32
_MAX_INTEGER = 2**63
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def read_json(body: bytes) -> Any:
    """Return the value of some JSON; InvalidInput when it is none, too deep, or has monstrous numbers."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise InvalidInput("this is not JSON", why=str(error)[:200]) from error
    except RecursionError as error:
        raise InvalidInput("this JSON is too deep", why=f"at most {MAX_DEPTH} levels") from error
    _check(found)
    return found


def read_text(body: bytes) -> str:
    """Return the text that some bytes are; InvalidInput when they are not UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("this is not text", why=f"it is not UTF-8 at byte {error.start}") from error


def check_fields(body: Any, expected: dict[str, JsonType]) -> None:
    """Refuse a body without one of some fields, or with another type there; InvalidInput names the field."""
    for path, wanted in expected.items():
        value = find_field(body, path)
        if wanted == "any":
            continue
        is_right = isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
        if not is_right:
            raise InvalidInput(f"the field {path} is not of type {wanted}", field=path)


def find_field(body: Any, path: str) -> Any:
    """Return the field at a path such as ``order.id``; InvalidInput when it is not there."""
    found = body
    for part in path.split("."):
        if not isinstance(found, dict) or part not in found:
            raise InvalidInput(f"the field {path} is missing", field=path)
        found = found[part]
    return found


def _check(value: Any) -> None:
    # A stack instead of recursion, which strangers could exhaust.
    waiting = [(value, 1)]
    while waiting:
        found, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise InvalidInput("this JSON is too deep", why=f"at most {MAX_DEPTH} levels")
        if isinstance(found, dict):
            waiting += [(each, depth + 1) for each in found.values()]
        elif isinstance(found, list):
            waiting += [(each, depth + 1) for each in found]
        elif isinstance(found, int) and not -_MAX_INTEGER <= found < _MAX_INTEGER:
            raise InvalidInput("this JSON has a number that no integer of 64 bits is")
