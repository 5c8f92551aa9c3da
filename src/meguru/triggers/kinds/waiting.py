"""Kinds with a further condition than the event: enough new rows, or other code than before."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from meguru.errors import Busy, MeguruError
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.triggers.parse import kind_of
from meguru.triggers.types import Trigger


@runtime_checkable
class WaitingKind(Protocol):
    """A kind that looks, in the transaction of the decision, whether an event that matches suffices."""

    def why_not_enough(self, ctx: Context, trigger: Trigger, event: Event) -> str:
        """Return why it does not suffice yet; empty when it does."""
        ...


def why_not_enough(ctx: Context, trigger: Trigger, event: Event) -> str:
    """Return why a trigger waits for more than this event; empty when it does not."""
    try:
        kind = kind_of(trigger.on)
        return kind.why_not_enough(ctx, trigger, event) if isinstance(kind, WaitingKind) else ""
    except Busy:
        raise  # of ours, and over soon: the event is decided at the next attempt
    except MeguruError as error:
        # What the event tells of may be gone by now, such as a removed version. An error here would be met
        # again at each attempt, and no later event would be decided for any trigger.
        return f"{error.what}: {error.why}" if error.why else error.what
