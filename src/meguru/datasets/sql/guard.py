"""Validate a query: one SELECT over tables, with functions from an allow list."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from meguru.datasets.sql.functions import FUNCTIONS, WORDS
from meguru.errors import UsageError, near_misses

MAX_QUERY_LENGTH = 20_000
"""Characters of a query."""
_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*(?:\n|$)|/\*(?:[^*]|\*(?!/))*\*/)"""
    r"""|(?P<text>'(?:[^']|'')*')"""
    r"""|(?P<quoted>"(?:[^"]|"")*"|`(?:[^`])*`)"""
    r"""|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)"""
    r"""|(?P<word>[^\W\d]\w*)"""
    r"""|(?P<sign>::|<=|>=|<>|!=|\|\||->>?|[-+*/%(),.;:<>=\[\]{}!^&|~#@?$])""",
    re.DOTALL,
)
_CHANGES = frozenset(
    ("insert", "update", "delete", "drop", "create", "alter", "truncate", "copy", "attach", "load", "set")
)
_BEFORE_TABLES = frozenset(("from", "join"))


class SqlToken(NamedTuple):
    """One word, name, text, number or sign of a query."""

    kind: str
    text: str


def tables_of(query: str) -> set[str]:
    """Return the names in a query, which may be tables; refuse what it may not ask.

    Functions are called by names that are on a list: what reads a file or a table elsewhere is on none.

    Raises
    ------
    UsageError
        If it is no single SELECT, too long, or calls what is on no list.
    """
    if len(query) > MAX_QUERY_LENGTH:
        raise UsageError("the query is too long", why=f"up to {MAX_QUERY_LENGTH:,} characters", field="query")
    tokens = _tokens(query)
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    # An allow list, not a deny list: engines get new functions that read files. The sandbox is the second
    # wall.
    first = tokens[0].text.lower() if tokens else ""
    if first in _CHANGES:
        raise UsageError("a dataset is never changed", hint="ask with SELECT", field="query")
    if first not in {"select", "with", "("} or any(sql_token.text == ";" for sql_token in tokens):
        raise UsageError("one SELECT is answered", hint="SELECT … FROM …", field="query")
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if after and after.text == "(":
            _check_call(token)
        if token.kind == "text" and before and before.text.lower() in _BEFORE_TABLES:
            raise UsageError("a query reads datasets alone", why=f"not {token.text[:80]}", field="query")
    return {sql_token.text for sql_token in tokens if sql_token.kind in {"word", "name"}}


def check_reads_no_files(query: str) -> None:
    """Refuse a query that calls a table function, which reads a file of whoever answers it.

    Names are compared as the engine has them: ``"read_csv"`` and ``read_csv/**/('x')`` are ``read_csv``.

    Raises
    ------
    UsageError
        If it does, or can't be read.
    """
    tokens = _tokens(query)
    for token, after in pairwise(tokens):
        if after.text == "(" and _is_reader(token):
            raise UsageError(
                "a query reads its tables alone", why=f"not {token.text.lower()}()", field="query"
            )


def _is_reader(token: SqlToken) -> bool:
    return token.kind in {"word", "name"} and token.text.lower().startswith(("read_", "scan_"))


def _tokens(query: str) -> list[SqlToken]:
    found, at = [], 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise UsageError(f"the query can't be read at {query[at : at + 20]!r}", field="query")
        at = match.end()
        kind, text = str(match.lastgroup), match.group()
        if kind == "quoted":
            found.append(SqlToken("name", text[1:-1].replace(text[0] * 2, text[0])))
        elif kind != "space":
            found.append(SqlToken(kind, text))
    return found


def _check_call(token: SqlToken) -> None:
    """Refuse a name before a bracket that is neither a function on the list nor a word of the language."""
    if token.kind not in {"word", "name"}:
        return
    name = token.text.lower()
    if name in FUNCTIONS or (token.kind == "word" and name in WORDS):
        return
    if _is_reader(token):
        hint = "meguru data add NAME FILE first"
        raise UsageError("a query reads datasets alone", why=f"not {name}()", hint=hint, field="query")
    close = near_misses(name, FUNCTIONS)
    hint = f"did you mean {close[0]}()?" if close else ""
    raise UsageError(f"a query can't call {token.text[:60]}()", hint=hint, field="query")
