"""Lists, tuples and dicts that hold frames, arrays or models: each part as it would be written alone."""

from __future__ import annotations

import json
from typing import Any, get_args, get_origin

import msgspec

from meguru.compute.materializers.base import Value, ValueStore, put
from meguru.compute.materializers.plain import PLAIN
from meguru.errors import InvalidInput

MAX_PARTS = 10_000


class Nested:
    """A JSON skeleton in which the parts that are not plain are named by digest."""

    def fits(self, value: Any) -> bool:
        """Tell whether the value is such a container."""
        if type(value) is dict:
            return all(type(key) is str for key in value)
        return type(value) in {list, tuple}

    def save(self, value: Any, annotation: Any, place: ValueStore) -> Value:
        """Write every part."""
        parts: list[Value] = []
        skeleton = _write(value, annotation, place, parts)
        body = msgspec.json.encode({"skeleton": skeleton, "parts": parts})
        written = put("nested", body, place)
        return msgspec.structs.replace(written, size=len(body) + sum(part.size for part in parts))

    def load(self, value: Value, annotation: Any, place: ValueStore) -> Any:
        """Read every part."""
        body = json.loads(place.blobs.get_bytes(value.digest))
        parts = msgspec.convert(body["parts"], list[Value])
        return _read(body["skeleton"], annotation, place, parts)


def _write(value: Any, annotation: Any, place: ValueStore, parts: list[Value]) -> Any:
    from meguru.compute.materializers import choose

    if PLAIN.fits(value):
        return {"plain": json.loads(json.dumps(value, default=lambda item: item.item()))}
    if type(value) is dict and all(type(key) is str for key in value):
        kind = _inner(annotation, -1)
        return {"dict": [[key, _write(item, kind, place, parts)] for key, item in value.items()]}
    if type(value) in {list, tuple}:
        kinds = [_inner(annotation, n) for n in range(len(value))]
        return {
            type(value).__name__: [
                _write(item, kind, place, parts) for item, kind in zip(value, kinds, strict=True)
            ]
        }
    if len(parts) >= MAX_PARTS:
        raise InvalidInput(
            f"a step can't return more than {MAX_PARTS:,} frames, arrays or models in one value",
            hint="put them together, or write them into a folder and return its Path",
        )
    parts.append(choose.save(value, annotation, place))
    return {"part": len(parts) - 1}


def _read(skeleton: dict[str, Any], annotation: Any, place: ValueStore, parts: list[Value]) -> Any:
    from meguru.compute.materializers import choose

    (form, inside), *_ = skeleton.items()
    if form == "plain":
        return inside
    if form == "dict":
        kind = _inner(annotation, -1)
        return {key: _read(item, kind, place, parts) for key, item in inside}
    if form == "part":
        return choose.load(parts[inside], annotation, place)
    found = [_read(item, _inner(annotation, n), place, parts) for n, item in enumerate(inside)]
    return tuple(found) if form == "tuple" else found


def _inner(annotation: Any, index: int) -> Any:
    """Return the annotation of a part: of ``dict[str, X]`` X, of a tuple the one at its place."""
    args = get_args(annotation)
    if not args:
        return Any
    if get_origin(annotation) is tuple and Ellipsis not in args:
        return args[index] if 0 <= index < len(args) else Any
    return args[-1] if get_origin(annotation) is dict else args[0]


NESTED = Nested()
