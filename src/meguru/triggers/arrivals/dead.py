"""Dead letters: what arrived for a trigger and could not be read."""

from __future__ import annotations

from meguru.base.paging import Page, check_limit
from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation
from meguru.triggers import store as triggers
from meguru.triggers.arrivals import store
from meguru.triggers.arrivals.receive import Reception, emit_arrival
from meguru.triggers.arrivals.types import DeadLetter
from meguru.triggers.kinds.listening import Receiving
from meguru.triggers.parse import kind_of


@operation("trigger.dead_letters", permission="trigger:read", query=True, on="name")
def dead_letters(ctx: Context, *, name: str, before: str = "", limit: int = 100) -> Page[DeadLetter]:
    """List what arrived for a trigger and could not be read, the newest first."""
    trigger = triggers.one(ctx.tx, name)
    items = store.letters(ctx.tx, trigger.name, limit=check_limit(limit) + 1, before=before)
    return Page(items=items[:limit], next_cursor=items[limit - 1].id if len(items) > limit else "")


@operation("trigger.dead_letter", permission="trigger:read", query=True, on="name")
def dead_letter(ctx: Context, *, name: str, letter: str) -> DeadLetter:
    """Show one dead letter: from where, why it could not be read, and the beginning of its text."""
    return store.letter(ctx.tx, triggers.one(ctx.tx, name).name, letter)[0]


@operation("trigger.retry_dead_letter", permission="trigger:fire", on="name")
def retry_dead_letter(ctx: Context, *, name: str, letter: str) -> Reception:
    """Read a dead letter again, after the trigger was changed: it becomes an event, once, and is gone.

    Raises
    ------
    InvalidInput
        If it still can't be read.
    Conflict
        If it was so large that not all of it was kept.
    """
    trigger = triggers.one(ctx.tx, name)
    shown, raw = store.letter(ctx.tx, trigger.name, letter)
    kind = kind_of(trigger.on)
    if not shown.is_whole or not isinstance(kind, Receiving):
        raise Conflict(
            f"dead letter {letter} can't be read again",
            why="only its beginning was kept" if not shown.is_whole else "the trigger receives nothing now",
            hint=f"have it sent again, and drop this one: meguru trigger dead drop {trigger.name} {letter}",
        )
    done = emit_arrival(ctx, trigger.name, kind.read(ctx.ws, raw))
    # In both cases the letter is gone; only this event ends the alert that it had opened.
    known = "it had arrived whole, under the same key"
    _emit_dropped(ctx, shown, known if done is Reception.KNOWN else "it was read again, and is an event now")
    store.drop(ctx.tx, trigger.name, letter)
    return done


@operation("trigger.drop_dead_letter", permission="trigger:write", on="name")
def drop_dead_letter(ctx: Context, *, name: str, letter: str, reason: str = "") -> DeadLetter:
    """Give up a dead letter: its text is forgotten; that it was there stays in the log."""
    trigger = triggers.one(ctx.tx, name)
    shown, _ = store.letter(ctx.tx, trigger.name, letter)
    store.drop(ctx.tx, trigger.name, letter)
    _emit_dropped(ctx, shown, reason)
    return shown


def _emit_dropped(ctx: Context, letter: DeadLetter, reason: str) -> None:
    data = {"key": letter.key, "source": letter.source, "letter": letter.id, "reason": reason}
    ctx.emit("message.dropped", f"trigger/{letter.trigger}", data=data)
