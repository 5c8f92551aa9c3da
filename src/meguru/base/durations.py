"""Lengths of time as people write them."""

from __future__ import annotations

import math
import re
from datetime import timedelta

from meguru.errors import InvalidInput

MAX_SECONDS = 10 * 366 * 86400.0
"""Nothing is waited for longer than ten years, in seconds."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def seconds(value: str | float | timedelta | None, *, field: str) -> float | None:
    """Return a length of time in seconds: ``"10m"``, ``90``, a timedelta; None means no limit."""
    if value is None:
        return None
    if isinstance(value, timedelta):
        found = value.total_seconds()
    elif isinstance(value, str):
        match = _TEXT.fullmatch(value.strip())
        found = float(match[1]) * _UNITS[match[2]] if match else -1.0
    else:
        found = float(value)
    if not 0 < found < math.inf:  # NaN is neither: TOML can write it
        raise InvalidInput(
            f"{value!r} is no length of time",
            field=field,
            hint="write a number of seconds, or '30s', '10m', '2h'",
        )
    return found


def length(value: str | float, *, field: str) -> float:
    """Return a length of time in seconds; none at all is one too, and more than ten years is not.

    Raises
    ------
    InvalidInput
        If it is no such length.
    """
    if isinstance(value, str) and value.strip() not in {"0", "0s"}:
        found = seconds(value, field=field) or 0.0
    else:
        found = 0.0 if isinstance(value, str) else float(value)
    if not 0 <= found <= MAX_SECONDS:
        why = f"it is {found:g} seconds"
        raise InvalidInput(f"{field} is no length of time that we can wait", field=field, why=why)
    return found


def written(found: float) -> str:
    """Write a length of time, in seconds, as it may be given: in the largest unit that it is whole in.

    Examples
    --------
    >>> written(2_592_000), written(14_340), written(1.5)
    ('30d', '239m', '1.5s')
    """
    whole = (unit for unit in "dhm" if found >= _UNITS[unit] and not found % _UNITS[unit])
    unit = next(whole, "s")
    return f"{found / _UNITS[unit]:.15g}{unit}"
