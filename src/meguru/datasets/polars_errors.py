"""What Polars says of rows that it could not compute, as it may be shown and logged."""

from __future__ import annotations

import re

MAX_LENGTH = 300
_QUOTED = re.compile(r" for \d+ (out of \d+ values|value\(s\)): \[.*|(?<=datetime )'[^']*'")


def reason(error: Exception) -> str:
    """Return the first line of an error, without the values of rows that it quotes.

    A conversion that fails quotes the first values that it could not convert. Whoever may not see a personal
    column could read it by conversions that fail, and what the log says can't be erased.

    Examples
    --------
    >>> reason(ValueError("conversion failed in column 'mail' for 1 out of 9 values: ['anna@example.org']"))
    "conversion failed in column 'mail'"
    """
    return _QUOTED.sub("", str(error).strip().split("\n")[0])[:MAX_LENGTH]


def kind_and_reason(error: Exception) -> str:
    """Return what a function of somebody's raised; of an error of Polars only its `reason`."""
    import polars as pl

    says = reason(error) if isinstance(error, pl.exceptions.PolarsError) else str(error)
    return f"{type(error).__name__}: {says}"
