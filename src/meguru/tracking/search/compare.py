"""One comparison of a filter, as an SQL condition with its values, or as a function of a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from meguru.errors import InvalidInput
from meguru.tracking.milliseconds import MAX_MILLIS, MIN_MILLIS, stored
from meguru.tracking.search.grammar import Clause

ORDERED = {"=", "!=", "<", "<=", ">", ">="}
TEXT = {"=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"}
Condition = tuple[str, list[Any]]
"""SQL with a ``?`` for each of the values."""
_TO_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})


def text(column: str, clause: Clause, *, is_sqlite: bool) -> Condition:
    """Compare a text."""
    values = _texts(clause)
    if clause.sign in {"IN", "NOT IN"}:
        return f"{column} {clause.sign} ({', '.join('?' * len(values))})", list(values)
    value = values[0]
    if clause.sign not in {"LIKE", "ILIKE"}:
        return f"{column} {clause.sign} ?", [value]
    if not is_sqlite:
        # To PostgreSQL a backslash makes the next letter plain; to SQLite it is a letter itself.
        return f"{column} {clause.sign} ?", [value.replace("\\", "\\\\")]
    if clause.sign == "ILIKE":
        return f"{column} LIKE ?", [value]
    # SQLite's LIKE takes A for a.
    return f"{column} GLOB ?", [value.translate(_TO_GLOB)]


def function(clause: Clause) -> Callable[[str], bool]:
    """Return what compares a text that is in no column."""
    values = _texts(clause)
    if clause.sign in {"LIKE", "ILIKE"}:
        parts = {"%": ".*", "_": "."}
        pattern = "".join(parts.get(letter, re.escape(letter)) for letter in values[0])
        found = re.compile(pattern, re.DOTALL | (re.IGNORECASE if clause.sign == "ILIKE" else 0))
        return lambda text: found.fullmatch(text) is not None
    wanted = frozenset(values)
    return wanted.__contains__ if clause.sign in {"=", "IN"} else lambda text: text not in wanted


def number(column: str, clause: Clause) -> Condition:
    """Compare a number."""
    return f"{column} {clause.sign} ?", [_number_of(clause)]


def moment(column: str, clause: Clause) -> Condition:
    """Compare a moment with milliseconds."""
    ms = int(max(MIN_MILLIS, min(MAX_MILLIS, _number_of(clause))))
    return f"{column} {clause.sign} ?", [stored(ms)]


def _texts(clause: Clause) -> tuple[str, ...]:
    value = clause.value
    if clause.sign not in TEXT or isinstance(value, float) or value is None:
        raise _wrong(clause, "text", TEXT)
    return (value,) if isinstance(value, str) else value


def _number_of(clause: Clause) -> float:
    if clause.sign not in ORDERED or not isinstance(clause.value, float):
        raise _wrong(clause, "number", ORDERED)
    return clause.value


def _wrong(clause: Clause, wanted: str, signs: set[str]) -> InvalidInput:
    """Say what is wrong with a comparison, and what would be right."""
    value = repr(clause.value)[:200] if clause.value is not None else "nothing"
    if clause.value is None:
        which = f"'{clause.kind}' '{clause.key}'"
        why = f"IS NULL / IS NOT NULL is only supported for tags and params, not for {which}"
    elif clause.sign not in signs:
        why = f"Invalid comparator for {clause.kind}: {clause.sign}"
    elif wanted == "number":
        numeric = f"numeric attribute: {clause.key}" if clause.kind == "attribute" else clause.kind
        why = f"Expected numeric value type for {numeric}. Found {value}"
    else:
        kind = "parameter" if clause.kind == "param" else clause.kind
        why = f"Expected a quoted string value for {kind} (e.g. 'my-value'). Got value {value}"
    a_value = "a number" if wanted == "number" else "a text in quotes"
    return InvalidInput(
        f"Invalid comparison of {clause.shown!r}: {why}; it takes {a_value} and one of {sorted(signs)}"
    )
