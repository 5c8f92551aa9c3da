"""One thread polls the log for all threads of a process that wait for it; each is woken by what concerns it.

What this process commits is announced, and polled as soon as somebody waits for it. What others commit is
found by the thread whose turn it is to poll, ten times a second: it asks for a number that costs less than
the query, and queries when that has changed (`change_counter`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

import msgspec

POLL_SECONDS = 0.1
DEBOUNCE_SECONDS = 0.02
"""Waiters are woken at most this often: a log that grows fast is read in strides, as writers need the time
more than readers."""
MAX_TYPES, MAX_UNPOLLED = 1000, 10_000

Wakes = Callable[[str], bool]
"""Whether an event of a type concerns a waiter."""


class LogDelta(msgspec.Struct, frozen=True):
    """The log's head and, of the events since the last poll, their number and the newest of each type."""

    head: int
    count: int = 0
    newest: dict[str, int] = {}


Poll = Callable[[int | None], LogDelta]
"""Query what came after an event; with None only the head."""
ChangeCounter = Callable[[], int | None]
"""Return a number that is another one when there are more events, whoever commits; None if not known."""


class _Waiter:
    def __init__(
        self,
        lock: threading.Lock,
        *,
        after: int = -1,
        wakes: Wakes | None = None,
        channel: str = "",
        seen: int = 0,
        stop: threading.Event | None = None,
    ) -> None:
        self.after, self.wakes, self.channel, self.seen = after, wakes, channel, seen
        self.stop = stop
        # All conditions share the watch's lock, so that a waiter is woken alone and misses no notification
        # between its check and its wait.
        self.signal = threading.Condition(lock)

    def wants(self, kind: str, seq: int) -> bool:
        """Tell whether an event is one that this thread waits for."""
        return not self.channel and seq > self.after and (self.wakes is None or self.wakes(kind))

    def is_stopped(self) -> bool:
        """Tell whether this thread is to wait no longer."""
        return self.stop is not None and self.stop.is_set()


