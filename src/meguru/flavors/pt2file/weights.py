"""The weights of an exported program: bytes with a shape, never a pickle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from meguru.errors import UnsafeModel
from meguru.flavors.archives import malformed
from meguru.flavors.pt2file.schema import StoredWeight, StoredWeights, TensorMeta

DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
    13: "bfloat16",
}
"""The file's numbers of PyTorch's types."""
SIZES = {
    "uint8": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "float16": 2,
    "bfloat16": 2,
    "bool": 1,
} | {
    "float32": 4,
    "float64": 8,
}
_MAX_RANK = 12


def dtype_of(number: int, where: str) -> str:
    """Return the name of a type; refuse complex and quantized ones."""
    if number not in DTYPES:
        raise malformed(where, f"it holds a tensor of type {number}")
    return DTYPES[number]


def check_weight(
    name: str, payload: StoredWeight, files: Mapping[str, bytes], folder: str, where: str
) -> None:
    """Refuse a weight that is pickled, missing, or whose shape leads out of its bytes."""
    if payload.use_pickle or payload.path_name.startswith(("custom_obj", "opaque_obj")):
        raise UnsafeModel(
            f"the weight {name[:80]!r} is a pickle",
            where=where,
            why="loading a pickle runs whatever code its writer put into it",
            hint="export the model with plain dense tensors",
        )
    meta, file = payload.tensor_meta, folder + payload.path_name
    if meta is None or file not in files:
        raise malformed(where, f"the weight {name[:80]!r} is not there")
    sizes, strides, offset = _plain(meta, where)
    held = len(files[file]) // SIZES[dtype_of(meta.dtype, where)]
    # The last element that the strides lead to must lie in the file; looked at before any memory is taken.
    reach = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True)) + 1
    if math.prod(sizes) and (reach > held or math.prod(sizes) > held):
        raise malformed(where, f"the weight {name[:80]!r} has the shape {sizes} and holds {held:,} values")


def tensor(payload: StoredWeight, file: bytes) -> Any:
    """Return a checked weight as a tensor of its own memory."""
    import torch

    meta = payload.tensor_meta
    if meta is None:
        raise AssertionError(payload.path_name)
    sizes, strides, offset = _plain(meta, "")
    if not math.prod(sizes):
        return torch.zeros(sizes, dtype=getattr(torch, DTYPES[meta.dtype]))
    flat = torch.frombuffer(bytearray(file), dtype=getattr(torch, DTYPES[meta.dtype]))
    return flat.as_strided(sizes, strides, offset)


def _plain(meta: TensorMeta, where: str) -> tuple[list[int], list[int], int]:
    sizes = [size.as_int for size in meta.sizes]
    strides = [size.as_int for size in meta.strides]
    offset = meta.storage_offset.as_int
    numbers = [*sizes, *strides, offset]
    if any(number is None or number < 0 for number in numbers) or len(sizes) != len(strides):
        raise malformed(where, "a weight's shape is no shape")
    if len(sizes) > _MAX_RANK or meta.layout != 7:
        raise malformed(where, "a weight is sparse, or has very many sizes")
    return [int(size or 0) for size in sizes], [int(size or 0) for size in strides], int(offset or 0)


def all_payloads(read: Mapping[str, StoredWeights]) -> list[tuple[str, str, StoredWeight]]:
    """Return each weight as (folder, name, payload)."""
    return [
        (folder, name, payload)
        for folder, payloads in read.items()
        for name, payload in payloads.config.items()
    ]
