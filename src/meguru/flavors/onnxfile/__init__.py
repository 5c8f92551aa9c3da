"""ONNX files, looked through before the runtime sees them."""

from __future__ import annotations

from typing import Any

from meguru.errors import MissingDependency, TooLarge, is_our_fault
from meguru.flavors.archives import malformed
from meguru.flavors.onnxfile import graph, types

__all__ = ["MAX_BYTES", "checked", "inputs_of", "maker_of", "outputs_of"]

MAX_BYTES = (2 << 30) - 1
"""What protobuf can hold; weights beside the file are not read."""
inputs_of, outputs_of, maker_of = types.inputs_of, types.outputs_of, types.maker_of


def checked(data: bytes | Any, where: str = "") -> Any:
    """Return the model that bytes hold (or an ``onnx.ModelProto``), after looking at all of its parts.

    Only what was looked at is in it: give the runtime `SerializeToString()` of it, not the bytes that came.

    Raises
    ------
    UnsafeModel
        When it names files beside it, has operators that ONNX does not define, code of its own (functions,
        loops, branches), or tensors that are not what they say.
    TooLarge
        When it is beyond all bounds.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingDependency.of("onnx", "onnx") from error
    model: Any = data
    if isinstance(data, bytes):
        if len(data) > MAX_BYTES:
            raise TooLarge("the model file is too large", where=where, why=f"{MAX_BYTES:,} bytes are allowed")
        try:
            model = onnx.ModelProto.FromString(data)
        except Exception as error:  # protobuf raises errors of its own kind, from C
            if is_our_fault(error):
                raise
            raise malformed(where, f"it is no ONNX file ({error})") from error
    clean: Any = model
    if model is data:  # its owner keeps it as it was
        clean = onnx.ModelProto()
        clean.CopyFrom(model)
    # What the schema in our library does not know was not looked at, and the runtime's may know it.
    clean.DiscardUnknownFields()
    graph.check(clean, where)
    del clean.metadata_props[:]
    clean.doc_string = ""
    return clean
