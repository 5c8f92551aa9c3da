"""The one place where a permission is asked for; whoever is refused is in the log, whichever door it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from meguru.errors import Forbidden
from meguru.runtime import events

if TYPE_CHECKING:
    from meguru.runtime.operations.operation import Operation
    from meguru.runtime.principals import Principal
    from meguru.runtime.workspace import Workspace


def authorise(ws: Workspace, operation: Operation[..., Any]) -> None:
    """Raise Forbidden, and log the denial, unless the principal holds the operation's permission."""
    require(ws, operation.permission, operation.name)


def require(ws: Workspace, permission: str, doing: str) -> None:
    """Raise Forbidden, and log the denial, unless the principal holds a permission.

    Parameters
    ----------
    ws
        The workspace, as the principal sees it.
    permission
        What must be held, ``noun:verb``.
    doing
        What was tried: the name of an operation, or of a call that is none, such as ``blob.put``.
    """
    if ws.principal.allows(permission):
        return
    log_denial(ws, doing, permission=permission)
    raise denial(ws.principal, permission, doing)


def denial(principal: Principal, permission: str, doing: str, *, why: str = "", hint: str = "") -> Forbidden:
    """Return the error of a principal that lacks a permission."""
    error = Forbidden(
        f"{principal.name} may not do {doing}",
        why=why or f"the permission {permission!r} is missing",
        hint=hint or "ask an owner for a role or a token that has it",
    )
    error.lacks = permission
    return error


@contextmanager
def denials_logged(ws: Workspace, doing: str) -> Iterator[None]:
    """Log what is refused inside of an operation, after its transaction was undone."""
    try:
        yield
    except Forbidden as error:
        facts = {"permission": error.lacks} if error.lacks else {"why": error.why or error.what}
        log_denial(ws, doing, **facts)
        raise


def log_denial(ws: Workspace, doing: str, **facts: str) -> None:
    """Append ``access.denied`` to the log, in a transaction of its own."""
    with ws.db.write() as tx:
        events.append(
            tx,
            type="access.denied",
            at=ws.clock.now(),
            actor=ws.principal.name,
            operation=doing,
            subject=f"principal/{ws.principal.name}",
            data=facts,
        )
    ws.notify()
