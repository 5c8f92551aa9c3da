"""What may be said of a step beside its code: the words of ``@step(…)``, checked where they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from meguru.base import durations
from meguru.base.names import check_name
from meguru.compute.graph import Resources
from meguru.errors import InvalidInput, near_misses

ISOLATIONS = ("process", "thread", "env", "ray")
MAX_RETRIES = 1000
_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?I?B)", re.IGNORECASE)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a step; each field is the one of the same name in `graph.Step`."""

    retries: int = 0
    backoff: float = 0.0
    timeout: float | None = None
    cache: bool = True
    isolation: str = "process"
    env: str | None = None
    resources: Resources | None = None
    pool: str | None = None
    deterministic: bool = True


def options(
    *,
    retries: int = 0,
    backoff: str | float | timedelta | None = None,
    timeout: str | float | timedelta | None = None,
    cache: bool = True,
    isolation: str | None = None,
    env: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pool: str | None = None,
    deterministic: bool = True,
) -> Options:
    """Check the words of ``@step(…)``; `step` tells what each means.

    Raises
    ------
    InvalidInput
        Naming the option that can't be used.
    """
    if not 0 <= retries <= MAX_RETRIES:
        raise InvalidInput(
            f"a step can't be tried again {retries} times",
            field="retries",
            hint=f"give 0 to {MAX_RETRIES}",
        )
    chosen = isolation or ("env" if env else "process")
    if chosen not in ISOLATIONS:
        close = near_misses(chosen, ISOLATIONS)
        hint = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(ISOLATIONS)}"
        raise InvalidInput(f"there is no isolation {chosen!r}", field="isolation", hint=hint)
    if (chosen == "env") != (env is not None):
        raise InvalidInput(
            f"isolation {chosen!r} and env={env!r} do not go together",
            field="env",
            hint="name the lock file of the step's own environment: env='envs/torch/uv.lock'",
        )
    needed = read_resources(resources)
    if chosen == "thread" and needed is not None and needed.memory:
        raise InvalidInput(
            "a thread has no memory of its own that could be limited",
            field="resources.memory",
            hint="leave memory out, or use isolation='process'",
        )
    return Options(
        retries=retries,
        backoff=durations.seconds(backoff, field="backoff") or 0.0,
        timeout=durations.seconds(timeout, field="timeout"),
        cache=cache,
        isolation=chosen,
        env=env,
        resources=needed,
        pool=None if pool is None else check_name("pool", pool, field="pool"),
        deterministic=deterministic,
    )


def read_resources(given: Mapping[str, Any] | None) -> Resources | None:
    """Read ``{"cpu": 2, "memory": "4GB", "gpu": 1}``; None when nothing is asked for."""
    if given is None:
        return None
    known = ("cpu", "memory", "gpu")
    for name in given:
        if name not in known:
            close = near_misses(name, known)
            hint = f"did you mean {close[0]!r}?" if close else "give cpu, memory or gpu"
            raise InvalidInput(f"there is no resource {name!r}", field="resources", hint=hint)
    memory = given.get("memory")
    return Resources(
        cpu=_positive("cpu", given.get("cpu", 1.0)),
        memory=None if memory is None else size(memory, field="resources.memory"),
        gpu=_positive("gpu", given.get("gpu", 0.0), least=0.0),
    )


def size(value: str | float, *, field: str) -> int:
    """Return a number of bytes: ``"4GB"``, ``"512MiB"``, ``1e9``."""
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    found = float(match[1]) * _BYTES[match[2].upper()] if match else value
    if isinstance(found, str | bool) or not 0 < found < 2**60:
        raise InvalidInput(
            f"{value!r} is no amount of memory", field=field, hint="write '500MB', '4GB' or '2GiB'"
        )
    return int(found)


def _positive(name: str, value: Any, least: float = 0.001) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 10**6:
        raise InvalidInput(
            f"{value!r} is no amount of {name}", field=f"resources.{name}", hint="give a number, such as 2"
        )
    return float(value)
