"""Expressions of the one language over the columns of a table, as Polars computes them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from meguru.base.expressions import no_function, read
from meguru.datasets.checking import known_column
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_WORDS = {"true": True, "false": False, "null": None}
_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_MATH = ("sqrt", "exp", "log1p", "log10", "sin", "cos", "floor", "ceil")
_TIME = ("year", "month", "day", "hour", "minute")
_USAGE = "it holds columns, values, + - * / // % **, comparisons, in, and, or, not, if else, functions"
_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    **{name: (1, 1, operator.methodcaller(name)) for name in _MATH},
    **{name: (1, 1, lambda x, name=name: getattr(x.dt, name)()) for name in _TIME},
    "abs": (1, 1, operator.methodcaller("abs")),
    "log": (1, 1, operator.methodcaller("log")),
    "round": (1, 1, lambda x: x.round(mode="half_to_even")),
    "weekday": (1, 1, lambda x: x.dt.weekday() - 1),
    "day_of_year": (1, 1, lambda x: x.dt.ordinal_day()),
    "timestamp": (1, 1, lambda x: x.dt.timestamp("us") / 1e6),
    "lower": (1, 1, lambda x: x.str.to_lowercase()),
    "upper": (1, 1, lambda x: x.str.to_uppercase()),
    "strip": (1, 1, lambda x: x.str.strip_chars()),
    "length": (1, 1, lambda x: x.str.len_chars()),
    "starts_with": (2, 2, lambda x, part: x.str.starts_with(part)),
    "ends_with": (2, 2, lambda x, part: x.str.ends_with(part)),
    "contains": (2, 2, lambda x, part: x.str.contains(part, literal=True)),
    "is_null": (1, 1, lambda x: x.is_null()),
    "min": (2, 20, lambda *parts: _polars().min_horizontal(*parts)),
    "max": (2, 20, lambda *parts: _polars().max_horizontal(*parts)),
    "coalesce": (2, 20, lambda *parts: _polars().coalesce(*parts)),
    "double": (1, 1, lambda x: x.cast(_polars().Float64, strict=False)),
    "long": (1, 1, lambda x: x.cast(_polars().Int64, strict=False)),
    "string": (1, 1, lambda x: x.cast(_polars().String)),
    "time": (1, 1, lambda x: x.str.to_datetime(time_zone="UTC", strict=False)),
}


def compile_rows(text: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return what an expression makes of the columns of a table.

    A column whose name is no word is written ``column('mean radius')``. Arithmetic with a missing value has
    none, nor has a comparison with it; ``false and null`` is false, ``true or null`` is true.

    Raises
    ------
    InvalidInput
        When it is too long, no expression, or reads a column that is not there.
    """
    try:
        return _of(read(text), schema)
    except InvalidInput as error:
        why = error.why or f"in {text[:200]!r}"
        raise InvalidInput(error.what, why=why, hint=error.hint, field=error.field) from None


def column_names(text: str) -> list[str]:
    """Return the columns that an expression names, in the order of first sight."""
    found: list[str] = []
    for node in ast.walk(read(text)):
        match node:
            case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str() as name)]):
                found.append(name)
            case ast.Name(id=name) if name not in _WORDS and name not in _FUNCTIONS and name != "column":
                found.append(name)
    return list(dict.fromkeys(found))


def _polars() -> Any:
    import polars as pl

    return pl


def _of(node: ast.expr, schema: Mapping[str, pl.DataType]) -> pl.Expr:  # noqa: PLR0911 - one for each node
    pl = _polars()
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None as value):
            return pl.lit(value)  # type: ignore[no-any-return]
        case ast.Name(id=name):
            return _column(name, schema)
        case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _BINARY:
            return _BINARY[type(kind)](_of(left, schema), _of(right, schema))  # type: ignore[no-any-return]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_of(operand, schema)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_of(operand, schema)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _of(operand, schema)
        case ast.BoolOp(op=boolean, values=parts):
            join = operator.and_ if isinstance(boolean, ast.And) else operator.or_
            return _joined(join, [_of(part, schema) for part in parts])
        case ast.Compare(left=left, ops=kinds, comparators=others):
            chain = [left, *others]
            pairs = zip(kinds, chain, chain[1:], strict=False)
            return _joined(operator.and_, [_pair(*pair, schema) for pair in pairs])
        case ast.IfExp(test=test, body=body, orelse=other):
            chosen = pl.when(_of(test, schema)).then(_of(body, schema))
            return chosen.otherwise(_of(other, schema))  # type: ignore[no-any-return]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _call(name, args, schema)
    raise InvalidInput(f"an expression can't hold a Python {type(node).__name__}", hint=_USAGE)


def _column(name: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    pl = _polars()
    if name in _WORDS and name not in schema:
        return pl.lit(_WORDS[name])  # type: ignore[no-any-return]
    known_column(name, schema, field="where")
    return pl.col(name)  # type: ignore[no-any-return]


def _pair(kind: ast.cmpop, before: ast.expr, after: ast.expr, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    if isinstance(kind, ast.In | ast.NotIn):
        match after:
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) if all(
                isinstance(part, ast.Constant) for part in parts
            ):
                values = [part.value for part in parts]  # type: ignore[attr-defined]
            case _:
                raise InvalidInput("in wants plain values: carrier in ('UA', 'AA')")
        found = _of(before, schema).is_in(values)
        return found if isinstance(kind, ast.In) else ~found
    if type(kind) not in _BINARY:
        raise InvalidInput(
            "an expression compares with == != < <= > >= and in", hint="is_null(x) asks for nulls"
        )
    return _BINARY[type(kind)](_of(before, schema), _of(after, schema))  # type: ignore[no-any-return]


def _joined(join: Callable[[Any, Any], Any], parts: list[pl.Expr]) -> pl.Expr:
    found = parts[0]
    for each in parts[1:]:
        found = join(found, each)
    return found


def _call(name: str, args: list[ast.expr], schema: Mapping[str, pl.DataType]) -> pl.Expr:
    if name == "column":
        match args:
            case [ast.Constant(value=str() as wanted)]:
                known_column(wanted, schema, field="where")
                return _polars().col(wanted)  # type: ignore[no-any-return]
        raise InvalidInput("column() takes one name: column('mean radius')")
    if name not in _FUNCTIONS:
        raise no_function(name, _FUNCTIONS)
    least, most, function = _FUNCTIONS[name]
    if not least <= len(args) <= most:
        wanted = f"{least} values" if least > 1 else "one value"
        raise InvalidInput(f"{name}() takes {wanted}, not {len(args)}")
    return function(*(_of(arg, schema) for arg in args))  # type: ignore[no-any-return]
