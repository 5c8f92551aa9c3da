"""What an operation touches: its names in full, the thing itself, and the project of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.names import normal
from meguru.errors import InvalidInput
from meguru.kernel.kinds.kind import kind_of, load

if TYPE_CHECKING:
    from meguru.kernel.operations.operation import Operation
    from meguru.kernel.workspace import Workspace


def qualify_arguments(
    ws: Workspace, operation: Operation[..., Any], arguments: dict[str, Any]
) -> dict[str, Any]:
    """Return arguments whose names have their project: a bare one is of the project in which it is asked.

    A door's names are flat: it has completed them itself.
    """
    if operation.door:
        return arguments
    for field, kind in operation.refers.items():
        given = arguments.get(field)
        if isinstance(given, str):
            arguments[field] = _qualify(ws, kind, given)
        elif isinstance(given, list):
            arguments[field] = [_qualify(ws, kind, each) for each in given]
    return arguments


def _qualify(ws: Workspace, kind: str, text: Any) -> Any:
    known = kind_of(kind)
    if known is not None and known.qualify and isinstance(text, str) and text:
        return load(known.qualify)(ws, text)
    return qualify_name(ws.project, kind, text)


def qualify_name(project: str, kind: str, text: Any) -> Any:
    """Return a name or a reference of a kind with its project; what is neither is left as it is.

    `kind` is ``*`` where references of any kind are taken. A thing without versions is answered by its name.
    """
    known = kind_of(kind)
    if not isinstance(text, str) or not text or (known is not None and not known.has_projects):
        return text
    head, at, version = normal(text).partition("@")
    first, slash, rest = head.partition("/")
    if slash and first == kind and known is not None and not known.versioned and not at:
        return refs.within(project, rest)
    if slash and (first == kind or (kind == "*" and _is_named(first))):
        return f"{first}/{refs.within(project, rest)}{at}{version}"
    if kind == "*" or first in refs.KINDS:
        return text
    return f"{refs.within(project, head)}{at}{version}"


def subject_of(operation: Operation[..., Any], arguments: dict[str, Any]) -> refs.Ref | None:
    """Return what an operation is asked to touch; None when it touches no single thing.

    Raises
    ------
    InvalidInput
        If the argument that names it is no reference.
    """
    text = arguments.get(operation.on) if operation.on else None
    # bool is an int in Python, and numbers nothing.
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)  # a door's number of a thing
    if not isinstance(text, str) or not text:
        return None
    kind = operation.refers[operation.on]
    known = kind_of(kind)
    if known is not None and known.qualify:  # a title is no reference: it may hold whatever marks one
        return refs.Ref(kind, text.removeprefix(f"{kind}/"))
    try:
        return refs.parse(text) if kind == "*" else refs.parse(text, kind=kind)
    except InvalidInput:
        near = kind_of(text.partition("/")[0])
        if near is None or near.named:
            raise
        return refs.parse(text)  # an id says what it is of: a run, where a step of one is wanted


def is_shared(ref: refs.Ref) -> bool:
    """Tell whether a reference is to a thing that all projects share."""
    kind = kind_of(ref.kind)
    return kind is not None and kind.shared


def project_of(tx: Connection, ref: refs.Ref) -> str | None:
    """Return the project of a thing, empty for the default one; None when an id is of no thing."""
    kind = kind_of(ref.kind)
    if kind is None or not kind.project_of:
        return ref.project
    found: str | None = load(kind.project_of)(tx, ref.name)
    return found


def project_of_subject(tx: Connection, subject: str) -> str:
    """Return the project of what an event tells of; the default one where nobody can say."""
    kind, _, name = subject.partition("/")
    known = kind_of(kind)
    if "/" not in name and (known is None or not known.project_of):
        return ""  # each event comes by here: a reference without a project need not be read to know that
    try:
        return project_of(tx, refs.parse(subject)) or ""
    except InvalidInput:
        return ""


def _is_named(kind: str) -> bool:
    known = kind_of(kind)
    return known is not None and known.has_projects
