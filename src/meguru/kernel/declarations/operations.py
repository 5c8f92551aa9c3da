"""The operations that every declared kind has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from meguru.base.paging import check_limit
from meguru.kernel import declarations
from meguru.kernel.declarations.types import Declared, SpecVersion
from meguru.kernel.kinds.kind import Kind
from meguru.kernel.operations import Context, Operation, operation


class SpecOperations(NamedTuple):
    """A kind's operations on specs."""

    declare: Operation[..., Declared]
    plan: Operation[..., Declared]
    retire: Operation[..., Declared]
    specs: Operation[..., list[SpecVersion]]


def operations_of(kind: Kind, *, verb: str = "write") -> SpecOperations:
    """Make ``<kind>.declare``, ``.plan``, ``.retire`` and ``.specs`` in the kind's `operations` module.

    `verb` is what who declares must be allowed.
    """
    one, write, read = kind.title[0], f"{kind.name}:{verb}", f"{kind.name}:read"

    def declare(ctx: Context, *, name: str, spec: Any, expect: dict[str, Any] | None = None) -> Declared:
        return declarations.declare(ctx, kind, name, spec, expect=expect)

    def plan(ctx: Context, *, name: str, spec: Any) -> Declared:
        return declarations.compare(ctx, kind, name, spec)

    def retire(ctx: Context, *, name: str, expect: dict[str, Any] | None = None) -> Declared:
        return declarations.retire(ctx, kind, name, expect=expect)

    def specs(ctx: Context, *, name: str, limit: int = 100) -> list[SpecVersion]:
        return declarations.history(ctx, kind, name, check_limit(limit))

    declare.__doc__ = f"Make the {one} as the spec says: create it, change it, or do nothing when it is so."
    plan.__doc__ = f"Say what declaring this spec would do with the {one}; nothing is changed."
    retire.__doc__ = f"Take the {one} out of use; its history stays, and its name can be declared again."
    specs.__doc__ = f"Return the specs of the {one} that held, newest first."
    for function in (declare, plan):
        function.__annotations__["spec"] = kind.spec
    return SpecOperations(
        declare=_marked(kind, declare, write, query=False),
        plan=_marked(kind, plan, write, query=True),
        retire=_marked(kind, retire, write, query=False),
        specs=_marked(kind, specs, read, query=True),
    )


def _marked(kind: Kind, function: Callable[..., Any], permission: str, *, query: bool) -> Operation[..., Any]:
    return operation(f"{kind.name}.{function.__name__}", permission=permission, query=query, on="name")(
        function
    )