class LogWatch:
    """Lets threads wait until the log is longer, or a channel is notified: one polls for all, others sleep.

    Safe for many threads. `committed` is notified at each commit of this process. A channel carries what is
    no event, such as work that can be claimed; a commit of another process notifies all channels, as the log
    does not say which it concerns.
    """

    def __init__(self, change_counter: ChangeCounter = lambda: None) -> None:
        self.committed = threading.Condition()
        self._change_counter = change_counter
        self._polled_change: int | None = None
        self._lock = threading.Lock()
        self._waiters: list[_Waiter] = []
        self._poller: _Waiter | None = None
        # What polls found: the head, and since the first of them (at `_start`) the newest event of each type.
        self._head: int | None = None
        self._start = 0
        self._newest: dict[str, int] = {}
        # What this process committed after the last poll, by number.
        self._unpolled: dict[int, str] = {}
        self._notifications: dict[str, int] = {}
        self._is_due = False
        self._last_poll = self._last_wakeup = 0.0
        self._closed = False

    def notify(self, events: Sequence[tuple[int, str]] | None = None, channels: Collection[str] = ()) -> None:
        """Announce a commit with these events; without them, have everybody check."""
        with self.committed:
            self.committed.notify_all()
        with self._lock:
            if events is None:
                self._notify_channels(self._notifications)
                for waiter in self._waiters:
                    if waiter.is_stopped():
                        waiter.signal.notify()
                self._poll_soon()
                return
            self._notify_channels(channels)
            polled = self._head or 0
            fresh = {seq: kind for seq, kind in events if seq > polled}
            # In place: while nobody waits, nothing is polled, and a copy at each commit would be quadratic.
            if len(self._unpolled) > MAX_UNPOLLED:
                self._unpolled.clear()
            self._unpolled.update(fresh)
            if any(waiter.wants(kind, seq) for waiter in self._waiters for seq, kind in fresh.items()):
                self._poll_soon()

    def close(self) -> None:
        """End all waits, now and from now on."""
        self._closed = True
        self.notify()
        with self._lock:
            for waiter in self._waiters:
                waiter.signal.notify()

    def wait(
        self,
        poll: Poll,
        *,
        after: int,
        timeout: float,
        wakes: Wakes | None = None,
        stop: threading.Event | None = None,
    ) -> int:
        """Return the head as soon as there is an event beyond `after` of a type that `wakes`.

        When the time is over, or `stop` was set before `notify()`: the head, if every type wakes; else
        `after`.
        """
        if timeout <= 0 and wakes is None:
            return poll(None).head
        met = self._wait(poll, _Waiter(self._lock, after=after, wakes=wakes, stop=stop), timeout)
        if not met and wakes is not None:
            return after
        return poll(None).head if self._head is None else self._head

    def notification_count(self, channel: str) -> int:
        """Return how often a channel was notified."""
        with self._lock:
            # A count and no flag: who reads it before it checks for work misses no notification that comes
            # while it checks. Once asked for, a channel is notified of commits of other processes too.
            return self._notifications.setdefault(channel, 0)

    def wait_for_notification(self, poll: Poll, channel: str, *, seen: int, timeout: float) -> None:
        """Wait until a channel was notified more than `seen` times."""
        self._wait(poll, _Waiter(self._lock, channel=channel, seen=seen), timeout)

    def _wait(self, poll: Poll, me: _Waiter, timeout: float) -> bool:
        end = time.monotonic() + timeout
        with self._lock:
            self._waiters.append(me)
            if any(me.wants(kind, seq) for seq, kind in self._unpolled.items()):
                self._poll_soon()
        try:
            while True:
                with self._lock:
                    left = end - time.monotonic()
                    # Asked under the lock: whoever sets `stop` notifies after it, and finds us waiting then.
                    if self._is_met(me) or left <= 0 or me.is_stopped():
                        return self._is_met(me)
                    if self._closed:
                        # Whoever waits in a loop must not spin until it is told to stop.
                        me.signal.wait(min(POLL_SECONDS, left))
                        return self._is_met(me)
                    if not self._is_my_turn(me, left):
                        continue
                    before, self._is_due, self._last_poll = self._head, False, time.monotonic()
                # Outside of the lock: this is a query, and no commit must wait for it to be announced.
                delta = self._poll(poll, before)
                with self._lock:
                    self._apply(delta, before)
        finally:
            self._leave(me)

    def _poll(self, poll: Poll, before: int | None) -> LogDelta:
        # The counter first: what is committed between the two is polled now or found to be new next time.
        change = self._change_counter()
        if before is not None and change is not None and change == self._polled_change:
            return LogDelta(before)
        delta = poll(before)
        self._polled_change = change  # after the query: one that failed is asked again
        return delta

    def _is_my_turn(self, me: _Waiter, left: float) -> bool:
        """Tell whether it is time to poll; if it is not, or another thread polls, that was waited for."""
        if self._poller not in {None, me}:
            me.signal.wait(left)
            return False
        self._poller = me
        due = self._last_wakeup + DEBOUNCE_SECONDS if self._is_due else self._last_poll + POLL_SECONDS
        if (pause := due - time.monotonic()) <= 0:
            return True
        me.signal.wait(min(pause, left))
        return False

    def _is_met(self, me: _Waiter) -> bool:
        if me.channel:
            return self._notifications.get(me.channel, 0) > me.seen
        if self._head is None or self._head <= me.after:
            return False
        # Of what was there before the first poll, nobody knows the types.
        unknown = me.wakes is None or me.after < self._start
        return unknown or any(me.wants(kind, seq) for kind, seq in self._newest.items())

    def _apply(self, delta: LogDelta, before: int | None) -> None:
        mine = sum(seq <= delta.head for seq in self._unpolled)
        self._unpolled = {seq: kind for seq, kind in self._unpolled.items() if seq > delta.head}
        if before is None or len(self._newest) > MAX_TYPES:
            self._start, self._newest = delta.head, {}
        self._head, self._newest = delta.head, self._newest | delta.newest
        # More events than this process wrote: another has committed, and did not say for which channel.
        if before is None or delta.count > mine:
            self._notify_channels(self._notifications)
        has_news = delta.count or before is None
        woken = [waiter for waiter in self._waiters if self._is_met(waiter)] if has_news else []
        for waiter in woken:
            waiter.signal.notify()
        if woken:
            self._last_wakeup = time.monotonic()

    def _notify_channels(self, channels: Collection[str]) -> None:
        for channel in channels:
            self._notifications[channel] = self._notifications.get(channel, 0) + 1
        for waiter in self._waiters:
            if waiter.channel in channels:
                waiter.signal.notify()

    def _poll_soon(self) -> None:
        self._is_due = True
        if self._poller:
            self._poller.signal.notify()

    def _leave(self, me: _Waiter) -> None:
        with self._lock:
            self._waiters.remove(me)
            if self._poller is me:
                self._poller = None
                # Somebody must poll, or nobody is ever woken: the turn goes to whoever has waited longest.
                if self._waiters:
                    self._waiters[0].signal.notify()
