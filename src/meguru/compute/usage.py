"""What a step uses of the machine: seconds of processors, and memory."""

from __future__ import annotations

import time

import msgspec

_KIB = 1024


class StepUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt used: seconds that passed, seconds of processors, the most bytes of memory at a time.

    `cpu_seconds` is None where nobody could tell any more, `peak_bytes` 0 where steps share a process, and it
    can't be said whose the memory is.
    """

    seconds: float
    cpu_seconds: float | None = None
    peak_bytes: int = 0


class ProcessMeter:
    """Measures this process and those that it waited for, from now on."""

    def __init__(self) -> None:
        self._start, self._cpu = time.monotonic(), _cpu_of_process()

    def read(self) -> StepUsage:
        """Return what was used since the beginning."""
        import resource

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
    import resource  # not with the types: what only reads step runs measures nothing

    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
