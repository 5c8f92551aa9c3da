"""What a param, metric or tag may be called, and how large its value may be (the limits are MLflow's)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from meguru.base.names import is_key
from meguru.errors import InvalidInput, TooLarge
from meguru.tracking.types import MetricPoint

MAX_POINTS = 10_000
MAX_VALUE = 8000


def check_keys(kind: str, keys: Iterable[str]) -> None:
    """Raise InvalidInput unless every key may name a param, metric or tag."""
    for key in keys:
        if not is_key(key):
            raise InvalidInput(
                f"{key[:120]!r} can't name a {kind}",
                why="1 to 250 letters, digits, spaces or any of _ - . / : @",
                field=f"{kind}s.{key[:120]}",
            )


def check_texts(kind: str, texts: Mapping[str, str]) -> None:
    """Raise InvalidInput unless keys and values of params or tags are as they must be."""
    check_keys(kind, texts)
    for key, text in texts.items():
        if len(text) > MAX_VALUE:
            raise InvalidInput(
                f"the {kind} {key!r} has {len(text)} characters",
                why=f"at most {MAX_VALUE} are kept",
                hint="log a long text as an artifact",
                field=f"{kind}s.{key}",
            )


def number(key: str, value: float) -> float | None:
    """Return a metric's value as a plain number; None if it is not finite."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(
            f"metric {key!r} can't be {value!r}", why="a metric is a number", field=key
        ) from None
    return found if math.isfinite(found) else None


def check_step(step: int, field: str = "step") -> int:
    """Return a step, or raise InvalidInput."""
    if not -(2**62) < step < 2**62:
        raise InvalidInput(f"step {step} is out of range", field=field)
    return step


def check_points(points: Sequence[MetricPoint]) -> None:
    """Raise unless a batch of points can be kept."""
    if len(points) > MAX_POINTS:
        raise TooLarge(
            f"{len(points)} points are too many for one call", why=f"at most {MAX_POINTS}", field="metrics"
        )
    check_keys("metric", {point.key for point in points})
    for index, point in enumerate(points):
        if point.value is not None and not math.isfinite(point.value):
            hint = "send null for a value that is no number"
            raise InvalidInput(
                f"metric {point.key!r} is not finite", field=f"metrics[{index}].value", hint=hint
            )
        check_step(point.step, f"metrics[{index}].step")
