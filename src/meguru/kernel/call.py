"""An operation known by its name: enough to ask a server, without the code that carries it out."""

from __future__ import annotations

import ast
from functools import cached_property
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base.late import late_module

if TYPE_CHECKING:
    from meguru.kernel.operations.operation import Door, Operation


class OperationEntry(msgspec.Struct, frozen=True, array_like=True):
    """What is written down of an operation: where its function is, whether it only asks, what it returns."""

    function: str
    query: bool
    result: str


class LazyOperation:
    """Calls an operation as `Operation` does; on a server, only the type of its result is imported.

    Arguments are checked by the server then; its refusals are those of the operation itself.
    """

    def __init__(self, name: str, entry: OperationEntry) -> None:
        self.name, self.query = name, entry.query
        self._entry = entry

    def __call__(self, where: Door, **arguments: Any) -> Any:
        """Run the operation at `where`."""
        if getattr(where, "is_remote", False):
            return where.execute(self, arguments)  # type: ignore[arg-type]
        return self.operation(where, **arguments)

    @property
    def path(self) -> str:
        """The HTTP path of the operation."""
        return "/api/v1/" + self.name.replace(".", "/")

    @cached_property
    def operation(self) -> Operation[..., Any]:
        """The operation itself."""
        module, _, attributes = self._entry.function.partition(":")
        found: Operation[..., Any] = attrgetter(attributes)(late_module(module))
        return found

    @cached_property
    def result_type(self) -> Any:
        """The type of what it returns."""
        return _type_of(ast.parse(self._entry.result, mode="eval").body)

    def read_arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments as they are."""
        return given


def _type_of(node: ast.expr) -> Any:
    """Read a type such as ``meguru.base.paging.Page[meguru.registry.types.Alias]``."""
    if isinstance(node, ast.Constant):  # None is the only one that is a type
        return NoneType
    if isinstance(node, ast.BinOp):
        return _type_of(node.left) | _type_of(node.right)
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _type_of(node.value)[tuple(_type_of(part) for part in parts)]
    module, _, name = ast.unparse(node).rpartition(".")
    return getattr(late_module(module or "builtins"), name)
