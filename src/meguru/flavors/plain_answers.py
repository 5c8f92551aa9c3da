"""Raw answers as plain values, to be kept beside a model and compared with what it answers later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from meguru.tasks import RawAnswer

TOLERANCE = 1e-9
"""Relative and absolute: other releases of a library add in another order."""
PlainAnswer = list[Any] | dict[str, list[Any]]


def to_plain(raw: RawAnswer) -> PlainAnswer:
    """Return the values as JSON has them."""
    if isinstance(raw, Mapping):
        return {
            name: values.tolist() if hasattr(values, "tolist") else list(values)
            for name, values in raw.items()
        }
    return raw.tolist()  # type: ignore[no-any-return]


def answers_agree(one: Any, other: Any) -> bool:
    """Say whether two plain answers are the same, numbers up to the tolerance; NaN agrees with NaN."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(answers_agree(one[name], other[name]) for name in one)
    try:
        first, second = (np.asarray(each, dtype=np.float64) for each in (one, other))
    except (TypeError, ValueError):
        return bool(one == other)
    close = (
        np.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        if first.shape == second.shape
        else False
    )
    return bool(close)


def first_rows(values: PlainAnswer, count: int = 3) -> Any:
    """Return the first rows of an answer, for a message."""
    if isinstance(values, dict):
        return {name: each[:count] for name, each in values.items()}
    return values[:count]
