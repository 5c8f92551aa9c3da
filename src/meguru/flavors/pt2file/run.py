"""A checked program, computed node by node."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from meguru.errors import InvalidInput, TooLarge, is_our_fault
from meguru.flavors.archives import malformed
from meguru.flavors.pt2file import operators, schema, weights
from meguru.flavors.pt2file.program import Program, names_in, operator_of
from meguru.flavors.tensors import TensorSpec

MAX_ROW = 1 << 26
"""So many values may one row take in one tensor on its way."""
_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}
_PROBED = 2
_MAX_SIZE, _MAX_POWER = 2**63, 64
Env = dict[str, Any]


class Compiled:
    """A program with its weights; it is not changed by being called, so threads may share it."""

    def __init__(self, program: Program, where: str = "") -> None:
        import torch

        self._torch, self.inputs = torch, program.inputs
        try:
            self._steps = [_Step(torch, node) for node in program.graph.nodes]
            self._held = {name: weights.tensor(*held) for name, held in program.held.items()}
            self._outputs = program.outputs
            self.outputs = self._probe(where)
        except Exception as error:  # whatever a crafted file makes the library raise
            if is_our_fault(error) or isinstance(error, InvalidInput | TooLarge):
                raise
            raise malformed(where, f"{type(error).__name__}: {error}") from error

    def __call__(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the outputs for inputs by name, as arrays."""
        torch = self._torch
        with torch.inference_mode():
            env = self._held | {name: torch.from_numpy(array) for name, array in given.items()}
            for step in self._steps:
                step(env)
            return [env[name].numpy() for name in self._outputs]

    def maker_of(self, output: str) -> str:
        """Return the operator that makes an output; what only reshapes it is looked through."""
        by_output = {name: step for step in self._steps for name in step.makes}
        for _ in range(len(self._steps)):
            step = by_output.get(output)
            if step is None:
                return ""
            if step.name not in operators.VIEWS:
                return step.name.strip("_")
            output = step.first
        return ""

    def _probe(self, where: str) -> dict[str, TensorSpec]:
        """Compute the shapes of everything without memory for any of it, and refuse what is out of bounds."""
        torch = self._torch
        # Tensors of the device "meta" have shapes and no memory.
        with torch.inference_mode(), torch.device("meta"):
            env: Env = {name: held.to("meta") for name, held in self._held.items()}
            for spec in self.inputs:
                sizes = [_PROBED if size is None else size for size in spec.shape]
                env[spec.name] = torch.empty(sizes, dtype=getattr(torch, spec.dtype))
            for step in self._steps:
                for made in step(env, device="meta"):
                    # Of two rows: one row could hide a size that grows with their number, a size of 1 is also
                    # broadcast.
                    if made.numel() > MAX_ROW * _PROBED:
                        why = f"{step.target} makes {list(made.shape)} of {_PROBED} rows"
                        raise TooLarge("the program makes tensors beyond all bounds", where=where, why=why)
        return {name: _spec(name, env[name]) for name in self._outputs}


def _spec(name: str, value: Any) -> TensorSpec:
    shape = (None, *value.shape[1:]) if value.ndim else ()
    return TensorSpec(name=name, dtype=str(value.dtype).removeprefix("torch."), shape=shape)


class _Step:
    """One node, made ready to be called."""

    def __init__(self, torch: Any, node: schema.Node) -> None:
        self.target = node.target
        self._torch = torch
        self.name = operator_of(node.target)
        self.makes = [name for output in node.outputs for name in names_in(output)]
        self.first = next((name for argument in node.inputs for name in names_in(argument.arg)), "")
        self._checks = self.name in operators.CHECKS
        self._call = _callable(torch, node.target)
        self._positional = [argument.arg for argument in node.inputs if argument.kind != 2]
        self._named = {argument.name: argument.arg for argument in node.inputs if argument.kind == 2}

    def __call__(self, env: Env, device: str = "cpu") -> list[Any]:
        """Compute the node's values into `env`; return the tensors among them."""
        if self._checks:
            return []
        given = [_read(each, env, self._torch, device) for each in self._positional]
        named = {name: _read(each, env, self._torch, device) for name, each in self._named.items()}
        return self._keep(self._call(*given, **named), env)

    def _keep(self, found: Any, env: Env) -> list[Any]:
        values = list(found) if isinstance(found, tuple | list) else [found]
        # An operator may give more values than the graph names, such as the saved statistics of a norm.
        env.update(zip(self.makes, values, strict=False))
        return [value for value in values if isinstance(value, self._torch.Tensor)]


def _read(argument: schema.Argument, env: Env, torch: Any, device: str) -> Any:  # noqa: PLR0911 - a kind each
    if argument.as_tensor:
        return env[argument.as_tensor.name]
    if argument.as_tensors is not None:
        return [env[as_tensor.name] for as_tensor in argument.as_tensors]
    if argument.as_sym_int:
        return _size(argument.as_sym_int, env)
    if argument.as_sym_ints is not None:
        return [_size(as_sym_int, env) for as_sym_int in argument.as_sym_ints]
    if argument.as_optional_tensor:
        return _optional(argument.as_optional_tensor, env)
    if argument.as_optional_tensors is not None:
        return [_optional(as_optional_tensor, env) for as_optional_tensor in argument.as_optional_tensors]
    if argument.as_scalar_type is not None:
        return getattr(torch, weights.dtype_of(argument.as_scalar_type, ""))
    if argument.as_memory_format is not None:
        return getattr(torch, _FORMATS[argument.as_memory_format])
    if argument.as_layout is not None:
        return torch.strided
    if argument.as_device is not None:
        return torch.device(device)
    if argument.as_float is not None:
        return float(argument.as_float)
    plain = ("as_int", "as_ints", "as_floats", "as_string", "as_bool", "as_bools")
    return next((found for name in plain if (found := getattr(argument, name)) is not None), None)


def _size(said: schema.SymInt, env: Env) -> Any:
    return env[said.as_name] if said.as_name else said.as_int


def _optional(said: schema.OptionalTensor, env: Env) -> Any:
    return env[said.as_tensor.name] if said.as_tensor else None


def _computed(function: Callable[..., Any], *given: Any) -> Any:
    """Compute a size of other sizes.

    Python's operators do more than arithmetic: ``[0] * 10**12`` and ``"%999999999d" % 1`` take all memory,
    and so does a number that is squared again and again. No size needs any of them.
    """
    if not all(isinstance(each, int | float) for each in given):
        raise ValueError("a size is computed from something else than numbers")
    if function is operator.pow and abs(given[1]) > _MAX_POWER:
        raise ValueError("a size is a strange power of another")
    found = function(*given)
    if isinstance(found, int) and abs(found) > _MAX_SIZE:
        raise ValueError("a size is beyond 64 bits")
    return found


def _callable(torch: Any, target: str) -> Callable[..., Any]:
    """Return the operator of a name that is on our list."""
    name = operator_of(target)
    if not target.startswith("torch.ops."):
        return operator.getitem if name == "getitem" else partial(_computed, getattr(operator, name))
    overload = target.rpartition(".")[2]
    plain = name.removesuffix("_") if not name.startswith("_") else name
    packet = getattr(torch.ops.aten, plain)
    return getattr(packet, overload)  # type: ignore[no-any-return]
