"""Fire a trigger by hand."""

from meguru.base.ids import new_id
from meguru.runtime.operations import Context, operation
from meguru.triggers import store
from meguru.triggers.actions import Occasion
from meguru.triggers.firing import draft, start
from meguru.triggers.limits import Chain
from meguru.triggers.recognise import action_of
from meguru.triggers.types import Firing


@operation("trigger.fire", permission="trigger:fire")
def fire(ctx: Context, *, name: str, key: str = "", subject: str = "", reason: str = "") -> Firing:
    """Start a trigger's action now, whatever its limits; once for each key.

    `subject` says what the action is to be about (``model/delay@3``), where it needs to know.
    """
    trigger = store.one(ctx.tx, name)
    chosen = "hand:" + (key or new_id("key"))
    known = store.firing_of(ctx.tx, name, chosen)
    if known is not None:
        return known
    evidence = {"by": ctx.principal.name, "subject": subject, "reason": reason}
    match = draft(ctx, trigger, chosen, None, evidence)
    occasion = Occasion(trigger=name, key=f"{name}:{chosen}", subject=subject)
    return start(ctx, action_of(trigger.action), match, occasion, Chain(0, ""))
