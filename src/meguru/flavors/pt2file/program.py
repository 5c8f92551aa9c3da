"""An exported program, looked through: its graph, its weights, and what it takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.errors import InvalidInput, TooLarge, UnsafeModel
from meguru.flavors.archives import MAX_BYTES, malformed
from meguru.flavors.pt2file import clean, operators, schema, weights
from meguru.flavors.tensors import TensorSpec

MAX_NODES = 200_000
_FOLDERS = {"data/weights/": "weights", "data/constants/": "constants"}
_ATEN, _PYTHON = "torch.ops.aten.", "_operator."


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A checked program.

    Attributes
    ----------
    graph
        Its nodes, in the order in which they are computed.
    inputs, outputs
        What it takes, and the names of the values that it gives.
    held
        The weights, by the name that each has in the graph.
    """

    graph: schema.ProgramGraph
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[str, ...]
    held: dict[str, tuple[schema.StoredWeight, bytes]]


def read_program(data: bytes, where: str = "") -> Program:
    """Return the program of a ``.pt2`` file.

    Raises
    ------
    UnsafeModel
        When it holds pickled weights, operators that are not on our list, or parts that are no data flow.
    TooLarge
        When it is beyond all bounds.
    """
    files = clean.files_of(data, where)
    graphs = [name for name in files if name.startswith("models/")]
    # A shared library compiled by AOTInductor would be loaded into this process.
    if len(graphs) != 1 or any(name.startswith("data/aotinductor/") for name in files):
        raise UnsafeModel(
            "the file holds no exported program alone",
            where=where,
            why="compiled code is loaded into the process as it is" if len(graphs) == 1 else "",
            hint="save it with torch.export.save",
        )
    exported_graph: schema.ExportedGraph = _decoded(files[graphs[0]], schema.ExportedGraph, where)
    if exported_graph.schema_version.major != schema.VERSION:
        why = f"its schema is {exported_graph.schema_version.major}, {schema.VERSION} is known"
        raise InvalidInput("the program was exported by another PyTorch", where=where, why=why)
    graph = exported_graph.graph_module.graph
    _check(graph, where)
    payloads = _payloads(files, where)
    held, inputs = _placed(exported_graph.graph_module, payloads, files, where)
    outputs = [spec.user_output for spec in exported_graph.graph_module.signature.output_specs]
    names = [output.arg.as_tensor.name for output in outputs if output and output.arg.as_tensor]
    if len(names) != len(outputs) or not names:
        raise malformed(where, "it gives other than tensors")
    return Program(graph=graph, inputs=inputs, outputs=tuple(names), held=held)


def _decoded(content: bytes, kind: Any, where: str) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(where, f"its graph holds what is no data flow ({error})") from error


def _payloads(files: Mapping[str, bytes], where: str) -> dict[str, schema.StoredWeights]:
    found: dict[str, schema.StoredWeights] = {}
    for folder, kind in _FOLDERS.items():
        name = f"{folder}model_{kind}_config.json"
        if name in files:
            found[folder] = _decoded(files[name], schema.StoredWeights, where)
    for folder, name, payload in weights.all_payloads(found):
        weights.check_weight(name, payload, files, folder, where)
    return found


def _placed(
    module: schema.GraphModule,
    payloads: Mapping[str, schema.StoredWeights],
    files: Mapping[str, bytes],
    where: str,
) -> tuple[dict[str, tuple[schema.StoredWeight, bytes]], tuple[TensorSpec, ...]]:
    """Say which input of the graph is which weight, and which are left for rows."""
    known = {name: (folder, payload) for folder, name, payload in weights.all_payloads(payloads)}
    held: dict[str, tuple[schema.StoredWeight, bytes]] = {}
    inputs, taken = [], 0
    for spec in module.signature.input_specs:
        place, name = _weight(spec)
        if name:
            if name not in known:
                raise malformed(where, f"the weight {name[:80]!r} is not there")
            folder, payload = known[name]
            held[place] = payload, files[folder + payload.path_name]
            taken += len(held[place][1])
            if taken > MAX_BYTES:  # each weight gets memory of its own, also where many name one file
                raise TooLarge("the program's weights are too large", where=where, why=f"{MAX_BYTES:,} bytes")
        elif spec.user_input and spec.user_input.arg.as_tensor:
            inputs.append(_spec(spec.user_input.arg.as_tensor.name, module.graph, where))
        else:
            raise malformed(where, "it takes other than tensors")
    return held, tuple(inputs)


