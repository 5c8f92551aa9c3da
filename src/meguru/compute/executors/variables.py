"""Which environment variables steps get: no secrets of the server; with a list, what it names."""

from __future__ import annotations

import os
import re
from fnmatch import translate
from functools import lru_cache

from meguru.base.server_variables import RESERVED

LIST = "MEGURU_STEP_VARIABLES"
SECRET = frozenset({"MEGURU_SECRET_KEY", "MEGURU_SMTP", "MEGURU_ONLINE_STORE"})
"""What no step needs: it opens the secrets of webhooks, sends mail, and may have a store's password."""
ALWAYS = (
    *("PATH", "HOME", "USER", "LANG", "LC_*", "TZ", "TMPDIR", "XDG_CACHE_HOME", "VIRTUAL_ENV", "PYTHON*"),
    *("LD_LIBRARY_PATH", "CUDA_*", "NVIDIA_*", "OMP_*", "*_NUM_THREADS", "*_MAX_THREADS"),
    *("MEGURU_LANG", "MEGURU_EXECUTOR", "MEGURU_SQLITE_SYNCHRONOUS"),
)
"""What processes and libraries can't do without, whatever the list says."""


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


@lru_cache(maxsize=4)
def _pattern(listed: str) -> re.Pattern[str]:
    names = [*ALWAYS, *(each.strip() for each in listed.split(",") if each.strip())]
    return re.compile("|".join(translate(name) for name in names))
