"""The check of an ONNX graph: its operators, what hangs on them, and its weights."""

from __future__ import annotations

import math
from typing import Any

from meguru.errors import TooLarge, UnsafeModel
from meguru.flavors.archives import malformed
from meguru.flavors.onnxfile import types

MAX_NODES = 200_000
MAX_MADE = 1 << 26
"""So many elements may one operator make out of nothing, such as a constant of a given shape."""
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
CONTROL = frozenset({"Loop", "Scan", "If", "SequenceMap"})
"""Programs inside of a model: they can go round for ever."""
_SHAPED = {
    "ConstantOfShape": (0,),
    "Expand": (1,),
    "Tile": (1,),
    "Pad": (1,),
    "Resize": (3,),
    "OneHot": (1,),
    "Range": (1,),
    "Upsample": (1,),
    "CenterCropPad": (1,),
    "BlackmanWindow": (0,),
    "HannWindow": (0,),
    "HammingWindow": (0,),
}
"""Operators whose output is as large as one of their inputs says."""
_HINT = "export it with standard operators and its weights inside"


def check(model: Any, where: str = "") -> None:
    """Refuse a model with parts that are not plain data flow; see `meguru.flavors.onnxfile.checked`."""
    for entry in model.opset_import:
        if entry.domain not in DOMAINS:
            raise _custom(f"the domain {entry.domain[:80]!r}", where)
    if model.functions or model.training_info:
        raise UnsafeModel(
            "the model holds functions of its own",
            where=where,
            why="each can hold others many times over, so that a small file grows without bound",
            hint="export it with its functions inlined: onnx.inliner.inline_local_functions(model)",
        )
    graph = model.graph
    if len(graph.node) > MAX_NODES:
        raise TooLarge("the model has too many nodes", where=where, why=f"{MAX_NODES:,} are allowed")
    # Their shape is a claim that no bytes stand behind.
    if graph.sparse_initializer:
        raise malformed(where, "it has sparse weights, which can unpack to any size")
    known: dict[str, Any] = {}
    for tensor in graph.initializer:
        types.check_tensor(tensor, where)
        known[tensor.name] = tensor
    if len(known) != len(graph.initializer):
        raise malformed(where, "two of its weights have one name")
    for node in graph.node:
        _check_node(node, known, where)
    types.check_values(graph, where)


def _check_node(node: Any, known: dict[str, Any], where: str) -> None:
    import onnx

    if node.domain not in DOMAINS:
        raise _custom(f"the operator {node.domain[:60]}.{node.op_type[:60]}", where)
    # The library's own registry of operators: what is not in it would have to be loaded from somewhere.
    if not onnx.defs.has(node.op_type, "" if node.domain == "ai.onnx" else node.domain):
        raise _custom(f"the operator {node.op_type[:80]}", where)
    if node.op_type in CONTROL:
        raise UnsafeModel(
            f"the model holds the operator {node.op_type}",
            where=where,
            why="it is a program inside of the model, which may never end",
            hint="export it without control flow",
        )
    for attribute in node.attribute:
        _check_attribute(node, attribute, where)
        if node.op_type == "Constant" and attribute.HasField("t"):
            known[node.output[0] if node.output else ""] = attribute.t
    _check_made(node, known, where)


def _check_attribute(node: Any, attribute: Any, where: str) -> None:
    if attribute.HasField("g") or attribute.graphs or attribute.ref_attr_name:
        raise malformed(where, f"{node.op_type} holds a graph of its own")
    if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
        raise malformed(where, f"{node.op_type} holds sparse values, which can unpack to any size")
    for tensor in (*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors):
        types.check_tensor(tensor, where)
    if attribute.name == "shape" and node.op_type.startswith("Random"):
        _check_size(math.prod(max(size, 0) for size in attribute.ints), node, where)


def _check_made(node: Any, known: dict[str, Any], where: str) -> None:
    """Check the sizes that an operator is told by a constant; those computed are the runtime's to bound."""
    for index in _SHAPED.get(node.op_type, ()):
        tensor = known.get(node.input[index]) if index < len(node.input) else None
        if tensor is None:
            continue
        values = [abs(value) for value in types.whole_numbers(tensor)]
        # A shape is multiplied; paddings, depths and ends of a range are sizes themselves.
        made = max(values, default=0) if node.op_type in {"Pad", "OneHot", "Range"} else math.prod(values)
        _check_size(made, node, where)


def _check_size(made: int, node: Any, where: str) -> None:
    if made > MAX_MADE:
        why = f"{node.op_type} would make {made:,} values; {MAX_MADE:,} are allowed"
        raise TooLarge("the model makes tensors beyond all bounds", where=where, why=why)


def _custom(what: str, where: str) -> UnsafeModel:
    return UnsafeModel(
        f"the model needs {what}, which ONNX does not define",
        where=where,
        why="an operator of somebody's own is code that would have to be loaded",
        hint=_HINT,
    )
