"""Weights in the format of safetensors, for modules whose class an installed package registers.

The file is a header in JSON and bytes; it is read here, within bounds, and can hold nothing else. Which class
gets the weights is said by a name: only those that are installed on purpose, under the entry points
``meguru.pytorch_module``, have one. Such a class takes its options as keyword arguments of JSON, and keeps
them as its attribute ``options``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.base.plugins import PluginFamily
from meguru.errors import InvalidInput, NotFound, UnsafeModel, is_our_fault
from meguru.flavors.archives import malformed
from meguru.flavors.signature import Signature
from meguru.flavors.tensors import Feed, TensorSpec, feed_of

MODULES = PluginFamily("pytorch module", {})
"""Each member is a subclass of ``torch.nn.Module``."""
MAX_HEADER = 16 << 20
_LENGTH = 8
_TYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
_NAMES = {name: code for code, name in _TYPES.items()}
_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2}


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def registered(model: Any) -> str:
    """Return the name under which the class of a module is registered; empty if it is not."""
    return next((name for name in MODULES.names() if type(model) is MODULES.load(name)), "")


def arguments(model: Any) -> dict[str, Any]:
    """Return the options of a registered module, as JSON values."""
    try:
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(dict(model.options)))
    except (AttributeError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise InvalidInput(
            f"a {type(model).__name__} keeps no options of JSON",
            field="estimator",
            why=str(error)[:200],
            hint="set self.options to the keyword arguments that make it again",
        ) from error
    return found


def dumps(model: Any) -> bytes:
    """Return the weights of a module; equal weights give equal bytes."""
    import torch

    tensors = {name: held.detach().cpu().contiguous() for name, held in model.state_dict().items()}
    header: dict[str, Any] = {}
    place, pieces = 0, []
    for name in sorted(tensors):
        held = tensors[name]
        kind = str(held.dtype).removeprefix("torch.")
        if kind not in _NAMES:
            raise UnsafeModel(
                f"the weight {name!r} has the type {kind}, which is not stored", field="estimator"
            )
        piece = held.reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {
            "dtype": _NAMES[kind],
            "shape": list(held.shape),
            "data_offsets": [place, place + len(piece)],
        }
        place += len(piece)
        pieces.append(piece)
    said = msgspec.json.encode(header)
    said += b" " * (-len(said) % _LENGTH)
    return len(said).to_bytes(_LENGTH, "little") + said + b"".join(pieces)


def loads(data: bytes, where: str = "") -> dict[str, Any]:
    """Return the tensors of a file by name.

    Raises
    ------
    UnsafeModel
        When it is malformed: entries that overlap, leave gaps, or are not as large as their shape says.
    """
    import torch

    length = int.from_bytes(data[:_LENGTH], "little")
    if not 2 <= length <= min(MAX_HEADER, len(data) - _LENGTH):
        raise malformed(where, "its header is longer than the file, or than any header")
    try:
        header = msgspec.json.decode(data[_LENGTH : _LENGTH + length], type=dict[str, Any])
        header.pop("__metadata__", None)
        entries = msgspec.convert(header, dict[str, _Entry])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(where, f"its header can't be read ({error})") from error
    body, place, found = memoryview(data)[_LENGTH + length :], 0, {}
    for name, entry in sorted(entries.items(), key=lambda each: each[1].data_offsets):
        begin, end = entry.data_offsets
        kind = _TYPES.get(entry.dtype, "")
        size = math.prod(entry.shape) * _BYTES.get(kind, 1)
        # One after the other without a gap: bytes that two weights share, or none has, are a way to hide
        # something.
        fits = begin == place and end - begin == size and end <= len(body)
        if not kind or not fits or any(each < 0 for each in entry.shape):
            raise malformed(where, f"the weight {name[:80]!r} is not as large as its shape says")
        piece = bytearray(body[begin:end])
        flat = torch.frombuffer(piece, dtype=getattr(torch, kind)) if piece else torch.zeros(0)
        found[name], place = flat.to(getattr(torch, kind)).reshape(entry.shape), end
    if place != len(body):
        raise malformed(where, "its weights do not fill the file")
    return found


class RegisteredModule:
    """A registered module with its weights."""

    def __init__(self, module: Any, inputs: tuple[TensorSpec, ...]) -> None:
        self._module, self.inputs = module, inputs
        self.outputs = {"output": TensorSpec(name="output", dtype="float32", shape=(None, None))}

    def __call__(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the output for inputs by name, as an array."""
        import torch

        with torch.inference_mode():
            found = self._module(*(torch.from_numpy(given[spec.name]) for spec in self.inputs))
        return [each.numpy() for each in (found if isinstance(found, tuple | list) else [found])]


def feed(model: Any, signature: Signature) -> Feed:
    """Say how rows feed a registered module."""
    return feed_of(_inputs(model, signature), signature)


def load(options: Mapping[str, Any], data: bytes, signature: Signature, where: str = "") -> RegisteredModule:
    """Return the module that MLmodel names, with the weights of the file.

    Raises
    ------
    UnsafeModel
        When no class of that name is registered here, or the weights are not its own.
    """
    import torch

    name, said = str(options.get("module", "")), options.get("arguments")
    try:
        kind = MODULES.load(name)
    except NotFound as error:
        raise UnsafeModel(
            f"no module called {name[:80]!r} is registered here",
            where=where,
            why="only classes that are installed on purpose are made from a file",
            hint="install the package that registers it (entry points meguru.pytorch_module)",
        ) from error
    weights = loads(data, where)
    try:
        with torch.device("meta"):  # no memory for weights before their shapes are compared
            module = kind(**{str(key): value for key, value in dict(said or {}).items()})
        # assign: the tensors take the place of those without memory; strict: none may stay without.
        module.load_state_dict(weights, strict=True, assign=True)
    except Exception as error:  # options or weights that the class does not take raise anything
        if is_our_fault(error):
            raise
        raise malformed(where, f"{name} does not take it: {error}") from error
    module.eval()
    return RegisteredModule(module, _inputs(module, signature))


def _inputs(module: Any, signature: Signature) -> tuple[TensorSpec, ...]:
    floats = next(
        (str(parameter.dtype) for parameter in module.parameters() if parameter.is_floating_point()),
        "float32",
    )
    kind = floats.removeprefix("torch.")
    if signature.numeric:
        return (TensorSpec(name="input", dtype=kind, shape=(None, len(signature.inputs))),)
    plain = {"double": kind, "long": "int64", "boolean": "bool", "string": "object"}
    return tuple(
        TensorSpec(
            name=column.name, dtype=plain.get(column.type.value, "object"), shape=(None, *column.shape)
        )
        for column in signature.inputs
    )
