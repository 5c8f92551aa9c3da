"""Tell people: an alert, which goes the way of all alerts."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.triggers.actions.base import Occasion, Started
from meguru.triggers.actions.placeholders import fill, moment_of

MAX_MESSAGE = 1000


class Notify(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"notify": "{subject} came on {date}"}``: an alert of the trigger, open until somebody answers it."""

    key: ClassVar[str] = "notify"
    names: ClassVar[dict[str, tuple[str, str]]] = {}
    needs: ClassVar[tuple[str, ...]] = ()
    exclusive: ClassVar[bool] = False

    notify: str

    def check(self, ctx: Context) -> None:
        """Refuse a message that says nothing, or very much."""
        del ctx
        if not 0 < len(self.notify.strip()) <= MAX_MESSAGE:
            raise InvalidInput(f"a message has 1 to {MAX_MESSAGE:,} characters", field="action.notify")

    def start(self, ctx: Context, occasion: Occasion) -> Started:
        """Emit the event that opens the alert."""
        about = occasion.subject or (occasion.event.subject if occasion.event else "")
        message = fill(self.notify, moment_of(ctx, occasion)).replace("{subject}", about)
        ref = refs.make("trigger", occasion.trigger)
        ctx.emit(
            "trigger.notified", ref, data={"message": message, "about": about}, used=[about] if about else []
        )
        return Started(ref=ref)
