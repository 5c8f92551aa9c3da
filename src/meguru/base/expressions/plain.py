"""Expressions over the values of a JSON object, such as the data of an event."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from meguru.base.expressions import plain_functions
from meguru.base.expressions.read import no_function, read
from meguru.base.expressions.scalars import power
from meguru.errors import InvalidInput

Facts: TypeAlias = Mapping[str, Any]
_Part: TypeAlias = Callable[[Facts], Any]
_WORDS = {"true": True, "false": False, "null": None}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_USAGE = "it holds names, values, + - * / // % **, comparisons, in, and, or, not, if else, functions"


class PlainExpression:
    """An expression that was read; what is not on the list was refused.

    What is not there is null, and so is arithmetic that has no value; a comparison with null is null.
    ``false and null`` is false, ``true or null`` is true.

    Attributes
    ----------
    paths
        What it reads, as tuples: ``data.rows`` is ``("data", "rows")``.

    Examples
    --------
    >>> expression = PlainExpression("rows > 1000 and data.source != 'test'")
    >>> expression.over({"rows": 2000, "data": {"source": "shop"}})
    True
    """

    def __init__(self, text: str, *, field: str = "") -> None:
        self.text = text
        self.paths: set[tuple[str, ...]] = set()
        try:
            self._call = self._of(read(text))
        except InvalidInput as error:
            why = error.why or f"in {text[:200]!r}"
            raise InvalidInput(error.what, why=why, hint=error.hint, field=field) from None

    def over(self, facts: Facts) -> Any:
        """Return its value over some facts, by name; None when it has none."""
        return self._call(facts)

    def _of(self, node: ast.expr) -> _Part:  # noqa: PLR0911 - one for each kind of node
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None):
                value = node.value
                return lambda facts: value  # noqa: ARG005 - the same for all
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._path(node)
            case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _ARITHMETIC:
                return _applied(_computed(_ARITHMETIC[type(kind)]), [self._of(left), self._of(right)])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _applied(lambda value: not value, [self._of(operand)])
            case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
                return _applied(_UNARY[type(unary)], [self._of(operand)])
            case ast.BoolOp(op=boolean, values=parts):
                return _joined([self._of(part) for part in parts], every=isinstance(boolean, ast.And))
            case ast.Compare(left=left, ops=kinds, comparators=others):
                return self._compare(left, kinds, others)
            case ast.IfExp(test=test, body=body, orelse=other):
                asked, yes, no = self._of(test), self._of(body), self._of(other)
                return lambda facts: yes(facts) if asked(facts) is True else no(facts)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._function(name, args)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                listed = [self._of(part) for part in parts]
                return lambda facts: [each(facts) for each in listed]
        raise InvalidInput(f"an expression can't hold a Python {type(node).__name__}", hint=_USAGE)

    def _path(self, node: ast.expr) -> _Part:
        steps: list[str] = []
        while not isinstance(node, ast.Name):
            match node:
                case ast.Attribute(value=value, attr=attr):
                    steps.append(attr)
                case ast.Subscript(value=value, slice=ast.Constant(value=str() as key)):
                    steps.append(key)
                case _:
                    raise InvalidInput("a path is written data.rows or data['mean radius']")
            node = value
        if not steps and node.id in _WORDS:
            word = _WORDS[node.id]
            return lambda facts: word  # noqa: ARG005 - the same for all
        path = (node.id, *reversed(steps))
        self.paths.add(path)
        return lambda facts: _follow(facts, path)

    def _compare(self, left: ast.expr, kinds: list[ast.cmpop], others: list[ast.expr]) -> _Part:
        parts = [left, *others]
        found = [
            self._pair(kind, self._of(before), self._of(after))
            for kind, before, after in zip(kinds, parts, parts[1:], strict=False)
        ]
        return found[0] if len(found) == 1 else _joined(found, every=True)

    def _pair(self, kind: ast.cmpop, before: _Part, after: _Part) -> _Part:
        if isinstance(kind, ast.In | ast.NotIn):
            there = isinstance(kind, ast.In)
            return _applied(lambda value, listed: (value in listed) is there, [before, after])
        if type(kind) not in _COMPARISONS:
            raise InvalidInput(
                "an expression compares with == != < <= > >= and in", hint="is_null(x) asks for nulls"
            )
        return _applied(_COMPARISONS[type(kind)], [before, after])

    def _function(self, name: str, args: list[ast.expr]) -> _Part:
        if name not in plain_functions.FUNCTIONS:
            raise no_function(name, plain_functions.FUNCTIONS)
        function = plain_functions.FUNCTIONS[name]
        if not function.least <= len(args) <= function.most:
            wanted = f"{function.least} values" if function.least > 1 else "one value"
            raise InvalidInput(f"{name}() takes {wanted}, not {len(args)}")
        return _applied(function.call, [self._of(arg) for arg in args], nulls=function.nulls)


def _follow(facts: Facts, path: tuple[str, ...]) -> Any:
    found: Any = facts
    for step in path:
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    return found


def _applied(function: Callable[..., Any], parts: list[_Part], *, nulls: bool = False) -> _Part:
    def over(facts: Facts) -> Any:
        # Null as in SQL: what is unknown makes unknown what is computed from it, rather than an error for
        # whoever sent the event.
        values = [part(facts) for part in parts]
        if not nulls and any(value is None for value in values):
            return None
        try:
            return function(*values)
        except (ArithmeticError, ValueError, TypeError, AttributeError):
            return None

    return over


def _computed(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return an operator of numbers, or of two texts that are joined: nothing is repeated or formatted."""

    def computed(left: Any, right: Any) -> Any:
        # No text or list times a number, no % of a text: either could make gigabytes out of a few letters.
        texts = isinstance(left, str) and isinstance(right, str) and function is operator.add
        if texts or (isinstance(left, int | float) and isinstance(right, int | float)):
            return function(left, right)
        times = not isinstance(left, str | list | int | float) and function is operator.sub
        return (left - right).total_seconds() if times else None

    return computed


def _joined(parts: list[_Part], *, every: bool) -> _Part:
    def over(facts: Facts) -> Any:
        unknown = False
        for part in parts:
            value = part(facts)
            if value is None:
                unknown = True
            elif bool(value) is not every:
                return not every
        return None if unknown else every

    return over
