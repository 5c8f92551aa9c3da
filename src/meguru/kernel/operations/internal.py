"""Operations that only the system does: workers and services call them, and no door leads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from meguru.errors import InternalError
from meguru.kernel.operations.authorise import authorise
from meguru.kernel.operations.context import Context
from meguru.kernel.operations.execute import run
from meguru.kernel.operations.operation import Operation

if TYPE_CHECKING:
    from meguru.kernel.kinds.kind import Kind
    from meguru.kernel.workspace import Workspace

R = TypeVar("R")


class InternalOperation(Operation[[], None]):
    """A verb of a kind that is not registered: what is done is in the code that does it.

    The kind says which there are (`Kind.internal`), so that all ways to change state can be listed. Whoever
    commits holds ``KIND:VERB``, as the parts of the system do.
    """

    def __init__(self, kind: Kind, verb: str, *, evented: bool = False, alone: bool = True) -> None:
        if verb not in kind.internal:
            message = f"the kind {kind.name} does not declare that the system does {verb!r}"
            raise InternalError(message)
        name = f"{kind.name}.{verb}"
        super().__init__(_by_commit, name, f"{kind.name}:{verb}", query=False, evented=evented, alone=alone)
        self.__doc__ = kind.internal[verb]

    def commit(self, ws: Workspace, work: Callable[[Context], R]) -> R:
        """Do some work in one transaction of this operation; return what it returned."""
        authorise(ws, self)
        done: R = run(ws, self, work)
        return done


def _by_commit(ctx: Context) -> None:
    message = f"{ctx.operation.name} is done by its commit"
    raise InternalError(message)
