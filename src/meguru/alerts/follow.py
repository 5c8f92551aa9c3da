"""The follower: opens an alert when an event needs a person, counts what comes again, and answers it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from meguru.alerts import event_rules, store
from meguru.alerts.event_data import alert_data
from meguru.alerts.kind import ALERT
from meguru.alerts.ledger import Ledger
from meguru.alerts.storms import QUIET_PERIOD, STORM_PREFIX, is_storm
from meguru.alerts.types import Alert
from meguru.kernel import events
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace

BATCH = 500
MAX_FIRST_AGE = timedelta(days=7)
"""What is older when the log is first read is history, and no alert."""


class AlertFollower(Follower):
    """Keeps alerts as the log says; several servers may run one each.

    A batch of events and the cursor are one transaction: each event counts once, whoever is killed when.
    """

    name = "alerts"
    idle = 5.0  # mutes and storms end by the clock
    pace = 0.2

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._seen = 0

    def step(self) -> int:
        """Take in everything that has happened by now; return how many events concerned alerts."""
        with self.ws.read() as tx:
            head, kept = events.head(tx), store.cursor(tx)
            now = self.ws.clock.now()
            unmuted, quiet = store.to_unmute(tx, now), store.quiet_since(tx, STORM_PREFIX, now - QUIET_PERIOD)
        after, count = max(kept or 0, self._seen), 0
        while after < head:
            with self.ws.read() as tx:
                types = [
                    each
                    for each in events.types_between(tx, after, head)
                    if event_rules.concerns_alerts(each)
                ]
                read = partial(events.read, tx, after=after, before=head + 1, limit=BATCH, types=types)
                found = read() if types else []
            until = found[-1].seq if len(found) == BATCH else head
            if found:
                work = partial(_take_in, types=types, after=after, until=until, first=kept is None)
                count += _FOLLOW.commit(self.ws, work)
            after = until
        self._seen = head
        for alert in unmuted:
            _FOLLOW.commit(self.ws, partial(_unmute, alert=alert))
        for alert in quiet:
            _FOLLOW.commit(self.ws, partial(_end_storm, alert=alert))
        return count

    def wakes(self, type: str) -> bool:
        """Tell whether an event may open an alert, or answer one."""
        return event_rules.concerns_alerts(type)


def _take_in(ctx: Context, *, types: list[str], after: int, until: int, first: bool) -> int:
    """Take in the events that are not beyond `until`, and move the cursor there."""
    # Another server may have taken in some of these events: it goes on where that one stopped.
    cursor = max(store.cursor(ctx.tx, lock=True) or 0, after)
    if cursor >= until:
        return 0
    ledger = Ledger(ctx)
    found = events.read(ctx.tx, after=cursor, before=until + 1, limit=BATCH, types=types)
    since = ctx.now() - MAX_FIRST_AGE
    for event in found:
        if not first or event.at >= since:
            ledger.apply(event)
    ledger.write()
    store.set_cursor(ctx.tx, until)
    return len(found)


def _unmute(ctx: Context, *, alert: str) -> None:
    """Let an alert be told again, now that its time is over."""
    known = store.one(ctx.tx, alert, lock=True)
    if not known.is_open or known.muted_until is None or known.is_muted(ctx.now()):
        return
    end_mute(ctx, known)


def end_mute(ctx: Context, known: Alert) -> Alert:
    """Let a muted alert be told again; what came meanwhile is told with it."""
    changed = known.changed(muted_until=None, muted_count=0)
    store.save(ctx.tx, changed)
    ctx.emit("alert.unmuted", known.ref, data=alert_data(changed) | {"meanwhile": known.muted_count})
    return changed


def _end_storm(ctx: Context, *, alert: str) -> None:
    """End a storm of which nothing more came."""
    known = store.one(ctx.tx, alert, lock=True)
    if known.is_open and is_storm(known) and known.last_at < ctx.now() - QUIET_PERIOD:
        Ledger(ctx).resolve(known, by=ctx.principal.name, note="nothing more came for an hour")


_FOLLOW = InternalOperation(ALERT, "follow")
