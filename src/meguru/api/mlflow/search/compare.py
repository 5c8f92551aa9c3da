"""One comparison of a filter as an SQL condition."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, String, type_coerce

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.search.grammar import Clause
from meguru.tracking.mlflow.moments import MOST, stored

ORDERED = {"=", "!=", "<", "<=", ">", ">="}
TEXT = {"=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"}
_TO_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})


def text(tx: Connection, column: Any, clause: Clause) -> ColumnElement[bool]:
    """Compare a text column."""
    value = clause.value
    if clause.sign not in TEXT or isinstance(value, float) or value is None:
        raise invalid(
            f"Invalid comparison of {clause.shown!r}: it takes a text in quotes and one of {sorted(TEXT)}"
        )
    if clause.sign in {"IN", "NOT IN"}:
        values = [value] if isinstance(value, str) else list(value)
        return _bool(column.in_(values) if clause.sign == "IN" else column.not_in(values))
    if clause.sign == "ILIKE":
        return _bool(column.ilike(value))
    if clause.sign == "LIKE":
        # SQLite's LIKE takes A for a.
        return _bool(
            column.op("GLOB")(str(value).translate(_TO_GLOB))
            if tx.dialect.name == "sqlite"
            else column.like(value)
        )
    return _bool(column == value if clause.sign == "=" else column != value)


def number(column: Any, clause: Clause) -> ColumnElement[bool]:
    """Compare a column of numbers."""
    return _ordered(column, clause, _number_of(clause))


def moment(column: Any, clause: Clause) -> ColumnElement[bool]:
    """Compare a column of moments with milliseconds."""
    ms = max(0, min(MOST, int(_number_of(clause))))
    return _ordered(type_coerce(column, String), clause, stored(ms))


def _number_of(clause: Clause) -> float:
    if clause.sign not in ORDERED or not isinstance(clause.value, float):
        raise invalid(
            f"Invalid comparison of {clause.shown!r}: it takes a number and one of {sorted(ORDERED)}"
        )
    return clause.value


def _ordered(column: Any, clause: Clause, value: Any) -> ColumnElement[bool]:
    signs = {"=": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
    return _bool(getattr(column, signs[clause.sign])(value))


def _bool(condition: Any) -> ColumnElement[bool]:
    done: ColumnElement[bool] = condition
    return done
