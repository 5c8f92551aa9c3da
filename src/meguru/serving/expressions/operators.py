"""The operators of expressions. Numbers behave as in Python; what has no value is null."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import msgspec

from meguru.base.expressions.scalars import power
from meguru.errors import InvalidInput
from meguru.flavors import ColumnType
from meguru.serving.expressions.typed import NUMBERS, TypedExpression, mapped, numeric, unified

_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def arithmetic(kind: ast.operator, left: TypedExpression, right: TypedExpression) -> TypedExpression:
    """Return the sum, difference, product, quotient, rest or power of two parts."""
    both, types = [left, right], {left.type, right.type}
    if isinstance(kind, ast.Add) and ColumnType.STRING in types:
        if types != {ColumnType.STRING}:
            raise InvalidInput("text is added to what is no text", hint="convert it: string(x)")
        return mapped(operator.add, both, ColumnType.STRING)
    if isinstance(kind, ast.Sub) and types == {ColumnType.DATETIME}:
        return mapped(lambda a, b: (a - b).total_seconds(), both, ColumnType.DOUBLE)
    if isinstance(kind, ast.Div):
        numeric(both, "/")
        return mapped(operator.truediv, both, ColumnType.DOUBLE)
    if isinstance(kind, ast.Pow):
        numeric(both, "**")
        return mapped(power, both, ColumnType.DOUBLE)
    if type(kind) not in _ARITHMETIC:
        raise InvalidInput(
            f"an expression has no operator {type(kind).__name__}", hint="it has + - * / // % **"
        )
    sign, function = _ARITHMETIC[type(kind)]
    whole = numeric(both, sign)
    return mapped(function, both, ColumnType.LONG if whole else ColumnType.DOUBLE)


def comparison(kind: ast.cmpop, left: TypedExpression, right: TypedExpression) -> TypedExpression:
    """Return whether two parts are equal, or one comes before the other."""
    function = _COMPARISONS.get(type(kind))
    if function is None:
        raise InvalidInput(
            "an expression compares with == != < <= > >= and in", hint="is_null(x) asks for nulls"
        )
    types = {left.type, right.type}
    if not types - {None} <= NUMBERS:
        unified([left, right], "what is compared")
    return mapped(function, [left, right], ColumnType.BOOLEAN)


def logical(parts: list[TypedExpression], *, every: bool) -> TypedExpression:
    """Return whether all of some conditions hold, or any; null where that hangs on one that is null."""
    conditions(parts)

    def joined(*row: bool | None) -> bool | None:
        if any(each is not None and each is not every for each in row):
            return not every
        return None if None in row else every

    expression = mapped(joined, parts, ColumnType.BOOLEAN, nulls=True)
    return msgspec.structs.replace(expression, nullable=any(part.nullable for part in parts))


def negation(kind: ast.unaryop, part: TypedExpression) -> TypedExpression:
    """Return the negative of a number, or the contrary of a condition."""
    if isinstance(kind, ast.Not):
        conditions([part])
        return mapped(operator.not_, [part], ColumnType.BOOLEAN)
    if not isinstance(kind, ast.USub | ast.UAdd):
        raise InvalidInput("an expression has no operator ~", hint="write not")
    whole = numeric([part], "-")
    sign = operator.neg if isinstance(kind, ast.USub) else operator.pos
    return mapped(sign, [part], ColumnType.LONG if whole else ColumnType.DOUBLE)


def choice(condition: TypedExpression, yes: TypedExpression, no: TypedExpression) -> TypedExpression:
    """Return one part where a condition holds, and another where it does not or is null."""
    conditions([condition])
    kind = unified([yes, no], "the two values of a choice")
    expression = mapped(
        lambda holds, a, b: a if holds else b,
        [condition, yes, no],
        kind or ColumnType.DOUBLE,
        nulls=True,
    )
    return TypedExpression(
        type=kind, nullable=yes.nullable or no.nullable, over=expression.over, uses=expression.uses
    )


def conditions(parts: list[TypedExpression]) -> None:
    """Refuse what is neither true nor false."""
    for part in parts:
        if part.type is not ColumnType.BOOLEAN:
            raise InvalidInput(f"a condition is wanted, not a {part.type or 'null'}", hint="compare: x > 0")
