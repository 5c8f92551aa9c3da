"""Prove one event to somebody who has not the log."""

from __future__ import annotations

from meguru.audit.checkpoints import store
from meguru.errors import NotFound
from meguru.kernel import events
from meguru.kernel.events.proof import EventProof, make
from meguru.kernel.operations import Context, operation

_MAX_DIGITS = 19


@operation("audit.prove", permission="event:read", query=True)
def prove(ctx: Context, *, event: str) -> EventProof:
    """Prove that an event, by its id or number, is in the log of the first checkpoint that covers it.

    Anybody checks it without the log: ``meguru audit check-proof``, or `meguru.kernel.events.proof.check`.

    Raises
    ------
    NotFound
        If there is no such event, or no checkpoint covers it yet.
    """
    if event.isascii() and event.isdigit() and len(event) < _MAX_DIGITS:
        numbered = events.read(ctx.tx, after=int(event) - 1, limit=1)
        event = numbered[0].id if numbered and numbered[0].seq == int(event) else event
    ctx.check_readable("event", event, ctx.operation.permission)
    found = events.get(ctx.tx, event)
    head = store.head_of(ctx.tx, found.seq)
    if head is None:
        raise NotFound(
            "no checkpoint covers this event yet", where=event, hint="sign one: meguru audit checkpoint"
        )
    return make(ctx.tx, found, head.note)
