"""Which steps of a graph can begin: pure bookkeeping, without a database or a clock."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import msgspec

from meguru.compute.graph import Graph, Step, needs, order

Rank = tuple[int, int]


class Skipped(msgspec.Struct, frozen=True):
    """A step that will not run, and why."""

    key: str
    reason: str


class Board:
    """Follows a run through its graph. Each step is handed out once, when all that it needs is there.

    `done`, `skip` and `expand` tell it what happened; `begin` hands out what can, in the author's order.
    """

    def __init__(self, graph: Graph) -> None:
        self.steps: dict[str, Step] = {step.key: step for step in graph.steps}
        self.parent: dict[str, str] = {}
        self._rank: dict[str, Rank] = {key: (n, -1) for n, key in enumerate(order(graph))}
        self._missing = {step.key: needs(step) for step in graph.steps}
        self._users: dict[str, list[str]] = {key: [] for key in self.steps}
        for key, wanted in self._missing.items():
            for one in wanted:
                self._users[one].append(key)
        self._ready: list[tuple[Rank, str]] = []
        self._open_items: dict[str, int] = {}
        self._over: set[str] = set()
        for key, wanted in self._missing.items():
            if not wanted:
                self._push(key)

    def begin(self) -> list[str]:
        """Return the steps that can begin now and were not handed out before."""
        found = []
        while self._ready:
            _, key = heapq.heappop(self._ready)
            if key not in self._over:
                found.append(key)
        return found

    def has_ready(self) -> bool:
        """Tell whether `begin` may hand something out."""
        return bool(self._ready)

    def rank(self, key: str) -> Rank:
        """Return where a step stands in the author's order."""
        return self._rank[key]

    def is_over(self, key: str) -> bool:
        """Tell whether a step is done or skipped."""
        return key in self._over

    def done(self, key: str) -> str | None:
        """Take in that a step is done; return the mapped step whose last open call it was, if any."""
        if key in self._over:
            return None
        self._over.add(key)
        for user in self._users.get(key, ()):
            missing = self._missing[user]
            missing.discard(key)
            if not missing:
                self._push(user)
        parent = self.parent.get(key)
        if parent is None:
            return None
        self._open_items[parent] -= 1
        return None if self._open_items[parent] else parent

    def skip(self, key: str, reason: str) -> list[Skipped]:
        """Take in that a step will not run; return it with all that can't run without it."""
        found, front = [], [Skipped(key, reason)]
        while front:
            skipped = front.pop()
            if skipped.key in self._over:
                continue
            self._over.add(skipped.key)
            found.append(skipped)
            front += [
                Skipped(user, f"{skipped.key} was skipped") for user in self._users.get(skipped.key, ())
            ]
        return found

    def expand(self, key: str, calls: Sequence[Step]) -> None:
        """Take in the calls of a mapped step; there is at least one."""
        for n, call in enumerate(calls):
            self.steps[call.key] = call
            self.parent[call.key] = key
            self._rank[call.key] = (self._rank[key][0], n)
            self._push(call.key)
        self._open_items[key] = len(calls)

    def _push(self, key: str) -> None:
        heapq.heappush(self._ready, (self._rank[key], key))
