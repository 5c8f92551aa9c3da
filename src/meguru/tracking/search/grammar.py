"""Read filters such as ``metrics.acc > 0.9 and params.lr = '1'``, and orders such as ``metrics.acc DESC``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from meguru.errors import InvalidInput

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.)*")
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>(?:`[^`]+`|[A-Za-z_][\w-]*)(?:\.(?:`[^`]*`|"[^"]*"|[\w./:@-]+))*)
    | (?P<sign><=|>=|!=|<>|==|=|<|>)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
KINDS = {
    "metric": "metric",
    "metrics": "metric",
    "param": "param",
    "params": "param",
    "parameter": "param",
    "parameters": "param",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "run": "attribute",
    "dataset": "dataset",
    "datasets": "dataset",
}
SearchValue = str | float | tuple[str, ...] | None


@dataclass(frozen=True)
class Clause:
    """One comparison; the sign is in capitals, and a value of None goes with IS NULL and IS NOT NULL."""

    kind: str
    key: str
    sign: str
    value: SearchValue
    shown: str


@dataclass(frozen=True)
class RunOrder:
    """One part of an order."""

    kind: str
    key: str
    descending: bool


def read_filter(text: str, *, kinds: tuple[str, ...]) -> list[Clause]:
    """Read comparisons that are joined by AND."""
    tokens = _tokens(text)
    clauses = []
    while tokens:
        clauses.append(_clause(tokens, text, kinds))
        if tokens and tokens.pop(0)[1].upper() != "AND":
            raise _wrong(text, "comparisons are joined by AND, without brackets or OR")
        if not tokens and text.rstrip().upper().endswith(" AND"):
            raise _wrong(text, "a comparison is missing after the last AND")
    return clauses


def read_order(parts: list[str], *, kinds: tuple[str, ...]) -> list[RunOrder]:
    """Read an order; a key may be in it once."""
    orders: list[RunOrder] = []
    for part in parts:
        try:
            tokens = _tokens(part)
        except InvalidInput as error:
            raise _no_order(part) from error
        direction = tokens.pop()[1].upper() if len(tokens) > 1 else "ASC"
        if len(tokens) != 1:
            raise _no_order(part)
        if direction not in {"ASC", "DESC"}:
            raise InvalidInput(
                f"Invalid ordering key in order_by clause '{part[:300]}'", why="write a key, then ASC or DESC"
            )
        kind, key = _name(tokens[0], part, kinds)
        if any((order.kind, order.key) == (kind, key) for order in orders):
            raise InvalidInput(f"`order_by` contains duplicate fields: {part[:300]}")
        orders.append(RunOrder(kind, key, direction == "DESC"))
    return orders


def _no_order(part: str) -> InvalidInput:
    return InvalidInput(
        f"Invalid order_by clause '{part[:300]}'. Could not be parsed", why="write a key, then ASC or DESC"
    )


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _wrong(text, f"it can't be read from {text[place : place + 40]!r} on")
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        place = match.end()
    return found


def _clause(tokens: list[tuple[str, str]], text: str, kinds: tuple[str, ...]) -> Clause:
    first = tokens[0]
    kind, key = _name(tokens.pop(0), text, kinds)
    if not tokens:
        raise _wrong(text, f"there is nothing after {first[1]!r}")
    sign = tokens.pop(0)[1].upper()
    sign = {"==": "=", "<>": "!="}.get(sign, sign)
    if sign in {"IS", "NOT"}:
        while tokens and tokens[0][1].upper() in {"NOT", "NULL", "IN"}:
            sign += " " + tokens.pop(0)[1].upper()
    if sign in {"IS NULL", "IS NOT NULL"}:
        return Clause(kind, key, sign, None, first[1])
    if sign not in {"=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN"}:
        raise _wrong(text, f"{sign!r} is no comparison")
    if not tokens:
        raise _wrong(text, f"there is no value after {sign}")
    value: SearchValue
    value = _list(tokens, text) if sign in {"IN", "NOT IN"} else _value(tokens.pop(0), text)
    return Clause(kind, key, sign, value, first[1])


def _name(token: tuple[str, str], text: str, kinds: tuple[str, ...]) -> tuple[str, str]:
    group, shown = token
    if group != "name":
        raise _wrong(text, f"{shown!r} is no name")
    head, _, rest = shown.partition(".")
    if not rest or shown.startswith("`"):
        return "attribute", shown.strip("`")
    kind = KINDS.get(head.lower())
    if kind is None or kind not in kinds:
        allowed = ", ".join(sorted(kinds))
        raise _wrong(text, f"Invalid entity type {head!r}: it is one of {allowed}")
    key = rest[1:-1] if rest[0] in '`"' and rest[-1] == rest[0] and len(rest) > 1 else rest
    return kind, key


def _value(token: tuple[str, str], text: str) -> str | float:
    group, shown = token
    if group == "number":
        return float(shown)
    if group != "text":
        raise _wrong(
            text,
            "Parameter value is either not quoted or unidentified quote types used for string value "
            f"{shown}: write a number, or a text in quotes",
        )
    return shown[1:-1].replace("''", "'").replace("\\'", "'").replace('\\"', '"')


def _list(tokens: list[tuple[str, str]], text: str) -> tuple[str, ...]:
    if tokens.pop(0)[1] != "(":
        raise _wrong(text, "IN wants a list in brackets")
    found: list[str] = []
    while tokens and tokens[0][1] != ")":
        token = tokens.pop(0)
        if token[0] == "mark":
            continue
        value = _value(token, text)
        if not isinstance(value, str):
            raise _wrong(text, "While parsing a list in the query, expected string value")
        found.append(value)
    if not tokens or not found:
        raise _wrong(
            text,
            "While parsing a list in the query, expected a non-empty list of string values; its bracket is "
            "closed at the end",
        )
    tokens.pop(0)
    return tuple(found)


def _wrong(text: str, why: str) -> InvalidInput:
    return InvalidInput(f"Invalid clause(s) in filter string: {text[:300]!r}: {why}")
