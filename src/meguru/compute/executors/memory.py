"""How much memory the processes of a step use, read from /proc; it knows nothing where there is none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_KIB = 1024
_SMALL = 512 << 20


def is_small() -> bool:
    """Tell whether this process holds so little that its end frees nothing that the next step may need."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        _, resident, shared, *_ = Path("/proc/self/statm").read_text("ascii").split()
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE") < _SMALL
    return False


Processes = dict[int, tuple[int, int]]
"""By process: its parent and its group."""


def over(leader: int, limit: int, processes: Processes) -> int:
    """Return the bytes that a process group uses if they are more than `limit`; else 0.

    Pages that several processes share count once, divided between them (PSS): a step forked from a process
    with large libraries is not charged for them alone. The cheap upper bound (RSS) is looked at first.
    """
    pids = list(group(leader, processes))
    if sum(map(_resident, pids)) <= limit:
        return 0
    used = sum(map(_proportional, pids))
    return used if used > limit else 0


def processes() -> Processes:
    """Look at all processes of this machine, once for all steps: it costs a file read for each of them."""
    found: Processes = {}
    for entry in os.scandir(_PROC) if _PROC.exists() else ():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # The name may hold spaces and parentheses; what follows its last one is numbers.
                fields = Path(entry.path, "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                found[int(entry.name)] = (int(fields[1]), int(fields[2]))
    return found


def group(leader: int, among: Processes) -> Iterator[int]:
    """Yield the processes of a group, and what they started that left it."""
    for pid in among:
        # The processes were not read in one moment, so numbers that were used again may make a circle.
        above, steps = pid, 0
        while above in among and steps < len(among):
            parent, its_group = among[above]
            if leader in {above, its_group}:
                yield pid
                break
            above, steps = parent, steps + 1


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = (_PROC / str(pid) / "statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * _KIB
    return 0
