"""What a table can be asked: a comparison or an order of a filter, in the table's own columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meguru.mlflow.protocol.errors import invalid
from meguru.registry.schema import HEAD
from meguru.storage.db.raw import RawSql
from meguru.tracking.milliseconds import MAX_MILLIS, MIN_MILLIS, stored
from meguru.tracking.search import compare, grammar
from meguru.tracking.search.pages import Key, Query

FEW_ROWS = 1000
"""So many rows are not few: a search doesn't begin with them."""


@dataclass(frozen=True)
class SearchedTable:
    """A table whose rows are searched.

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


_BY_HEAD = "ix_mlflow_label_kind_key_head_owner_number"
Special = Callable[[grammar.Clause], compare.Condition | None]


class TableFilter:
    """A filter over one table."""

    def __init__(self, raw: RawSql, searched: SearchedTable, clauses: Sequence[grammar.Clause]) -> None:
        self.raw, self.searched, self.clauses = raw, searched, clauses
        self._known: dict[tuple[Any, ...], bool] = {}

    def query(self, *, special: Special = lambda _: None) -> Query:
        """Return the question; `special` may answer for a clause itself."""
        begun, rest = self._begin()
        query = begun or Query(self.searched.columns, self.searched.source)
        is_begun = begun is not None or any(self._is_few(clause) for clause in rest)
        # The sign keeps SQLite from an index in the wanted order, where it had better begin elsewhere.
        shown = f"+{self.searched.shown}" if self.raw.is_sqlite and is_begun else self.searched.shown
        query.where((shown, list(self.searched.shown_values)))
        for clause in rest:
            query.where(special(clause) or self.condition(clause))
        return query

    def condition(self, clause: grammar.Clause) -> compare.Condition:
        """Return one comparison."""
        if clause.kind in self.searched.labels or clause.kind != "attribute":
            return self._labelled(clause)
        name = self.name(clause.key)
        if clause.sign in {"IS NULL", "IS NOT NULL"} and name in self.searched.texts:
            return f"{self.searched.texts[name]} {clause.sign}", []
        if name in self.searched.moments:
            return moment(self.searched.moments[name], clause)
        if name in self.searched.numbers:
            return compare.number(self.searched.numbers[name], clause)
        column = self.searched.texts[name]
        sql, values = compare.text(column, clause, is_sqlite=self.raw.is_sqlite)
        is_counted = self.raw.is_sqlite and clause.sign == "=" and column in self.searched.indexed
        return f"+{sql}" if is_counted and not self._is_few(clause) else sql, values

    def _is_few(self, clause: grammar.Clause) -> bool:
        """Tell whether few rows are equal to a value in a column that has an index."""
        is_text = clause.kind == "attribute" and clause.sign == "=" and isinstance(clause.value, str)
        if not is_text or not self.raw.is_sqlite:
            return False
        column = self.searched.texts.get(self.name(clause.key), "")
        return column in self.searched.indexed and self._few(
            self.searched.source, f"{column} = ?", [clause.value]
        )

    def name(self, key: str) -> str:
        """Return the one name of an attribute; refuse what is none."""
        searched = self.searched
        found = searched.also.get(key, key)
        known = sorted({*searched.texts, *searched.numbers, *searched.moments})
        if found not in known:
            raise invalid(f"Invalid attribute key '{key[:60]}' specified. Valid keys are '{known}'")
        return found

    def keys(self, query: Query, order: grammar.RunOrder, index: int) -> Iterator[Key]:
        """Yield the columns of one part of an order; what lacks a label comes last."""
        searched = self.searched
        if order.kind == "attribute":
            name = self.name(order.key)
            column = {**searched.texts, **searched.moments, **searched.numbers}[name]
            yield Key(column, order.descending, numbers=name in searched.numbers)
        elif order.kind not in searched.labels:
            yield Key("1", numbers=True)
            yield Key("''", order.descending)
        else:
            alias = f"o{index}"
            same = f"{alias}.owner = {searched.owner} AND {alias}.number = {searched.number}"
            query.join(
                f"LEFT JOIN mlflow_label {alias} ON {same} AND {alias}.kind = ? AND {alias}.key = ?",
                searched.labels[order.kind],
                order.key,
            )
            yield Key(f"CASE WHEN {alias}.owner IS NULL THEN 1 ELSE 0 END", numbers=True)
            yield Key(f"coalesce({alias}.value, '')", order.descending)

    def _labelled(self, clause: grammar.Clause) -> compare.Condition:
        searched = self.searched
        is_there = clause.sign in {"IS NULL", "IS NOT NULL"}
        sql, values = (
            ("1 = 1", []) if is_there else compare.text("t.value", clause, is_sqlite=self.raw.is_sqlite)
        )
        if clause.sign == "=" and not self.raw.is_sqlite and clause.kind in searched.labels:
            # PostgreSQL begins with the labels of this value, whose heads are in an index: if they are few.
            head = str(clause.value)[:HEAD]
            few = "t.kind = ? AND t.key = ? AND t.head = ?"
            if self._few("mlflow_label t", few, [searched.labels[clause.kind], clause.key, head]):
                sql, values = f"{sql} AND t.head = ?", [*values, head]
        if clause.kind not in searched.labels:
            return "1 = 1" if clause.sign == "IS NULL" else "1 = 0", []
        having = (
            "EXISTS (SELECT 1 FROM mlflow_label t WHERE t.kind = ? AND t.key = ? "  # noqa: S608 - names of ours
            f"AND t.owner = {searched.owner} AND t.number = {searched.number} AND {sql})"
        )
        return (
            f"NOT {having}" if clause.sign == "IS NULL" else having,
            [searched.labels[clause.kind], clause.key, *values],
        )

    def _begin(self) -> tuple[Query | None, list[grammar.Clause]]:
        """Begin with a label that few have; PostgreSQL keeps figures, and chooses by itself."""
        rest = list(self.clauses)
        for clause in rest:
            kind = self.searched.labels.get(clause.kind, "")
            if not (self.raw.is_sqlite and kind and clause.sign in {"=", "LIKE", "ILIKE", "IN"}):
                continue
            few, values = compare.text("f.value", clause, is_sqlite=True)
            few, values = f"f.kind = ? AND f.key = ? AND {few}", [kind, clause.key, *values]
            table = "mlflow_label f"
            if clause.sign == "=":
                few, values = f"{few} AND f.head = ?", [*values, str(clause.value)[:HEAD]]
                table += f" INDEXED BY {_BY_HEAD}"
            if self._few(table, few, values):
                searched = self.searched
                same = f"{searched.owner} = f.owner" + (
                    "" if searched.number == "0" else f" AND {searched.number} = f.number"
                )
                query = Query(searched.columns, f"{table} CROSS JOIN {searched.source} ON {same}")
                query.where((few, values))
                return query, [each for each in rest if each is not clause]
        return None, rest

    def _few(self, table: str, condition: str, values: list[Any]) -> bool:
        some = f"SELECT 1 FROM {table} WHERE {condition} LIMIT {FEW_ROWS}"  # noqa: S608 - names of ours
        if (known := self._known.get((some, *values))) is None:
            row = self.raw.execute(f"SELECT count(*) FROM ({some}) AS few", values).fetchone()  # noqa: S608
            known = self._known[(some, *values)] = int(row[0]) < FEW_ROWS
        return known


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
    return stored(max(MIN_MILLIS, min(MAX_MILLIS, ms)))
