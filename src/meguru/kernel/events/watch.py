"""One look at the log for all threads of a process that wait for it; each is woken by what concerns it.

What this process commits is announced, and looked at as soon as somebody waits for it. What others commit is
found by the thread whose turn it is to look, ten times a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

import msgspec

POLL_SECONDS = 0.1
PACE_SECONDS = 0.02
"""A log that grows faster is told of in strides: whoever writes needs the time more than they who read."""
MOST_TYPES, MOST_OWN = 1000, 10_000

Wakes = Callable[[str], bool]
"""Whether an event of a type concerns somebody."""


class News(msgspec.Struct, frozen=True):
    """The log's head and, of the events since the last look, their number and the newest of each type."""

    head: int
    count: int = 0
    newest: dict[str, int] = {}


Look = Callable[[int | None], News]
"""Look at what came after an event; with None only at the head."""


class _Waiter:
    def __init__(
        self,
        lock: threading.Lock,
        *,
        after: int = -1,
        wakes: Wakes | None = None,
        bell: str = "",
        rung: int = 0,
    ) -> None:
        self.after, self.wakes, self.bell, self.rung = after, wakes, bell, rung
        self.signal = threading.Condition(lock)

    def wants(self, kind: str, seq: int) -> bool:
        """Tell whether an event is one that this thread waits for."""
        return not self.bell and seq > self.after and (self.wakes is None or self.wakes(kind))


class LogWatch:
    """Lets threads wait until the log is longer, or a bell rings: one looks for all, the others sleep.

    Safe for many threads. `committed` is notified at each commit of this process. A bell tells of what is no
    event, such as work that waits; commits of other processes ring them all, as they don't say which.
    """

    def __init__(self) -> None:
        self.committed = threading.Condition()
        self._lock = threading.Lock()
        self._waiters: list[_Waiter] = []
        self._looker: _Waiter | None = None
        # What was seen: the head, and since the first look (at `_start`) the newest event of each type.
        self._head: int | None = None
        self._start = 0
        self._newest: dict[str, int] = {}
        # What this process committed after the last look.
        self._own: dict[int, str] = {}
        self._bells: dict[str, int] = {}
        self._hurry = False
        self._looked = self._told = 0.0
        self._closed = False

    def notify(self, events: Sequence[tuple[int, str]] | None = None, bells: Collection[str] = ()) -> None:
        """Tell of a commit with these events; without them, have everybody look."""
        with self.committed:
            self.committed.notify_all()
        with self._lock:
            if events is None:
                self._ring(self._bells)
                self._look_soon()
                return
            self._ring(bells)
            seen = self._head or 0
            fresh = {seq: kind for seq, kind in events if seq > seen}
            self._own = fresh if len(self._own) > MOST_OWN else self._own | fresh
            if any(each.wants(kind, seq) for each in self._waiters for seq, kind in fresh.items()):
                self._look_soon()

    def close(self) -> None:
        """End all waits, now and from now on."""
        self._closed = True
        self.notify()
        with self._lock:
            for each in self._waiters:
                each.signal.notify()

    def wait(self, look: Look, *, after: int, timeout: float, wakes: Wakes | None = None) -> int:
        """Return the head as soon as there is an event beyond `after` of a type that `wakes`.

        When the time is over: the head, if every type wakes; else `after`.
        """
        if timeout <= 0 and wakes is None:
            return look(None).head
        met = self._wait(look, _Waiter(self._lock, after=after, wakes=wakes), timeout)
        if not met and wakes is not None:
            return after
        return look(None).head if self._head is None else self._head

    def rung(self, bell: str) -> int:
        """Return how often a bell has rung."""
        with self._lock:
            # A count and no flag: who reads it before it looks misses no bell that rings while it looks.
            # Known from now on, it is also rung for the commits of other processes.
            return self._bells.setdefault(bell, 0)

    def wait_for_bell(self, look: Look, bell: str, *, rung: int, timeout: float) -> None:
        """Wait until a bell has rung more than `rung` times."""
        self._wait(look, _Waiter(self._lock, bell=bell, rung=rung), timeout)

    def _wait(self, look: Look, me: _Waiter, timeout: float) -> bool:
        end = time.monotonic() + timeout
        with self._lock:
            self._waiters.append(me)
            if any(me.wants(kind, seq) for seq, kind in self._own.items()):
                self._look_soon()
        try:
            while True:
                with self._lock:
                    left = end - time.monotonic()
                    if self._is_met(me) or left <= 0:
                        return self._is_met(me)
                    if self._closed:
                        # Whoever waits in a loop must not spin until it is told to stop.
                        me.signal.wait(min(POLL_SECONDS, left))
                        return self._is_met(me)
                    if not self._is_mine_to_look(me, left):
                        continue
                    before, self._hurry, self._looked = self._head, False, time.monotonic()
                # Outside of the lock: this is a query, and no commit must wait for it to be announced.
                news = look(before)
                with self._lock:
                    self._take_in(news, before)
        finally:
            self._leave(me)

    def _is_mine_to_look(self, me: _Waiter, left: float) -> bool:
        """Tell whether it is time to look; if it is not, or another looks, that was waited for."""
        if self._looker not in {None, me}:
            me.signal.wait(left)
            return False
        self._looker = me
        due = self._told + PACE_SECONDS if self._hurry else self._looked + POLL_SECONDS
        if (pause := due - time.monotonic()) <= 0:
            return True
        me.signal.wait(min(pause, left))
        return False

    def _is_met(self, me: _Waiter) -> bool:
        if me.bell:
            return self._bells.get(me.bell, 0) > me.rung
        if self._head is None or self._head <= me.after:
            return False
        # Of what was there before the first look, nobody knows the types.
        unknown = me.wakes is None or me.after < self._start
        return unknown or any(me.wants(kind, seq) for kind, seq in self._newest.items())

    def _take_in(self, news: News, before: int | None) -> None:
        mine = sum(seq <= news.head for seq in self._own)
        self._own = {seq: kind for seq, kind in self._own.items() if seq > news.head}
        if before is None or len(self._newest) > MOST_TYPES:
            self._start, self._newest = news.head, {}
        self._head, self._newest = news.head, self._newest | news.newest
        # More events than this process wrote: another has committed, and didn't say for whom it rang.
        if before is None or news.count > mine:
            self._ring(self._bells)
        woken = [each for each in self._waiters if self._is_met(each)] if news.count or before is None else []
        for each in woken:
            each.signal.notify()
        if woken:
            self._told = time.monotonic()

    def _ring(self, bells: Collection[str]) -> None:
        for bell in bells:
            self._bells[bell] = self._bells.get(bell, 0) + 1
        for each in self._waiters:
            if each.bell in bells:
                each.signal.notify()

    def _look_soon(self) -> None:
        self._hurry = True
        if self._looker:
            self._looker.signal.notify()

    def _leave(self, me: _Waiter) -> None:
        with self._lock:
            self._waiters.remove(me)
            if self._looker is me:
                self._looker = None
                # Somebody must look: the turn goes to whoever has waited longest.
                if self._waiters:
                    self._waiters[0].signal.notify()
