"""The filter and order grammar of the registry's and the logged models' searches."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from meguru.api.mlflow.errors import Refusal, invalid

_CLAUSE = re.compile(
    r"""\s*(?P<key>(?:[A-Za-z_]+\.)?(?:`[^`]*`|"[^"]*"|[\w./-]+))\s*
    (?P<op>!=|>=|<=|=|>|<|\bNOT\s+IN\b|\bIN\b|\bNOT\s+LIKE\b|\bLIKE\b|\bILIKE\b|\bIS\s+NOT\s+NULL\b|\bIS\s+NULL\b)\s*
    (?P<value>'(?:[^']|'')*'|"[^"]*"|\((?:[^()'"]|'[^']*'|"[^"]*")*\)|[-+\w.]+)?\s*""",
    re.IGNORECASE | re.VERBOSE,
)
IS_PROMPT = "mlflow.prompt.is_prompt"
"""Clients look for what is not a prompt by this tag, which only prompts have."""
_AND = re.compile(r"AND\b", re.IGNORECASE)
_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_TEXTS = {"=", "!=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"}


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked of a thing: attributes by name, and groups such as tags with keys of their own."""

    texts: frozenset[str]
    numbers: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset({"tags"})
    number_groups: frozenset[str] = frozenset()
    also: Mapping[str, str] = {}
    """Other spellings: of an attribute, or of a group."""


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison; `group` is empty for an attribute."""

    group: str
    key: str
    op: str
    value: Any


Look = Callable[[Any, str, str], Any]
"""Gives the value of a group's key (or, with an empty group, of an attribute) of a thing; None if absent."""


def parse(text: str, fields: Fields) -> list[Clause]:
    """Read a filter: comparisons joined by AND.

    Raises
    ------
    Refusal
        When it is not one, or asks for what there is not.
    """
    clauses: list[Clause] = []
    at = 0
    while text[at:].strip():
        if clauses:
            joined = _AND.match(text, at)
            if joined is None:
                raise _bad(text)
            at = joined.end()
        found = _CLAUSE.match(text, at)
        if found is None:
            raise _bad(text)
        clauses.append(_clause(found, fields, text))
        at = found.end()
    return clauses


def keep(things: Sequence[Any], clauses: Sequence[Clause], look: Look) -> list[Any]:
    """Return the things of which every clause is true."""
    return [
        thing
        for thing in things
        if all(holds(clause, look(thing, clause.group, clause.key)) for clause in clauses)
    ]


def ordered(
    things: Sequence[Any], wanted: Sequence[tuple[str, str, bool]], look: Look, last: Callable[[Any], Any]
) -> list[Any]:
    """Return things by the wanted (group, key, ascending), absent ones last; `last` breaks ties."""
    done = sorted(things, key=last)
    for group, key, ascending in reversed(wanted):
        there = [thing for thing in done if look(thing, group, key) is not None]
        lacking = [thing for thing in done if look(thing, group, key) is None]
        there.sort(key=lambda thing, g=group, k=key: look(thing, g, k), reverse=not ascending)  # type: ignore[misc]
        done = there + lacking
    return done


def order(texts: Sequence[str], fields: Fields) -> list[tuple[str, str, bool]]:
    """Read ``key``, ``key ASC`` or ``key DESC``, each key at most once."""
    wanted: list[tuple[str, str, bool]] = []
    for text in texts:
        words = text.split()
        if not 1 <= len(words) <= 2 or (len(words) == 2 and words[1].upper() not in {"ASC", "DESC"}):
            raise invalid(f"Invalid order_by clause '{text[:200]}'")
        group, key = _key(words[0], fields, text)
        if any((group, key) == known[:2] for known in wanted):
            raise invalid(f"`order_by` contains duplicate fields: {[t[:60] for t in texts]}")
        wanted.append((group, key, len(words) == 1 or words[1].upper() == "ASC"))
    return wanted


def _clause(found: re.Match[str], fields: Fields, text: str) -> Clause:
    op = " ".join(found["op"].upper().split())
    group, key = _key(found["key"], fields, text)
    value = found["value"]
    if (value is None) != (op in {"IS NULL", "IS NOT NULL"}):
        raise _bad(text)
    numeric = key in fields.numbers if not group else group in fields.number_groups
    allowed = set(_NUMBERS) if numeric else _TEXTS
    if op not in allowed:
        raise invalid(f"Invalid comparator '{op}' in filter: '{text[:200]}'; use one of {sorted(allowed)}")
    if value is None:
        return Clause(group=group, key=key, op=op, value=None)
    return Clause(
        group=group, key=key, op=op, value=_number(value, text) if numeric else _text(op, value, text)
    )


def _key(written: str, fields: Fields, text: str) -> tuple[str, str]:
    head, dot, rest = written.partition(".")
    if written[:1] in {"`", '"'}:
        head, dot, rest = written, "", ""
    group = fields.also.get(head.lower(), head.lower()) if dot else ""
    if group in {"attributes", "attribute", "attr"}:
        group, head = "", rest
    if group:
        if group not in fields.groups | fields.number_groups or not _plain(rest):
            raise invalid(f"Invalid entity type '{head[:60]}' in filter: '{text[:200]}'")
        return group, _plain(rest)
    name = fields.also.get(_plain(head), _plain(head))
    if name not in fields.texts | fields.numbers:
        known = sorted(fields.texts | fields.numbers)
        raise invalid(f"Invalid attribute key '{name[:60]}' specified. Valid keys are '{known}'")
    return "", name


def _plain(word: str) -> str:
    return word[1:-1] if word[:1] in {"`", '"'} else word


def _number(value: str, text: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise invalid(f"Expected a numeric value in filter: '{text[:200]}'") from None


def _text(op: str, value: str, text: str) -> Any:
    if op in {"IN", "NOT IN"}:
        if value[0] != "(":
            raise invalid(f"Expected a list of quoted strings in filter: '{text[:200]}'")
        items = re.findall(r"'([^']*)'|\"([^\"]*)\"", value)
        if not items:
            raise invalid(
                f"While parsing a list in the query, expected a non-empty list of string values: {value}"
            )
        return {single or double for single, double in items}
    if value[0] not in {"'", '"'}:
        raise invalid(f"Expected a quoted string value in filter: '{text[:200]}'")
    return value[1:-1].replace("''", "'")


def holds(clause: Clause, value: Any) -> bool:
    """Tell whether a value is as a clause says; what is absent is none, and differs from nothing."""
    op = clause.op
    if op == "IS NULL" or value is None:
        is_plain = clause.key == IS_PROMPT and op in {"!=", "NOT IN"}
        return value is None and (op == "IS NULL" or is_plain)
    if op == "IS NOT NULL":
        return True
    if op in {"IN", "NOT IN"}:
        return (value in clause.value) is (op == "IN")
    if op in {"LIKE", "ILIKE"}:
        pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in clause.value)
        return bool(re.fullmatch(pattern, value, re.DOTALL | (re.IGNORECASE if op == "ILIKE" else 0)))
    return _NUMBERS[op](value, clause.value)


def _bad(text: str) -> Refusal:
    return invalid(f"Invalid clause(s) in filter string: '{text[:300]}'")
