"""A cause that comes with a request: an event that there is, and that whoever cites it may cite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from meguru.errors import Forbidden, InvalidInput, NotFound
from meguru.kernel import events

if TYPE_CHECKING:
    from meguru.kernel.principals import Principal
    from meguru.kernel.workspace import Workspace

CITE = "event:cite"
SEE = "event:read"
MAX_CAUSES = 100


def with_cited_cause(ws: Workspace) -> Workspace:
    """Return the workspace with the cause that its client cites, once it is proved to be one.

    An event that is in the log is older than whatever is done now. One may cite what one did, and what came
    of it (a pipeline that one started has ended); other events only with the right to.

    Raises
    ------
    InvalidInput
        If there is no such event, or it is of a project that the principal may not see.
    Forbidden
        If nothing in its chain of causes was done by this principal, and it may not cite what others did.
    """
    cited = ws.cited
    if cited is None:
        return ws
    with ws.read() as tx:
        try:
            event = events.get(tx, cited)
        except NotFound as error:
            raise _unknown(cited) from error
        if not ws.principal.allows(CITE, event.project) and not _led_to(tx, event, ws.principal):
            is_seen = ws.principal.allows(SEE, event.project) or not ws.principal.grants
            raise _not_theirs(ws.principal, cited) if is_seen else _unknown(cited)
    view = ws.with_(cause=cited, idempotency_key=ws.idempotency_key)
    view.cited = None
    return view


def _led_to(tx: Connection, event: events.Event, principal: Principal) -> bool:
    """Tell whether an event, or one that led to it, was the principal's doing."""
    for _ in range(MAX_CAUSES):
        if event.actor == principal.name:
            return True
        if event.cause is None:
            return False
        try:
            event = events.get(tx, event.cause)
        except NotFound:  # told before causes were checked
            return False
    return False


def _unknown(cited: str) -> InvalidInput:
    why, hint = "the log has no such event", "leave the header out, or send the id of an event"
    return InvalidInput(f"{cited} caused nothing", field="Meguru-Cause", why=why, hint=hint)


def _not_theirs(principal: Principal, cited: str) -> Forbidden:
    error = Forbidden(
        f"{principal.name} may not cite {cited} as a cause",
        where=f"event/{cited}",
        why=f"it came of nothing that {principal.name} did, and the permission {CITE!r} is missing",
        hint="cite an event of your own, or what came of it; or leave the header out",
    )
    error.lacks = CITE
    return error
