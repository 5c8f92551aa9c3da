"""How listening goes."""

from meguru.kernel.operations import Context, operation
from meguru.triggers import store as triggers
from meguru.triggers.arrivals import store
from meguru.triggers.arrivals.types import ListenerState


@operation("trigger.listeners", permission="trigger:read", query=True)
def listeners(ctx: Context) -> list[ListenerState]:
    """Tell for each trigger that listens how that goes: connected since when, last error, how much came."""
    return store.states(ctx.tx, ctx.visible)


@operation("trigger.listener", permission="trigger:read", query=True, on="name")
def listener(ctx: Context, *, name: str) -> ListenerState | None:
    """Tell how listening goes for one trigger; None for one that does not listen, or has not begun to."""
    listener_states = store.states(ctx.tx, name=triggers.one(ctx.tx, name).name)
    return listener_states[0] if listener_states else None
