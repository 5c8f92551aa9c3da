"""The evaluator: reads the event log and the calendar, and fires what matches.

Several servers may run one each: the cursor's row is locked while an event is decided, and the firing, what
it starts and the cursor are committed together. So an event is decided once, whoever is killed when.
"""

import logging
import threading
import time
from collections.abc import Iterable

from meguru.errors import MeguruError
from meguru.runtime import events
from meguru.runtime.events import Event
from meguru.runtime.operations import Context, Operation
from meguru.runtime.principals import system
from meguru.runtime.workspace import Workspace
from meguru.triggers import store
from meguru.triggers.firing import decide
from meguru.triggers.recognise import kind_of
from meguru.triggers.ring import ring
from meguru.triggers.types import Trigger

log = logging.getLogger(__name__)
BATCH = 200
IDLE_SECONDS = 1.0
PACE_SECONDS = 0.1
NEVER_WAKES = "trigger.suppressed"
"""What was held back has no consequences; else two triggers could keep each other awake for ever."""


class Evaluator:
    """Decides matches until it is stopped.

    Parameters
    ----------
    ws
        Where the log and the triggers are.
    """

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("triggers"))

    def step(self) -> int:
        """Decide everything that has happened and is due by now; return how many firings were recorded."""
        with self.ws.read() as tx:
            head, due = events.head(tx), store.due(tx, self.ws.clock.now())
        count = 0
        for trigger in due:
            count += self.ws.execute(ring, {"name": trigger.name})
        while (seen := self._batch(head)) is not None:
            count += seen
        return count

    def run(self, stop: threading.Event) -> None:
        """Decide matches as they happen, until `stop` is set; then `ws.notify()` ends the wait at once."""
        last = 0.0
        while not stop.is_set():
            try:
                # A log that grows fast is decided in strides: each takes the writer's turn once.
                stop.wait(max(0.0, last + PACE_SECONDS - time.monotonic()))
                with self.ws.read() as tx:
                    seen = events.head(tx)
                self.step()
                last = time.monotonic()
                events.wait(self.ws, after=seen, timeout=self._idle())
            except Exception:
                log.exception("the triggers could not be evaluated; trying again")
                stop.wait(IDLE_SECONDS)

    def _idle(self) -> float:
        with self.ws.read() as tx:
            following = store.next_due(tx)
        if following is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (following - self.ws.clock.now()).total_seconds()))

    def _batch(self, head: int) -> int | None:
        """Decide the next event that matches; None when the cursor has reached `head`."""
        with self.ws.read() as tx:
            cursor = store.cursor(tx)
            if cursor >= head:
                return None
            found = events.read(tx, after=cursor, limit=BATCH)
            triggers = store.all_triggers(tx)
        for event in found:
            names = [trigger.name for trigger in matching(triggers, event)]
            if names:
                taken: int = self.ws.execute(_decide, {"cursor": cursor, "seq": event.seq, "names": names})
                return taken
        self.ws.execute(_decide, {"cursor": cursor, "seq": found[-1].seq, "names": []})
        return 0


def matching(triggers: Iterable[Trigger], event: Event) -> list[Trigger]:
    """Return the triggers that an event wakes; none sees what happened before it was made."""
    if event.type == NEVER_WAKES:
        return []
    return [trigger for trigger in triggers if event.seq > trigger.created_seq and _wakes(trigger, event)]


def _wakes(trigger: Trigger, event: Event) -> bool:
    try:
        return kind_of(trigger.on).matches(event)
    except MeguruError:
        log.exception("trigger %s can't be read; it sleeps", trigger.name)
        return False


def _decide_event(ctx: Context, *, cursor: int, seq: int, names: list[str]) -> int:
    """Decide one event for the triggers it wakes, and move the cursor to it."""
    if store.cursor(ctx.tx, lock=True) != cursor:
        return 0
    found = events.read(ctx.tx, after=seq - 1, limit=1)[0] if names else None
    for name in names:
        decide(ctx, store.one(ctx.tx, name), key=found.id if found else "", event=found)
    store.set_cursor(ctx.tx, seq)
    return len(names)


# Not registered: nobody but the evaluator may call it.
_decide = Operation(_decide_event, "trigger.evaluate", "trigger:evaluate", query=False, evented=False)
