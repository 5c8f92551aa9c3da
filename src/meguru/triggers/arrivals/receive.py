"""What arrives becomes an event, in one transaction with its key; what can't be read, a dead letter."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy.exc import DataError

from meguru.base.ids import new_id
from meguru.errors import Conflict, InternalError, InvalidInput, MeguruError
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.triggers import store as triggers
from meguru.triggers.arrivals import store
from meguru.triggers.arrivals.types import MAX_KEPT_BODY, DeadLetter, RawArrival, SourceArrival, short_key
from meguru.triggers.kind import TRIGGER
from meguru.triggers.kinds.listening import Receiving
from meguru.triggers.parse import kind_of


class Reception(StrEnum):
    """What became of what arrived: it is an event now, was one before, or could not be read."""

    TAKEN = "taken"
    KNOWN = "known"
    REFUSED = "refused"


def receive(
    ws: Workspace,
    trigger: str,
    arrival: SourceArrival,
    *,
    holder: str = "",
    position: dict[str, Any] | None = None,
) -> Reception:
    """Commit what arrived for a trigger; only after that it may be acknowledged where it came from.

    With a `holder`, nothing is written when listening is another's by now. `position` is how far the source
    is read with it.

    Raises
    ------
    Conflict
        When it is another's, or the trigger is gone.
    """
    return _RECEIVE.commit(
        ws, partial(_receive, trigger=trigger, arrival=arrival, holder=holder, position=position)
    )


def receive_raw(ws: Workspace, trigger: str, raw: RawArrival, *, holder: str = "") -> Reception:
    """Read some bytes and commit what they are: an event, or a dead letter that says why it can't be one."""
    with ws.read() as tx:
        found = triggers.one(tx, trigger)
    kind = kind_of(found.on)
    if not isinstance(kind, Receiving):
        raise Conflict(f"trigger/{trigger} receives nothing", why="it was declared anew, for something else")
    try:
        return receive(ws, trigger, kind.read(ws, raw), holder=holder)
    except (InvalidInput, InternalError, DataError) as error:
        # A poison message: what the database or the log can't hold would be delivered again for ever.
        return _RECEIVE.commit(
            ws, partial(_add_dead_letter, trigger=trigger, raw=raw, error=error, holder=holder)
        )


def save_position(ws: Workspace, trigger: str, position: dict[str, Any], *, holder: str) -> None:
    """Remember how far a source is read, where nothing of it is news."""
    _RECEIVE.commit(ws, partial(_save_position, trigger=trigger, position=position, holder=holder))


def emit_arrival(ctx: Context, trigger: str, arrival: SourceArrival) -> Reception:
    """Emit the event of what arrived, in the open transaction, unless its key is known."""
    key, now = short_key(arrival.key), ctx.now()
    keys = [key, *map(short_key, arrival.also)]
    if any(store.is_known(ctx.tx, trigger, each, now, arrival.within) for each in keys):
        return Reception.KNOWN
    told = ctx.emit(arrival.type, f"trigger/{trigger}", data=arrival.data | {"key": key})
    for each in keys:
        store.remember(ctx.tx, trigger, each, told.id, now)
    store.count_received(ctx.tx, trigger, now)
    return Reception.TAKEN


def _receive(
    ctx: Context, *, trigger: str, arrival: SourceArrival, holder: str, position: dict[str, Any] | None
) -> Reception:
    _fence(ctx, trigger, holder, {} if position is None else {"position": position})
    return emit_arrival(ctx, trigger, arrival)


def _save_position(ctx: Context, *, trigger: str, position: dict[str, Any], holder: str) -> None:
    _fence(ctx, trigger, holder, {"position": position})


def _add_dead_letter(
    ctx: Context, *, trigger: str, raw: RawArrival, error: Exception, holder: str
) -> Reception:
    _fence(ctx, trigger, holder, {})
    key = short_key(raw.key)
    if store.has_dead_letter(ctx.tx, trigger, key):
        return Reception.KNOWN
    reason = _reason(error)
    kept = raw.body[:MAX_KEPT_BODY]
    letter = DeadLetter(
        id=new_id("dl"),
        trigger=trigger,
        key=key,
        source=raw.source[:500],
        at=ctx.now(),
        reason=reason,
        size=len(raw.body),
        is_whole=len(kept) == len(raw.body),
    )
    store.add_dead_letter(ctx.tx, letter, raw, kept)
    data = {"key": key, "source": letter.source, "letter": letter.id, "reason": reason, "size": letter.size}
    ctx.emit("message.refused", f"trigger/{trigger}", data=data)
    return Reception.REFUSED


def _reason(error: Exception) -> str:
    if not isinstance(error, MeguruError):
        return f"the database does not take it ({type(error).__name__})"
    return f"{error.what}: {error.why}" if error.why else error.what


def _fence(ctx: Context, trigger: str, holder: str, values: dict[str, Any]) -> None:
    """Refuse what comes by a server whose lease is over, or for a trigger that is out of use."""
    # One statement checks the lease and locks its row until the commit, so a server that takes the lease over
    # waits for what this one still writes.
    triggers.one(ctx.tx, trigger)
    if holder and not store.update_listener(ctx.tx, trigger, holder, {"holder": holder} | values):
        raise Conflict(f"another server listens for trigger/{trigger}", why="the lease of this one is over")


_RECEIVE = InternalOperation(TRIGGER, "receive")
