"""What this process may give to steps at a time: cores, memory and accelerators."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import NamedTuple

from meguru.base.settings import Settings
from meguru.compute.graph import Resources, Step
from meguru.errors import InvalidInput

MAX_REMOTE = 1000
"""Steps that one process keeps in flight on other machines."""
_SLACK = 1e-9
"""Shares such as 0.1 don't add up to whole numbers exactly."""


class Wants(NamedTuple):
    """What one step takes while it runs."""

    cpu: float = 0.0
    memory: float = 0.0
    gpu: float = 0.0
    remote: float = 0.0


class Capacity:
    """Hands out what there is. Safe for many threads.

    Who comes first gets it first: a later step does not take what an earlier one still waits for, so a
    large step is not overtaken for ever by small ones.
    """

    def __init__(self, *, cpu: float, memory: float, gpu: float = 0.0) -> None:
        self.total = Wants(cpu=cpu, memory=memory, gpu=gpu, remote=MAX_REMOTE)
        self._lock = threading.Lock()
        self._free = self.total
        self._devices = [1.0] * int(gpu)
        self._taken: dict[str, tuple[Wants, dict[int, float]]] = {}
        self._waiting: dict[str, tuple[Wants, Callable[[], None]]] = {}

    def check(self, step: Step, *, remote: bool = False) -> None:
        """Refuse a step that can never run here.

        Raises
        ------
        InvalidInput
            Naming what it wants, and what there is.
        """
        wanted = wants_of(step.resources, remote=remote)
        for name, there, setting in (
            ("cpu", self.total.cpu, "MEGURU_CPUS"),
            ("memory", self.total.memory, "MEGURU_MEMORY"),
            ("gpu", self.total.gpu, "MEGURU_GPUS"),
        ):
            if getattr(wanted, name) > there + _SLACK:
                raise InvalidInput(
                    f"step {step.key} can never run here: it wants {getattr(wanted, name):g} {name}",
                    field=f"resources.{name}",
                    why=f"there are {there:g}",
                    hint=f"ask for less, set {setting} if there is more, or run it on a cluster",
                )

    def take(
        self, name: str, resources: Resources | None, call: Callable[[], None], *, remote: bool = False
    ) -> bool:
        """Give a step what it wants, under a `name` of its own; False if it must wait.

        `call` is then called, from any thread, each time that it is worth to ask again; the step keeps its
        place in the queue until it gets what it wants or `give` forgets it.
        """
        wanted = wants_of(resources, remote=remote)
        with self._lock:
            if name in self._taken:
                return True
            earlier = []
            for other, (its_wants, _) in self._waiting.items():
                if other == name:
                    break
                earlier.append(its_wants)
            if self._fits(wanted) and not self._in_the_way(wanted, earlier):
                self._waiting.pop(name, None)
                self._free = Wants(*(a - b for a, b in zip(self._free, wanted, strict=True)))
                self._taken[name] = (wanted, self._devices_for(wanted.gpu))
                return True
            self._waiting[name] = (wanted, call)
            return False

    def devices(self, name: str) -> list[int]:
        """Return the numbers of the accelerators that a step was given."""
        with self._lock:
            return sorted(self._taken[name][1]) if name in self._taken else []

    def give(self, name: str) -> None:
        """Take back what a step was given, or forget that it waits; unknown names do nothing."""
        with self._lock:
            self._waiting.pop(name, None)
            wanted, devices = self._taken.pop(name, (Wants(), {}))
            self._free = Wants(*(a + b for a, b in zip(self._free, wanted, strict=True)))
            for number, part in devices.items():
                self._devices[number] += part
            calls = [call for _, call in self._waiting.values()]
        for call in calls:
            call()

    def _fits(self, wanted: Wants) -> bool:
        return all(part <= free + _SLACK for part, free in zip(wanted, self._free, strict=True)) and (
            wanted.gpu == 0 or bool(self._devices_for(wanted.gpu, look=True))
        )

    def _in_the_way(self, wanted: Wants, earlier: list[Wants]) -> bool:
        """Tell whether a step would take something that those before it still wait for."""
        reserved = [sum(one) for one in zip(*earlier, strict=True)] if earlier else [0.0] * len(wanted)
        kinds = zip(wanted, reserved, self._free, strict=True)
        return any(mine > 0 and theirs > 0 and mine + theirs > free + _SLACK for mine, theirs, free in kinds)

    def _devices_for(self, count: float, *, look: bool = False) -> dict[int, float]:
        """Choose accelerators: whole ones, or a part of the fullest one that still has it."""
        if count == 0:
            return {}
        part = min(count, 1.0)
        having = sorted((free, n) for n, free in enumerate(self._devices) if free >= part - _SLACK)
        chosen = {n: part for _, n in having[: max(1, round(count))]}
        if len(chosen) < max(1, round(count)):
            return {}
        if not look:
            for number in chosen:
                self._devices[number] -= part
        return chosen


def wants_of(resources: Resources | None, *, remote: bool = False) -> Wants:
    """Return what a step takes; one core if it did not say. What runs elsewhere takes nothing here."""
    if remote:
        return Wants(remote=1.0)
    asked = resources or Resources()
    return Wants(cpu=asked.cpu, memory=float(asked.memory or 0), gpu=asked.gpu)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_shared: dict[tuple[float, float, float], Capacity] = {}
_shared_lock = threading.Lock()


def shared(settings: Settings) -> Capacity:
    """Return the capacity of this process, as its settings say; the same for all its runs."""
    key = (settings.cpus or float(cores()), float(settings.memory or _machine_memory()), settings.gpus)
    with _shared_lock:
        if key not in _shared:
            _shared[key] = Capacity(cpu=key[0], memory=key[1], gpu=key[2])
        return _shared[key]


def _machine_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
