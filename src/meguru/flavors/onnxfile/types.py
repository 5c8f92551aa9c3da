"""The tensors in an ONNX file: the weights it holds, and those it takes and gives."""

from __future__ import annotations

import math
from typing import Any

from meguru.errors import InvalidInput, TooLarge, UnsafeModel
from meguru.flavors.archives import malformed
from meguru.flavors.tensors import TensorSpec

MAX_RANK = 8
MAX_ROW = 1 << 24
"""So many values may one row have in one input or output."""
_DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "object",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
}
"""ONNX's numbers of its types. Complex numbers, and floats of eight bits, are not among them."""
_BYTES = {"float32": 4, "float16": 2, "float64": 8, "bool": 1} | {
    f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_INLINE = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")
_EXTERNAL = 1


def check_tensor(tensor: Any, where: str) -> None:
    """Refuse a weight that lies in another file, or is not as large as its shape says."""
    if tensor.data_location == _EXTERNAL or tensor.external_data:
        place = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        raise UnsafeModel(
            f"the weight {tensor.name[:80]!r} lies in another file: {place[:80]!r}",
            where=where,
            why="the path may lead anywhere on the machine that loads it",
            hint="save it with its weights inside: onnx.save(model, path, save_as_external_data=False)",
        )
    if tensor.HasField("segment"):
        raise malformed(where, f"the weight {tensor.name[:80]!r} is a segment of another")
    dtype = _DTYPES.get(tensor.data_type)
    if dtype is None:
        raise malformed(where, f"the weight {tensor.name[:80]!r} has the type {tensor.data_type}")
    dims = list(tensor.dims)
    if len(dims) > MAX_RANK or any(size < 0 for size in dims):
        raise malformed(where, f"the weight {tensor.name[:80]!r} has the shape {dims[:9]}")
    wanted = math.prod(dims)
    # raw_data comes first in the runtime too; a tensor with neither is one of no elements.
    if tensor.raw_data or not any(len(getattr(tensor, name)) for name in _INLINE):
        held, wanted = len(tensor.raw_data), wanted * _BYTES.get(dtype, -1)
    else:
        held = sum(len(getattr(tensor, name)) for name in _INLINE)
    if held != wanted:
        why = f"the weight {tensor.name[:80]!r} has the shape {dims} and holds {held:,} of {wanted:,}"
        raise malformed(where, why)


def whole_numbers(tensor: Any) -> list[int]:
    """Return the values of a checked tensor of whole numbers; of any other none."""
    import onnx

    if _DTYPES[tensor.data_type] not in {"int64", "int32"} or math.prod(tensor.dims) > MAX_ROW:
        return []
    found: list[int] = onnx.numpy_helper.to_array(tensor).ravel().tolist()
    return found


def check_values(graph: Any, where: str) -> None:
    """Refuse inputs and outputs of sizes beyond all bounds."""
    for value in (*graph.input, *graph.output, *graph.value_info):
        kind = value.type
        if not kind.HasField("tensor_type"):
            continue
        sizes = [dim.dim_value for dim in kind.tensor_type.shape.dim]
        if len(sizes) > MAX_RANK or any(size < 0 for size in sizes):
            raise malformed(where, f"{value.name[:80]!r} has the shape {sizes[:9]}")
        if math.prod(size for size in sizes if size) > MAX_ROW:
            why = f"{value.name[:80]!r} has the shape {sizes}; a row may have {MAX_ROW:,} values"
            raise TooLarge("the model takes or gives tensors beyond all bounds", where=where, why=why)


def inputs_of(model: Any, where: str = "") -> tuple[TensorSpec, ...]:
    """Return what a model takes, but for its weights; see `_spec`."""
    weights = {tensor.name for tensor in model.graph.initializer}
    specs = [_spec(value, where) for value in model.graph.input if value.name not in weights]
    if not specs or None in specs:
        raise InvalidInput("the model takes other than tensors", where=where)
    return tuple(spec for spec in specs if spec)


def outputs_of(model: Any, where: str = "") -> dict[str, TensorSpec | None]:
    """Return what a model gives by name; None for what is no tensor, such as a list of maps."""
    return {value.name: _spec(value, where) for value in model.graph.output}


def _spec(value: Any, where: str) -> TensorSpec | None:
    if not value.type.HasField("tensor_type"):
        return None
    kind = value.type.tensor_type
    dtype = _DTYPES.get(kind.elem_type)
    if dtype is None or not kind.HasField("shape"):
        raise InvalidInput(
            f"the model's {value.name[:80]!r} has a type that can't be served",
            where=where,
            why=f"its type is ONNX's number {kind.elem_type}" if dtype is None else "its shape is not said",
            hint="float32, float64, whole numbers, booleans and text can be",
        )
    sizes = tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim)
    return TensorSpec(name=value.name, dtype=dtype, shape=sizes)


def maker_of(model: Any, output: str) -> str:
    """Return the operator that makes an output; what only reshapes or casts is looked through."""
    by_output = {name: node for node in model.graph.node for name in node.output}
    for _ in range(len(model.graph.node)):
        node = by_output.get(output)
        if node is None:
            return ""
        if node.op_type not in {"Identity", "Cast", "Reshape", "Flatten", "Squeeze"}:
            return str(node.op_type)
        output = node.input[0] if node.input else ""
    return ""