def _weight(spec: schema.InputSpec) -> tuple[str, str]:
    if spec.parameter:
        return spec.parameter.arg.name, spec.parameter.parameter_name
    if spec.buffer:
        return spec.buffer.arg.name, spec.buffer.buffer_name
    if spec.tensor_constant:
        return spec.tensor_constant.arg.name, spec.tensor_constant.tensor_constant_name
    return "", ""


def _spec(name: str, graph: schema.ProgramGraph, where: str) -> TensorSpec:
    meta = graph.tensor_values.get(name)
    if meta is None:
        raise malformed(where, f"the shape of {name[:80]!r} is not said")
    shape = tuple(size.as_int for size in meta.sizes)
    return TensorSpec(name=name, dtype=weights.dtype_of(meta.dtype, where), shape=shape)


def _check(graph: schema.ProgramGraph, where: str) -> None:
    if len(graph.nodes) > MAX_NODES:
        raise TooLarge("the program has too many nodes", where=where, why=f"{MAX_NODES:,} are allowed")
    uses: dict[str, int] = {}
    for node in graph.nodes:
        for argument in node.inputs:
            for name in names_in(argument.arg):
                uses[name] = uses.get(name, 0) + 1
    made: dict[str, str] = {}
    for node in graph.nodes:
        name = operator_of(node.target, where)
        _check_training(name, node, where)
        # A trailing underscore is PyTorch's mark of an operator that changes its input.
        if name.endswith("_") and node.target.startswith(_ATEN):
            _check_in_place(node, uses, made, where)
        for output in node.outputs:
            made |= dict.fromkeys(names_in(output), name)


def operator_of(target: str, where: str = "") -> str:
    """Return the name of an operator without its overload; refuse one that is not on our list."""
    if target.startswith(_ATEN):
        name = target.removeprefix(_ATEN).partition(".")[0]
        known = name.removesuffix("_") if not name.startswith("_") else name
        if known in operators.ATEN:
            return name
    elif target.startswith(_PYTHON) and target.removeprefix(_PYTHON) in operators.PYTHON:
        return target.removeprefix(_PYTHON)
    raise UnsafeModel(
        f"the program calls {target[:80]!r}, which is not on our list",
        where=where,
        why="an operator may read files, draw random numbers or run code; no model brings its own list",
        hint="export it in eval mode, with layers that only compute; or save the model as ONNX",
    )


def names_in(argument: schema.Argument) -> list[str]:
    """Return the values of the graph that an argument names."""
    found = [each.name for each in (argument.as_tensor, *(argument.as_tensors or [])) if each]
    optional = [argument.as_optional_tensor, *(argument.as_optional_tensors or [])]
    found += [each.as_tensor.name for each in optional if each and each.as_tensor]
    sizes = [argument.as_sym_int, *(argument.as_sym_ints or [])]
    return found + [siz.as_name for siz in sizes if siz and siz.as_name]


def _check_training(name: str, node: schema.Node, where: str) -> None:
    wanted = operators.TRAINING.get(name.removesuffix("_"), ())
    if any(argument.name in wanted and argument.arg.as_bool for argument in node.inputs):
        raise InvalidInput(
            f"the program trains when it is asked: {name}",
            where=where,
            why="it would draw random numbers, or change with each row",
            hint="call model.eval() before torch.export.export",
        )


def _check_in_place(node: schema.Node, uses: Mapping[str, int], made: Mapping[str, str], where: str) -> None:
    """Allow ``relu_`` only of a value that nothing else looks at: then ``relu`` is the same."""
    first = names_in(node.inputs[0].arg) if node.inputs else []
    if len(first) != 1 or uses[first[0]] > 1 or made.get(first[0], "") in {"", *operators.VIEWS}:
        raise UnsafeModel(
            f"the program changes a value in place: {node.target[:80]}",
            where=where,
            why="it may change the model's own weights, so that its answers depend on what was asked before",
            hint="export it with inplace=False",
        )
