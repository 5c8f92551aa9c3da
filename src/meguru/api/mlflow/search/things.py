"""What a table can be asked: a comparison or an order of a filter, in the table's own columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.search import compare, grammar
from meguru.api.mlflow.search.pages import Key, Query
from meguru.registry.schema import HEAD
from meguru.storage.db.raw import Raw
from meguru.tracking.mlflow.moments import MOST, stored

MANY = 1000
"""So many rows are not few: a search doesn't begin with them."""


@dataclass(frozen=True)
class Things:
    """A table of things that are searched.

    `texts`, `numbers` and `moments` are its columns by the names that a filter has for them. `labels` tells
    under which kind labels of the grammar's kind are kept (none for a table whose rows have no labels), and
    `owner` and `number` whose they are.
    """

    columns: str
    source: str
    shown: str
    shown_values: tuple[Any, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    moments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    number: str = "0"
    also: Mapping[str, str] = field(default_factory=dict)
    """Other spellings of the names."""
    indexed: frozenset[str] = frozenset()
    """Columns where what is equal to a value can be counted."""


Special = Callable[[grammar.Clause], compare.Condition | None]


class Asking:
    """A filter over one table."""

    def __init__(self, raw: Raw, things: Things, clauses: Sequence[grammar.Clause]) -> None:
        self.raw, self.things, self.clauses = raw, things, clauses

    def query(self, *, special: Special = lambda _: None) -> Query:
        """Return the question; `special` may answer for a clause itself."""
        begun, rest = self._begin()
        query = begun or Query(self.things.columns, self.things.source)
        query.where((self.things.shown, list(self.things.shown_values)))
        for clause in rest:
            query.where(special(clause) or self.condition(clause))
        return query

    def condition(self, clause: grammar.Clause) -> compare.Condition:
        """Return one comparison."""
        if clause.kind in self.things.labels or clause.kind != "attribute":
            return self._labelled(clause)
        name = self.name(clause.key)
        if clause.sign in {"IS NULL", "IS NOT NULL"} and name in self.things.texts:
            return f"{self.things.texts[name]} {clause.sign}", []
        if name in self.things.moments:
            return moment(self.things.moments[name], clause)
        if name in self.things.numbers:
            return compare.number(self.things.numbers[name], clause)
        column = self.things.texts[name]
        sql, values = compare.text(column, clause, is_sqlite=self.raw.is_sqlite)
        is_many = self.raw.is_sqlite and clause.sign == "=" and column in self.things.indexed
        if is_many and not self._few(self.things.source, sql, values):
            sql = f"+{sql}"  # so many that SQLite had better begin with the order
        return sql, values

    def name(self, key: str) -> str:
        """Return the one name of an attribute; refuse what is none."""
        things = self.things
        found = things.also.get(key, key)
        known = sorted({*things.texts, *things.numbers, *things.moments})
        if found not in known:
            raise invalid(f"Invalid attribute key '{key[:60]}' specified. Valid keys are '{known}'")
        return found

    def keys(self, query: Query, order: grammar.Order, index: int) -> Iterator[Key]:
        """Yield the columns of one part of an order; what lacks a label comes last."""
        things = self.things
        if order.kind == "attribute":
            name = self.name(order.key)
            column = {**things.texts, **things.moments, **things.numbers}[name]
            yield Key(column, order.descending, numbers=name in things.numbers)
        elif order.kind not in things.labels:
            yield Key("1", numbers=True)
            yield Key("''", order.descending)
        else:
            alias = f"o{index}"
            same = f"{alias}.owner = {things.owner} AND {alias}.number = {things.number}"
            query.join(
                f"LEFT JOIN mlflow_label {alias} ON {same} AND {alias}.kind = ? AND {alias}.key = ?",
                things.labels[order.kind],
                order.key,
            )
            yield Key(f"CASE WHEN {alias}.owner IS NULL THEN 1 ELSE 0 END", numbers=True)
            yield Key(f"coalesce({alias}.value, '')", order.descending)

    def _labelled(self, clause: grammar.Clause) -> compare.Condition:
        things = self.things
        is_there = clause.sign in {"IS NULL", "IS NOT NULL"}
        sql, values = (
            ("1 = 1", []) if is_there else compare.text("t.value", clause, is_sqlite=self.raw.is_sqlite)
        )
        if clause.kind not in things.labels:
            return "1 = 1" if clause.sign == "IS NULL" else "1 = 0", []
        having = (
            "EXISTS (SELECT 1 FROM mlflow_label t WHERE t.kind = ? AND t.key = ? "  # noqa: S608 - names of ours
            f"AND t.owner = {things.owner} AND t.number = {things.number} AND {sql})"
        )
        return (
            f"NOT {having}" if clause.sign == "IS NULL" else having,
            [things.labels[clause.kind], clause.key, *values],
        )

    def _begin(self) -> tuple[Query | None, list[grammar.Clause]]:
        """Begin with a label that few have; PostgreSQL keeps figures, and chooses by itself."""
        rest = list(self.clauses)
        for clause in rest:
            kind = self.things.labels.get(clause.kind, "")
            if not (self.raw.is_sqlite and kind and clause.sign == "=" and isinstance(clause.value, str)):
                continue
            few = "f.kind = ? AND f.key = ? AND f.head = ?"
            values = [kind, clause.key, clause.value[:HEAD]]
            if self._few("mlflow_label f", few, values):
                things = self.things
                same = f"{things.owner} = f.owner" + (
                    "" if things.number == "0" else f" AND {things.number} = f.number"
                )
                query = Query(things.columns, f"mlflow_label f CROSS JOIN {things.source} ON {same}")
                query.where((f"{few} AND f.value = ?", [*values, clause.value]))
                return query, [each for each in rest if each is not clause]
        return None, rest

    def _few(self, table: str, condition: str, values: list[Any]) -> bool:
        some = f"SELECT 1 FROM {table} WHERE {condition} LIMIT {MANY}"  # noqa: S608 - names of ours
        row = self.raw.execute(f"SELECT count(*) FROM ({some})", values).fetchone()  # noqa: S608
        return int(row[0]) < MANY


def moment(column: str, clause: grammar.Clause) -> compare.Condition:
    """Compare a moment, which is kept with microseconds, with milliseconds."""
    _, (value,) = compare.number(column, clause)
    low, high = _text(math.floor(value)), _text(math.floor(value) + 1)
    match clause.sign:
        case ">" | "<=":
            return f"{column} {'>=' if clause.sign == '>' else '<'} ?", [high]
        case ">=" | "<":
            return f"{column} {clause.sign} ?", [_text(math.ceil(value))]
        case "=" if value == math.floor(value):
            return f"({column} >= ? AND {column} < ?)", [low, high]
        case "!=" if value == math.floor(value):
            return f"({column} < ? OR {column} >= ?)", [low, high]
        case _:
            return "1 = 0" if clause.sign == "=" else "1 = 1", []


def _text(ms: int) -> str:
    return stored(max(0, min(MOST, ms)))
