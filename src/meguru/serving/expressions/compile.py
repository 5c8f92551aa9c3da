"""Read an expression, and say what type it has over some columns."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from meguru.base.expressions import no_function, read
from meguru.errors import InvalidInput, near_misses
from meguru.flavors import ColumnType, SignatureColumn
from meguru.serving.expressions import functions, operators
from meguru.serving.expressions.typed import Columns, TypedExpression, mapped, unified

_WORDS = {"true": True, "false": False, "null": None}
_TYPES: dict[type, ColumnType] = {
    bool: ColumnType.BOOLEAN,
    int: ColumnType.LONG,
    float: ColumnType.DOUBLE,
    str: ColumnType.STRING,
}


def compile_expression(text: str, columns: Sequence[SignatureColumn], *, field: str = "") -> TypedExpression:
    """Return what an expression makes of some columns; the bare name of a column is that column.

    Raises
    ------
    InvalidInput
        When it is too long, no expression, or reads a column that is not there; `field` is passed on.
    """
    try:
        names = {column.name: index for index, column in enumerate(columns)}
        if (bare := text.strip()) in names:
            return _column(columns[names[bare]], names[bare])
        return _Compiler(columns, names).of(read(text))
    except InvalidInput as error:
        why = error.why or f"in {text[:200]!r}"
        raise InvalidInput(error.what, why=why, hint=error.hint, field=field) from None


class _Compiler:
    """Walks the tree; what is not on its list is refused."""

    def __init__(self, columns: Sequence[SignatureColumn], names: dict[str, int]) -> None:
        self._columns, self._names = columns, names

    def of(self, node: ast.expr) -> TypedExpression:  # noqa: PLR0911 - one for each kind of node
        """Return what a node stands for."""
        match node:
            case ast.Constant(value=value):
                return _constant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.BinOp(left=left, op=kind, right=right):
                return operators.arithmetic(kind, self.of(left), self.of(right))
            case ast.UnaryOp(op=unary, operand=operand):
                return operators.negation(unary, self.of(operand))
            case ast.BoolOp(op=boolean, values=parts):
                return operators.logical(
                    [self.of(part) for part in parts], every=isinstance(boolean, ast.And)
                )
            case ast.Compare(left=left, ops=kinds, comparators=others):
                return self._compare(left, kinds, others)
            case ast.IfExp(test=test, body=body, orelse=other):
                return operators.choice(self.of(test), self.of(body), self.of(other))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
        what = type(node).__name__
        raise InvalidInput(
            f"an expression can't hold a Python {what}",
            hint="it holds columns, values, + - * / // % **, comparisons, and, or, not, if else, functions",
        )

    def _name(self, name: str) -> TypedExpression:
        if name in self._names:
            column = self._columns[self._names[name]]
            if column.shape:
                raise InvalidInput(f"column {name!r} holds lists", hint="take it as it is, under any name")
            return _column(column, self._names[name])
        if name in _WORDS:
            return _constant(_WORDS[name])
        close = near_misses(name, self._names)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join([*self._names][:8])}"
        raise InvalidInput(f"there is no column {name!r}", hint=hint)

    def _compare(self, left: ast.expr, kinds: list[ast.cmpop], others: list[ast.expr]) -> TypedExpression:
        found, parts = [], [left, *others]
        for kind, before, after in zip(kinds, parts, parts[1:], strict=False):
            if isinstance(kind, ast.In | ast.NotIn):
                found.append(self._among(before, after, there=isinstance(kind, ast.In)))
            else:
                found.append(operators.comparison(kind, self.of(before), self.of(after)))
        return found[0] if len(found) == 1 else operators.logical(found, every=True)

    def _among(self, node: ast.expr, of: ast.expr, *, there: bool) -> TypedExpression:
        if not isinstance(of, ast.Tuple | ast.List | ast.Set):
            raise InvalidInput("in wants values: carrier in ('UA', 'AA')")
        listed = [self.of(elt) for elt in of.elts]
        if not all(isinstance(elt, ast.Constant) for elt in of.elts):
            raise InvalidInput("in wants plain values: carrier in ('UA', 'AA')")
        part = self.of(node)
        unified([part, *listed], "what is compared")
        wanted = {expression.over((), 1)[0] for expression in listed}
        return mapped(lambda value: (value in wanted) is there, [part], ColumnType.BOOLEAN)

    def _call(self, name: str, args: list[ast.expr]) -> TypedExpression:
        if name == "column":
            return self._called(args)
        if name == "lookup":
            return self._lookup(args)
        if name not in functions.NAMES:
            raise no_function(name, functions.NAMES)
        return functions.call(name, [self.of(arg) for arg in args])

    def _called(self, args: list[ast.expr]) -> TypedExpression:
        """Return a column whose name is no word: ``column('mean radius')``."""
        if len(args) == 1 and isinstance(args[0], ast.Constant) and isinstance(args[0].value, str):
            return self._name(args[0].value)
        raise InvalidInput("column() takes one name: column('mean radius')")

    def _lookup(self, args: list[ast.expr]) -> TypedExpression:
        """Return the value that a table has for a key: ``lookup(carrier, {'UA': 'United'}, 'other')``."""
        usage = "lookup(carrier, {'UA': 1, 'AA': 2}, 0)"
        if len(args) not in {2, 3} or not isinstance(args[1], ast.Dict) or not args[1].keys:
            raise InvalidInput(
                "lookup() takes a column, a table and a value for what is not in it", hint=usage
            )
        entries = [*args[1].keys, *args[1].values]
        if not all(isinstance(entry, ast.Constant) for entry in entries):
            raise InvalidInput("the table of lookup() has plain keys and values", hint=usage)
        keys = [self.of(each) for each in args[1].keys if each is not None]
        expressions = [self.of(each) for each in args[1].values]
        part, other = self.of(args[0]), self.of(args[2]) if len(args) == 3 else _constant(None)
        unified([part, *keys], "the keys of lookup()")
        kind = unified([*expressions, other], "the values of lookup()")
        table = {
            key.over((), 1)[0]: value.over((), 1)[0] for key, value in zip(keys, expressions, strict=True)
        }
        expression = mapped(table.get, [part, other], kind or ColumnType.DOUBLE, nulls=True)
        nullable = other.nullable or any(typed_expression.nullable for typed_expression in expressions)
        return TypedExpression(type=kind, nullable=nullable, over=expression.over, uses=expression.uses)


def _column(column: SignatureColumn, index: int) -> TypedExpression:
    return TypedExpression(
        type=column.type,
        nullable=column.nullable,
        over=lambda columns, n: columns[index],  # noqa: ARG005 - each part is asked with the number of rows
        uses=frozenset({column.name}),
    )


def _constant(value: Any) -> TypedExpression:
    if value is not None and type(value) not in _TYPES:
        raise InvalidInput(f"an expression can't hold a value such as {str(value)[:40]}")

    def over(columns: Columns, n: int) -> list[Any]:
        del columns
        return [value] * n

    kind = None if value is None else _TYPES[type(value)]
    return TypedExpression(type=kind, nullable=value is None, over=over)
