"""Processes that outlive those who should have ended them, found by a mark in their environment.

A fork server and all that comes of it, whatever session or group it moved to, carry the mark of the engine
that started it: which process that is, since when, and in which PID namespace. Whoever has the mark of an
engine that is gone is nobody's. Linux only; elsewhere nothing is found.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "MEGURU_STEPS_OF"
_PREFIX = VARIABLE.encode() + b"="
_PROC = Path("/proc")
_MAX_ROUNDS = 5
_count = itertools.count(1)


def mark() -> str:
    """Return a new mark of this process, for one fork server."""
    return f"{_namespace()}.{os.getpid()}.{_started(os.getpid())}.{next(_count)}"


def end(wanted: str) -> None:
    """End every process with this mark but the one that asks."""
    for _ in range(_MAX_ROUNDS):  # what is ended may be starting another one just then
        found = [pid for pid, its in _marked() if its == wanted and pid != os.getpid()]
        if not found:
            return
        _kill(found)


def end_of_dead_engines() -> list[int]:
    """End the processes whose engine is gone; return them."""
    # A number alone is not enough: it may belong to another process by now, which began at another time.
    namespace, found = _namespace(), []
    for pid, its in _marked():
        parts = its.split(".")
        if len(parts) == 4 and parts[0] == namespace and _started(int(parts[1])) != parts[2]:
            found.append(pid)
    _kill(found)
    return found


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _marked() -> Iterator[tuple[int, str]]:
    """Yield the processes that live and have a mark; of other users nothing can be read."""
    for entry in os.scandir(_PROC) if _PROC.exists() else ():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            for line in Path(entry.path, "environ").read_bytes().split(b"\0"):
                if line.startswith(_PREFIX):
                    yield int(entry.name), line[len(_PREFIX) :].decode(errors="replace")


def _namespace() -> str:
    """Return which PID namespace this is: in a container, numbers mean other processes."""
    with contextlib.suppress(OSError):
        return "".join(filter(str.isdecimal, Path("/proc/self/ns/pid").readlink().name))
    return "0"


def _started(pid: int) -> str:
    """Return when a process started, in ticks; empty if it is gone or dead."""
    with contextlib.suppress(OSError, IndexError):
        fields = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "" if fields[0] in {"Z", "X"} else fields[19]
    return ""
