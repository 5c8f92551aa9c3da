"""The functions of expressions: of numbers, texts, times, and of what may be missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from meguru.base.expressions.scalars import MATH, TEXT, TIME
from meguru.errors import InvalidInput
from meguru.flavors import ColumnType, values
from meguru.serving.expressions.typed import NUMBERS, TypedExpression, mapped, numeric, unified

_ANY = frozenset(ColumnType)
_TEXT = frozenset({ColumnType.STRING})
_TIME = frozenset({ColumnType.DATETIME})
_DOUBLE, _LONG, _STRING, _BOOLEAN = ColumnType.DOUBLE, ColumnType.LONG, ColumnType.STRING, ColumnType.BOOLEAN


class _Plain(NamedTuple):
    """A function of single values: what it takes, what it gives."""

    call: Callable[..., Any]
    takes: Sequence[frozenset[ColumnType]]
    gives: ColumnType


def _double_of(value: Any) -> float:
    return float(value) if isinstance(value, bool) else values.double(value)


def _long_of(value: Any) -> int:
    return values.long(value) if isinstance(value, str) else int(value)


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


_PLAIN = {
    **{name: _Plain(call, [NUMBERS], _DOUBLE) for name, call in MATH.items()},
    **{name: _Plain(MATH[name], [NUMBERS], _LONG) for name in ("floor", "ceil", "round")},
    **{name: _Plain(call, [_TEXT], _STRING) for name, call in TEXT.items()},
    "length": _Plain(len, [_TEXT], _LONG),
    "starts_with": _Plain(str.startswith, [_TEXT, _TEXT], _BOOLEAN),
    **{name: _Plain(call, [_TIME], _LONG) for name, call in TIME.items()},
    "timestamp": _Plain(dt.datetime.timestamp, [_TIME], _DOUBLE),
    "double": _Plain(_double_of, [NUMBERS | _TEXT], _DOUBLE),
    "long": _Plain(_long_of, [NUMBERS | _TEXT], _LONG),
    "boolean": _Plain(values.boolean, [NUMBERS | _TEXT], _BOOLEAN),
    "string": _Plain(_text_of, [_ANY], _STRING),
    "time": _Plain(values.datetime, [_TEXT], ColumnType.DATETIME),
}


def call(name: str, parts: list[TypedExpression]) -> TypedExpression:
    """Return a function of some parts.

    Raises
    ------
    NotFound, InvalidInput
        When there is no such function, or it does not take these.
    """
    if name in _SPECIAL:
        return _SPECIAL[name](name, parts)
    plain = _PLAIN[name]
    if len(parts) != len(plain.takes):
        raise _count(name, len(plain.takes), parts)
    for part, kinds in zip(parts, plain.takes, strict=True):
        if part.type is not None and part.type not in kinds:
            takes = " or ".join(sorted(kinds))
            raise InvalidInput(f"{name}() takes a {takes}, not a {part.type}", hint=f"convert it: {takes}(x)")
    return mapped(_fitting(plain.call), parts, plain.gives)


def _fitting(function: Callable[..., Any]) -> Callable[..., Any]:
    def fitting(*row: Any) -> Any:
        try:
            return function(*row)
        except values.Unfit:
            return None

    return fitting


def _count(name: str, wanted: int, parts: list[TypedExpression]) -> InvalidInput:
    return InvalidInput(f"{name}() takes {wanted} values, not {len(parts)}")


def _coalesce(name: str, parts: list[TypedExpression]) -> TypedExpression:
    if len(parts) < 2:
        raise _count(name, 2, parts)
    kind = unified(parts, f"the values of {name}()")
    expression = mapped(
        lambda *row: next((each for each in row if each is not None), None),
        parts,
        kind or _DOUBLE,
        nulls=True,
    )
    nullable = all(part.nullable for part in parts)
    return TypedExpression(type=kind, nullable=nullable, over=expression.over, uses=expression.uses)


def _is_null(name: str, parts: list[TypedExpression]) -> TypedExpression:
    if len(parts) != 1:
        raise _count(name, 1, parts)
    expression = mapped(lambda value: value is None, parts, _BOOLEAN, nulls=True)
    return TypedExpression(type=_BOOLEAN, nullable=False, over=expression.over, uses=expression.uses)


def _same(function: Callable[..., Any], count: tuple[int, int]) -> Callable[..., TypedExpression]:
    """Return what makes a function whose result is of its numbers' type."""

    def make(name: str, parts: list[TypedExpression]) -> TypedExpression:
        if not count[0] <= len(parts) <= count[1]:
            raise _count(name, count[0], parts)
        whole = numeric(parts, f"{name}()")
        return mapped(function, parts, _LONG if whole else _DOUBLE)

    return make


_SPECIAL: dict[str, Callable[[str, list[TypedExpression]], TypedExpression]] = {
    "coalesce": _coalesce,
    "is_null": _is_null,
    "abs": _same(abs, (1, 1)),
    "min": _same(min, (2, 20)),
    "max": _same(max, (2, 20)),
    "clip": _same(lambda x, low, high: min(max(x, low), high), (3, 3)),
}
NAMES = (*sorted({*_PLAIN, *_SPECIAL}), "lookup")
