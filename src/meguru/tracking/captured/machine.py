"""The machine: processors, memory, and what of them this process may use."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import msgspec

_SECONDS = 5.0
MAX_GPUS = 64


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What a run ran on; memory is in bytes, 0 where unknown, and no more than the process may use."""

    system: str
    cpu: str
    cpus: int
    memory: int
    gpus: list[str]


def machine() -> Machine:
    """Look at this machine."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu=_processor(),
        cpus=_usable(),
        memory=_memory(),
        gpus=_gpus(),
    )


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _usable() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 0


def _memory() -> int:
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        whole = 0
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text("ascii").strip()
    except (OSError, ValueError):
        return whole
    return min(whole or int(limit), int(limit)) if limit.isdecimal() else whole


def _gpus() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    question = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(question, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return []
    text = done.stdout[:64_000].decode(errors="replace") if done.returncode == 0 else ""
    return [line.strip() for line in text.splitlines() if line.strip()][:MAX_GPUS]
