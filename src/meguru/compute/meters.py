"""Measures what a step uses; what only reads that (`meguru.compute.usage`) needs none of this."""

from __future__ import annotations

import resource
import time

from meguru.compute.usage import StepUsage

_KIB = 1024


class ProcessMeter:
    """Measures this process and those that it waited for, from now on."""

    def __init__(self) -> None:
        self._start, self._cpu = time.monotonic(), _cpu_of_process()

    def read(self) -> StepUsage:
        """Return what was used since the beginning."""
        # Of a child, the memory of the largest one: several at a time are counted as one.
        peak = sum(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        return StepUsage(
            seconds=time.monotonic() - self._start,
            cpu_seconds=_cpu_of_process() - self._cpu,
            peak_bytes=peak * _KIB,
        )


class ThreadMeter:
    """Measures the thread that made it; threads that a step starts of its own are not counted."""

    def __init__(self) -> None:
        self._start, self._cpu = time.monotonic(), time.thread_time()

    def read(self) -> StepUsage:
        """Return what was used since the beginning."""
        # Threads share their memory: nobody can say whose it is.
        return StepUsage(seconds=time.monotonic() - self._start, cpu_seconds=time.thread_time() - self._cpu)


def _cpu_of_process() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
