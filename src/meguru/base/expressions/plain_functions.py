"""The functions of expressions over JSON values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from meguru.base.expressions.scalars import MATH, TEXT, TIME

_MANY = 20


class PlainFunction(NamedTuple):
    """A function of single values, how many it takes, and whether it sees nulls."""

    call: Callable[..., Any]
    least: int = 1
    most: int = 1
    nulls: bool = False


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _time(value: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _of_time(function: Callable[[dt.datetime], Any]) -> Callable[[Any], Any]:
    return lambda value: function(_time(value) if isinstance(value, str) else value)


FUNCTIONS: dict[str, PlainFunction] = {
    **{name: PlainFunction(call) for name, call in MATH.items()},
    **{name: PlainFunction(call) for name, call in TEXT.items()},
    **{name: PlainFunction(_of_time(call)) for name, call in TIME.items()},
    "abs": PlainFunction(abs),
    "min": PlainFunction(min, 2, _MANY),
    "max": PlainFunction(max, 2, _MANY),
    "starts_with": PlainFunction(str.startswith, 2, 2),
    "ends_with": PlainFunction(str.endswith, 2, 2),
    "contains": PlainFunction(lambda whole, part: part in whole, 2, 2),
    "double": PlainFunction(float),
    "long": PlainFunction(int),
    "string": PlainFunction(_text),
    "time": PlainFunction(_time),
    "is_null": PlainFunction(lambda value: value is None, nulls=True),
    "coalesce": PlainFunction(
        lambda *values: next((each for each in values if each is not None), None), 2, _MANY, nulls=True
    ),
}
