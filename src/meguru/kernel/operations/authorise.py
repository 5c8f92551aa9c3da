"""The one place where a permission is asked for; whoever is refused is in the log, whichever door it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from meguru.base import refs
from meguru.errors import Forbidden, InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.operations.subject import is_shared, project_of, subject_of
from meguru.kernel.principals import ANYBODY
from meguru.kernel.projects import check_project

if TYPE_CHECKING:
    from meguru.kernel.operations.operation import Operation
    from meguru.kernel.principals import Principal
    from meguru.kernel.workspace import Workspace


def authorise(ws: Workspace, operation: Operation[..., Any], arguments: dict[str, Any] | None = None) -> str:
    """Raise unless the principal may do `operation` with what its arguments name.

    Without arguments it is only asked whether the principal may do it anywhere, so that who may not is told
    before the rest of the request is read. Returned is the project that must be there for the change: it is
    looked for in the change's own transaction, in which nobody can take it away.

    Raises
    ------
    Forbidden
        When the permission is missing; the denial is logged.
    NotFound
        When the principal may not even see the thing: it is as if it were not there.
    """
    if operation.permission == ANYBODY:
        return ""
    if arguments is None:
        require(ws, operation.permission, operation.name)
        return ""
    try:
        ref = subject_of(operation, arguments)
    except InvalidInput:
        # What can't be read is touched by nobody, also by who may do everything: the operation might read it
        # in another way, as a name within a project that there is not.
        if not operation.door:
            raise
        ref = None  # the operation itself says what is wrong with it
    if operation.door:
        require(ws, operation.permission, operation.name, ref=ref, project=ws.home)
        return ""
    _authorise_on(ws, operation, ref)
    return ref.project if ref is not None and not operation.query else ""


def _authorise_on(ws: Workspace, operation: Operation[..., Any], ref: refs.Ref | None) -> None:
    """Raise unless the principal may do an operation with a thing (None: it touches no single one)."""
    # A change in a project that the principal knows nothing of: 404 with the projects that it knows, whether
    # that one exists or not.
    if ref is not None and ref.project and not operation.query:
        known = ws.principal.known_projects
        if known is not None and ref.project not in known:
            with ws.read() as tx:
                check_project(tx, ref.project, among=known)
    if ws.principal.allows(operation.permission):
        return
    if ref is not None and is_shared(ref):
        if not operation.query:
            refuse(ws, operation.permission, operation.name, ref=ref)
    elif ref is not None:
        with ws.read() as tx:
            project = project_of(tx, ref)
        if project is None:
            raise hidden(ref)
        require(ws, operation.permission, operation.name, ref=ref, project=project)
    elif not operation.query and not operation.on:
        # A change that names no thing touches all projects; a query without one filters by `ctx.visible`.
        refuse(ws, operation.permission, operation.name)


def require(
    ws: Workspace, permission: str, doing: str, *, ref: refs.Ref | None = None, project: str | None = None
) -> None:
    """Raise Forbidden, and log the denial, unless the principal holds a permission.

    Parameters
    ----------
    ws
        The workspace, as the principal sees it.
    permission
        What must be held, ``noun:verb``.
    doing
        What was tried: the name of an operation, or of a call that is none, such as ``blob.put``.
    ref
        What it was tried with.
    project
        Where it must be held; None when anywhere is enough.
    """
    principal = ws.principal
    if project is None:
        if principal.allows_somewhere(permission):
            return
    elif principal.allows(permission, project):
        return
    # Who may not even read it gets 404, not 403: that it exists is told to nobody else.
    noun = permission.partition(":")[0]
    if ref is not None and not principal.allows(f"{noun}:read", project):
        raise hidden(ref)
    refuse(ws, permission, doing, ref=ref, project=project)


def hidden(ref: refs.Ref) -> NotFound:
    """Return the error for what a principal may not see: the same words as for what is not there."""
    return NotFound.of(ref.kind, ref.name, [])


def refuse(
    ws: Workspace, permission: str, doing: str, *, ref: refs.Ref | None = None, project: str | None = None
) -> None:
    """Log that a permission is missing, and raise Forbidden."""
    # Of the project of the thing: its name is told to nobody who may not see it.
    facts = {"permission": permission} | ({"ref": str(ref)} if ref else {})
    log_denial(ws, doing, project=project or "", **facts)
    within = f" in {project or refs.DEFAULT}" if ws.principal.grants and project is not None else ""
    # Who has it somewhere is told why that is not enough.
    wide = project is None and bool(ws.principal.projects(permission))
    why = f"the permission {permission!r} is missing in all projects together" if wide else ""
    raise denial(ws.principal, permission, doing + within, where=str(ref or ""), why=why)


def denial(
    principal: Principal, permission: str, doing: str, *, where: str = "", why: str = "", hint: str = ""
) -> Forbidden:
    """Return the error of a principal that lacks a permission, which it names in any case."""
    missing = f"the permission {permission!r} is missing"
    if why and permission not in f"{why} {hint}":
        why = f"{missing}: {why}"
    error = Forbidden(
        f"{principal.name} may not do {doing}",
        where=where,
        why=why or missing,
        hint=hint or "ask an owner for a role or a token that has it",
    )
    error.lacks = permission
    return error


@contextmanager
def denials_logged(ws: Workspace, doing: str, *, project: str = "") -> Iterator[None]:
    """Log what is refused inside of an operation on a thing of a project, after it was undone."""
    try:
        yield
    except Forbidden as error:
        log_refusal(ws, doing, error, project=project)
        raise


def log_refusal(ws: Workspace, doing: str, error: Forbidden, *, project: str = "") -> None:
    """Log what was refused with an error, in a transaction of its own."""
    facts = {"permission": error.lacks} if error.lacks else {"why": error.why or error.what}
    log_denial(ws, doing, project=project, **facts)


def log_denial(ws: Workspace, doing: str, *, project: str = "", **facts: str) -> None:
    """Append ``access.denied`` to the log, in a transaction of its own; of very many, some.

    `project` is that of what was refused: who may read events there is told of it.
    """
    at = ws.clock.now()
    unsaid = ws.denials.admit(ws.principal.name, at)
    if unsaid is None:
        return
    # A transaction of its own: that of what was refused is rolled back.
    with ws.db.write() as tx:
        events.append(
            tx,
            type="access.denied",
            at=at,
            actor=ws.principal.name,
            operation=doing,
            subject=f"principal/{ws.principal.name}",
            project=project,
            data=facts | ({"unsaid": unsaid} if unsaid else {}),
        )
    ws.notify()
