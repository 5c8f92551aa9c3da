"""What a declaration begins: a monitor's windows; and what its end ends."""

from __future__ import annotations

from meguru.kernel.jobs import queue
from meguru.kernel.operations import Context
from meguru.monitoring.schedule import store
from meguru.monitoring.schedule.rules import CronRule
from meguru.monitoring.types import Monitor

JOB = "monitor"


def begin(ctx: Context, monitor: Monitor, before: Monitor | None) -> None:
    """Let a monitor begin anew if it watches other windows than before; its calendar counts from now."""
    if not monitor.looks:
        if before is not None and before.looks:
            end(ctx, monitor.name)
        return
    if before is None or (before.window, before.target) != (monitor.window, monitor.target):
        store.begin(ctx.tx, monitor.name)
        if monitor.dataset:
            # What is there now is looked at too, but not all there ever was.
            newest = store.newest_versions(ctx.tx, {monitor.dataset}).get(monitor.dataset, 0)
            store.set_turn(ctx.tx, monitor.name, goal=max(newest - 1, 0))
    following = monitor.schedule.following(ctx.now()) if isinstance(monitor.schedule, CronRule) else None
    store.set_turn(ctx.tx, monitor.name, next_at=following)


def end(ctx: Context, name: str) -> None:
    """Let nobody look any more; what was under way is refused at its commit."""
    turn = store.turns(ctx.tx, name).get(name)
    if turn is None:
        return
    queue.cancel(ctx.tx, JOB, key_of(turn), ctx.now())
    store.set_turn(ctx.tx, name, turn=turn.turn + 1)
    store.begin(ctx.tx, name)


def wake(ctx: Context, turn: store.MonitorTurn) -> None:
    """Have a worker look at what is due; one that works already looks again before it lets go."""
    key = key_of(turn)
    if queue.hold(ctx.tx, JOB, key) is None:
        queue.enqueue(ctx, kind=JOB, key=key, payload={"monitor": turn.monitor})
    else:
        queue.wake(ctx, JOB, key)


def key_of(turn: store.MonitorTurn) -> str:
    """Return the key of a monitor's job; one that could not go on is followed by another."""
    return f"{turn.monitor}#{turn.turn}"
