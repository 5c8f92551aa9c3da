"""How two values differ, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from meguru.artifacts import trees
from meguru.compute.materializers.base import Value, ValueStore
from meguru.compute.materializers.numpy_array import NUMPY
from meguru.compute.materializers.polars_frame import POLARS

MAX_COMPARED_BYTES = 256 << 20
_SHOWN = 5
_JSON = {"plain", "annotated", "record"}
_TREES = {"model", "sparse", "figure"}


def differences(first: list[Value], second: list[Value], place: ValueStore) -> list[str]:
    """Return how the outputs of two runs of a step differ; empty if no reader could tell them apart."""
    if len(first) != len(second):
        return [f"{len(first)} outputs and {len(second)}"]
    found = []
    for n, (one, other) in enumerate(zip(first, second, strict=True)):
        if one.identity != other.identity:
            before = f"output {n + 1}: " if len(first) > 1 else ""
            found += [before + text for text in _how(one, other, place)]
    return found


def _how(value: Value, other: Value, place: ValueStore) -> list[str]:
    if value.kind != other.kind:
        return [f"a {value.kind} and a {other.kind}"]
    if max(value.size, other.size) > MAX_COMPARED_BYTES:
        return [_bytes(value, other)]
    said = list(_described(value, other, place))
    more = [f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
    return said[:_SHOWN] + more or [_bytes(value, other)]


def _described(one: Value, other: Value, place: ValueStore) -> Iterator[str]:
    if one.kind in _JSON:
        texts = [json.loads(place.blobs.get_bytes(value.digest)) for value in (one, other)]
        yield from _plain(texts[0], texts[1], "")
    elif one.kind == "numpy":
        yield from _arrays(NUMPY.load(one, None, place), NUMPY.load(other, None, place))
    elif one.kind in {"polars", "pandas"}:
        yield from _frames(_frame(one, place), _frame(other, place))
    elif one.kind in _TREES or (one.kind == "files" and one.meta["folder"] and other.meta["folder"]):
        there = [
            {entry.path: entry.digest for entry in trees.read_tree(place.blobs, v.digest)}
            for v in (one, other)
        ]
        for path in sorted(there[0].keys() | there[1].keys()):
            if there[0].get(path) != there[1].get(path):
                yield f"file {path} differs"
    if one.meta != other.meta:
        yield from _plain(one.meta, other.meta, "meta")


def _plain(one: Any, other: Any, where: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        if list(one) != list(other):
            yield f"the keys{f' of {where}' if where else ''} come in another order"
        for key in one:
            yield from _plain(one[key], other[key], f"{where}.{key}" if where else str(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for n, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _plain(left, right, f"{where}[{n}]")
    elif repr(one) != repr(other):
        yield f"{where + ': ' if where else ''}{_short(one)} and {_short(other)}"


def _arrays(one: Any, other: Any) -> Iterator[str]:
    import numpy as np

    if one.shape != other.shape or one.dtype != other.dtype:
        yield f"an array of shape {one.shape}, {one.dtype}, and one of {other.shape}, {other.dtype}"
        return
    different = one != other
    if one.dtype.kind in "fc":
        different &= ~(np.isnan(one) & np.isnan(other))
    count = int(np.count_nonzero(different))
    if one.dtype.kind in "fiuc" and count:
        distance = np.nanmax(np.abs(np.subtract(one, other, dtype=np.result_type(one, np.float64))))
        yield f"{count:,} of {one.size:,} numbers differ, by at most {distance:.3g}"
    elif count:
        yield f"{count:,} of {one.size:,} elements differ"


def _frame(value: Value, place: ValueStore) -> Any:
    stored = Value(kind="polars", digest=value.digest, size=value.size, meta={"shape": "DataFrame"})
    return POLARS.load(stored, None, place)


def _frames(one: Any, other: Any) -> Iterator[str]:
    if one.schema != other.schema:
        yield f"columns {_short(dict(one.schema))} and {_short(dict(other.schema))}"
    elif one.height != other.height:
        yield f"{one.height:,} rows and {other.height:,}"
    else:
        for name in one.columns:
            count = int((~one[name].eq_missing(other[name])).sum())
            if count:
                yield f"column {name}: {count:,} of {one.height:,} values differ"
        if one.equals(other):
            yield "the values are equal, their bytes are not (values under a null, or another dictionary)"


def _bytes(value: Value, other: Value) -> str:
    return f"the bytes differ: {value.digest[:12]} ({value.size:,}) and {other.digest[:12]} ({other.size:,})"


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, dict) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
