"""Which environment variables steps get: no secrets of the server; with a list, what it names; limits."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache

from meguru.base.server_variables import RESERVED
from meguru.compute.executors import capacity

LIST = "MEGURU_STEP_VARIABLES"
SECRET = frozenset({"MEGURU_SECRET_KEY", "MEGURU_SMTP", "MEGURU_ONLINE_STORE"})
"""What no step needs: it opens the secrets of webhooks, sends mail, and may have a store's password."""
ALWAYS = (
    *("PATH", "HOME", "USER", "LANG", "LC_*", "TZ", "TMPDIR", "XDG_CACHE_HOME", "VIRTUAL_ENV", "PYTHON*"),
    *("LD_LIBRARY_PATH", "CUDA_*", "NVIDIA_*", "OMP_*", "*_NUM_THREADS", "*_MAX_THREADS"),
    *("MEGURU_LANG", "MEGURU_EXECUTOR", "MEGURU_SQLITE_SYNCHRONOUS", "MEGURU_BLOB_CACHE"),
)
"""What processes and libraries can't do without, whatever the list says."""


_DEVICES = "CUDA_VISIBLE_DEVICES"
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
"""What libraries read to know how many threads they may start."""


def step_variables() -> dict[str, str]:
    """Return what steps get of this process's environment: all but secrets, or only what is listed.

    ``MEGURU_STEP_VARIABLES`` lists names with commas between them; ``*`` stands for any letters.
    """
    listed = os.environ.get(LIST)
    pattern = _pattern(listed) if listed else None
    return {name: value for name, value in without_secrets().items() if not pattern or pattern.match(name)}


def without_secrets() -> dict[str, str]:
    """Return this process's environment without what is the server's alone."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in SECRET and not name.startswith(RESERVED)
    }


def environment(cpu: float = 0.0, devices: Iterable[int] = ()) -> dict[str, str]:
    """Give steps their cores or all, accelerators, equal hash seeds, threads that sleep while waiting."""
    cores = str(max(1, int(cpu)) if cpu else capacity.cores())
    # What the user has set goes before our defaults, what the step was given before both.
    ours = dict.fromkeys(_THREAD_LIMITS, cores)
    # Threads of OpenMP that spin while they wait take the cores that other steps were given.
    ours |= {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONHASHSEED": "0"}
    theirs = {key: value for key, value in step_variables().items() if key != "PYTHONHASHSEED"}
    given = dict.fromkeys(_THREAD_LIMITS, cores) if cpu else {}
    if devices:
        seen = theirs.get(_DEVICES, "").split(",")  # this process may see some of the machine's only
        given[_DEVICES] = ",".join(seen[n] if n < len(seen) and seen[n] else str(n) for n in devices)
    return ours | theirs | given


@lru_cache(maxsize=4)
def _pattern(listed: str) -> re.Pattern[str]:
    names = [*ALWAYS, *(each.strip() for each in listed.split(",") if each.strip())]
    return re.compile("|".join(translate(name) for name in names))
