"""The part of an exported program's JSON that is data flow; all else in it is refused or left out.

Names are those of the file's own schema, version 8. Graphs inside of graphs, objects of somebody's own and
guards written in Python have no field here, so nothing of them is ever read.
"""

from __future__ import annotations

from typing import Any

import msgspec

VERSION = 8


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of several kinds: the one field that is set says which; a kind that is not known is refused."""


class _Loose(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that are not known are left out, such as where in a source file a node came from."""


class Expression(_Loose, frozen=True):
    """A size that depends on the input. Only that it does so is read."""


class Size(_Strict, frozen=True):
    """A size: a number, or one that depends on the input."""

    as_int: int | None = None
    as_expr: Expression | None = None


class TensorMeta(_Loose, frozen=True):
    """The type and shape of a tensor."""

    dtype: int
    sizes: list[Size]
    strides: list[Size]
    storage_offset: Size = Size(as_int=0)
    layout: int = 7


class GraphValue(_Loose, frozen=True):
    """A value of the graph."""

    name: str


class SymInt(_Strict, frozen=True):
    """A size: a number, or a value of the graph."""

    as_name: str | None = None
    as_int: int | None = None


class OptionalTensor(_Strict, frozen=True):
    """A tensor, or none."""

    as_tensor: GraphValue | None = None
    as_none: Any = None


class Argument(_Strict, frozen=True):
    """One value that an operator takes or gives."""

    as_none: Any = msgspec.UNSET
    as_tensor: GraphValue | None = None
    as_tensors: list[GraphValue] | None = None
    as_int: int | None = None
    as_ints: list[int] | None = None
    as_float: float | str | None = None
    as_floats: list[float] | None = None
    as_string: str | None = None
    as_sym_int: SymInt | None = None
    as_sym_ints: list[SymInt] | None = None
    as_scalar_type: int | None = None
    as_memory_format: int | None = None
    as_layout: int | None = None
    as_device: Any = None
    as_bool: bool | None = None
    as_bools: list[bool] | None = None
    as_optional_tensors: list[OptionalTensor] | None = None
    as_optional_tensor: OptionalTensor | None = None


class NamedArgument(_Loose, frozen=True):
    """An argument of an operator; kind 2 is given by name."""

    name: str
    arg: Argument
    kind: int | None = None


class Node(_Loose, frozen=True):
    """One call of an operator."""

    target: str
    inputs: list[NamedArgument]
    outputs: list[Argument]


class ProgramGraph(_Loose, frozen=True):
    """Calls in the order in which they are computed."""

    inputs: list[Argument]
    outputs: list[Argument]
    nodes: list[Node]
    tensor_values: dict[str, TensorMeta]


class UserInput(_Loose, frozen=True):
    """What the caller gives, or gets."""

    arg: Argument


class TrainedWeight(_Loose, frozen=True):
    """A weight that was trained."""

    arg: GraphValue
    parameter_name: str


class Buffer(_Loose, frozen=True):
    """A weight that was counted, such as a mean."""

    arg: GraphValue
    buffer_name: str
    persistent: bool = True


class TensorConstant(_Loose, frozen=True):
    """A tensor that stood in the code."""

    arg: GraphValue
    tensor_constant_name: str


class InputSpec(_Strict, frozen=True):
    """What one input of the graph is."""

    user_input: UserInput | None = None
    parameter: TrainedWeight | None = None
    buffer: Buffer | None = None
    tensor_constant: TensorConstant | None = None


class OutputSpec(_Strict, frozen=True):
    """What one output of the graph is: only values for the caller."""

    user_output: UserInput | None = None


class ProgramSignature(_Loose, frozen=True):
    """What the inputs and outputs are, in order."""

    input_specs: list[InputSpec]
    output_specs: list[OutputSpec]


class GraphModule(_Loose, frozen=True):
    """A graph, and what its inputs are."""

    graph: ProgramGraph
    signature: ProgramSignature


class SchemaVersion(_Loose, frozen=True):
    """The version of the file's schema."""

    major: int
    minor: int = 0


class ExportedGraph(_Loose, frozen=True):
    """The whole file."""

    graph_module: GraphModule
    schema_version: SchemaVersion


class StoredWeight(_Loose, frozen=True):
    """Where a weight lies, and its shape."""

    path_name: str
    use_pickle: bool = False
    tensor_meta: TensorMeta | None = None
    is_param: bool = False


class StoredWeights(_Loose, frozen=True):
    """All weights of a folder, by name."""

    config: dict[str, StoredWeight]
