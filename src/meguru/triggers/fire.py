"""Fire a trigger by hand."""

from datetime import UTC, datetime
from typing import Any

from meguru.base.ids import new_id
from meguru.kernel.operations import Context, operation
from meguru.triggers import store
from meguru.triggers.actions import Occasion
from meguru.triggers.chains import Chain
from meguru.triggers.delegation import acting_for, check_declarer
from meguru.triggers.firing import draft, start
from meguru.triggers.parse import action_of, kind_of
from meguru.triggers.types import Firing


@operation("trigger.fire", permission="trigger:fire", on="name", refers={"subject": "*"})
def fire(
    ctx: Context,
    *,
    name: str,
    key: str = "",
    subject: str = "",
    reason: str = "",
    scheduled_at: datetime | None = None,
) -> Firing:
    """Start a trigger's action now, whatever its limits; once for each key.

    `subject` says what the action is to be about (``model/delay@3``), where it needs to know.
    `scheduled_at` is the moment to start it for, such as one that was missed; without a key, once for each.
    """
    trigger = store.one(ctx.tx, name)
    if scheduled_at is not None:
        key = key or f"at:{scheduled_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    chosen = "hand:" + (key or new_id("key"))
    firing = store.firing_of(ctx.tx, trigger.name, chosen)
    if firing is not None:
        return firing
    evidence: dict[str, Any] = {"by": ctx.principal.name, "subject": subject, "reason": reason}
    if scheduled_at is not None:
        evidence["due"] = scheduled_at.astimezone(UTC)
    match = draft(ctx, trigger, chosen, None, evidence)
    kind, action = kind_of(trigger.on), action_of(trigger.action)
    check_declarer(acting_for(ctx, trigger, ctx.cause), trigger, kind, action)
    moment = (scheduled_at or ctx.now()).astimezone(kind.zone)
    occasion = Occasion(trigger=name, key=f"{name}:{chosen}", subject=subject, moment=moment)
    return start(ctx, action, match, occasion, Chain(0, ""))
