"""Formulas over rows, such as ``12.5 * max(truth - score, 0)``: read once, then computed on whole columns."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from meguru.base.expressions import no_function, read
from meguru.errors import InvalidInput
from meguru.metrics.rows import Array
from meguru.stats.arrays import Floats

MAX_POWER = 10
Columns: TypeAlias = Mapping[str, Array]
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "abs": (1, np.abs),
    "ceil": (1, np.ceil),
    "exp": (1, np.exp),
    "floor": (1, np.floor),
    "log": (1, np.log),
    "max": (2, np.maximum),
    "min": (2, np.minimum),
    "sqrt": (1, np.sqrt),
}


class Formula:
    """A formula that was read: arithmetic, comparisons, ``a if b else c`` and a few functions; nothing else.

    Attributes
    ----------
    names
        Of the columns that it reads.
    """

    def __init__(self, text: str) -> None:
        self.text, self._tree = text, _tree(text)
        called = {id(node.func) for node in ast.walk(self._tree) if isinstance(node, ast.Call)}
        named = [node for node in ast.walk(self._tree) if isinstance(node, ast.Name)]
        self.names = frozenset(node.id for node in named if id(node) not in called)
        _check(self._tree)

    def over(self, columns: Columns, n: int) -> Floats:
        """Return the formula of each row, shape (n,).

        Raises
        ------
        InvalidInput
            When it has no finite value for a row, such as a division by zero.
        """
        # Both branches of a condition are computed for every row: a division by zero in the one that is not
        # taken is no fault. What is not finite in the end is refused below.
        with np.errstate(all="ignore"):
            found = np.broadcast_to(_number(self._tree, columns), (n,))
        bad = int(np.count_nonzero(~np.isfinite(found)))
        if bad:
            raise InvalidInput(
                f"{self.text!r:.200} has no finite value for {bad:,} of {n:,} rows", field="formula"
            )
        return found


def _tree(text: str) -> ast.expr:
    try:
        return read(text, "formula")
    except InvalidInput as error:
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field="formula") from None


def _check(node: ast.expr) -> None:
    """Refuse what is not on the list, before anything is computed."""
    if isinstance(node, ast.Call):
        _check_call(node)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        # The exponent must be a constant: a column of powers could make infinities row by row.
        power = node.right.value if isinstance(node.right, ast.Constant) else None
        if not (isinstance(power, int | float) and abs(power) <= MAX_POWER):
            raise InvalidInput(f"a power is a number up to {MAX_POWER}", field="formula")
    if not _is_possible(node):
        what = ast.unparse(node)
        raise InvalidInput(f"{what!r:.200} is not possible in a formula", field="formula")
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not (isinstance(node, ast.Call) and child is node.func):
            _check(child)


def _is_possible(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            # Whole numbers of Python have no end; those of a column are doubles.
            return isinstance(node.value, bool | int | float) and abs(node.value) <= sys.float_info.max
        case ast.BinOp():
            return type(node.op) in _BINARY
        case ast.UnaryOp():
            return not isinstance(node.op, ast.Invert)
        case ast.Compare():
            return len(node.ops) == 1 and type(node.ops[0]) in _COMPARE
    return isinstance(node, ast.Name | ast.Call | ast.BoolOp | ast.IfExp)


def _check_call(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS or node.keywords:
        error = no_function(ast.unparse(node.func), _FUNCTIONS)
        raise InvalidInput(error.what, hint=error.hint, field="formula")
    wanted = _FUNCTIONS[name][0]
    if len(node.args) != wanted:
        raise InvalidInput(f"{name} takes {wanted} values, not {len(node.args)}", field="formula")


def _number(node: ast.expr, columns: Columns) -> Any:
    return np.asarray(_VALUES[type(node)](node, columns), dtype=np.float64)


def _signed(node: Any, columns: Columns) -> Any:
    value = _number(node.operand, columns)
    if isinstance(node.op, ast.Not):
        return np.equal(value, 0)
    return -value if isinstance(node.op, ast.USub) else value


def _joined(node: Any, columns: Columns) -> Any:
    join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
    return join.reduce(np.broadcast_arrays(*(_number(each, columns) for each in node.values)))


def _chosen(node: Any, columns: Columns) -> Any:
    test, body, orelse = (_number(each, columns) for each in (node.test, node.body, node.orelse))
    return np.where(test != 0, body, orelse)


def _called(node: Any, columns: Columns) -> Any:
    return _FUNCTIONS[node.func.id][1](*(_number(arg, columns) for arg in node.args))


def _computed(node: Any, columns: Columns) -> Any:
    return _BINARY[type(node.op)](_number(node.left, columns), _number(node.right, columns))


def _compared(node: Any, columns: Columns) -> Any:
    left, right = _number(node.left, columns), _number(node.comparators[0], columns)
    return _COMPARE[type(node.ops[0])](left, right)


_VALUES: dict[type[ast.expr], Callable[[Any, Columns], Any]] = {
    ast.BinOp: _computed,
    ast.BoolOp: _joined,
    ast.Call: _called,
    ast.Compare: _compared,
    ast.Constant: lambda node, _: node.value,
    ast.IfExp: _chosen,
    ast.Name: lambda node, columns: columns[node.id],
    ast.UnaryOp: _signed,
}
