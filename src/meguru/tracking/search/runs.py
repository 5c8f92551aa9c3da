"""Search of runs: the filter and the order as one statement, begun where the fewest rows are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.storage.db.raw import RawSql, TooLong
from meguru.tracking.search import compare, grammar, names, pages
from meguru.tracking.search.comparison_rows import (
    DATASETS,
    INPUTS,
    RUN_NAMES,
    TABLES,
    StartPoint,
    state_of,
    text_of,
)
from meguru.tracking.search.start_point import StartPoints
from meguru.tracking.states import STATES

KINDS = ("attribute", "metric", "param", "tag", "dataset")
_NAMES = dict.fromkeys(RUN_NAMES, "run_name")
_NAMES |= dict.fromkeys(("created", "Created"), "start_time")
_STATUS = " ".join(
    f"WHEN r.state = '{state}' THEN '{status}'" for status, state in STATES.items() if status != "SCHEDULED"
)
_TEXTS = {
    "state": "r.state",
    "run_name": "r.name",
    "status": f"CASE WHEN x.status = 'SCHEDULED' AND r.state = 'running' THEN 'SCHEDULED' {_STATUS} "
    "ELSE 'RUNNING' END",
    "user_id": "coalesce(x.user_id, r.created_by)",
}
_MOMENTS = {"start_time": "r.started_at", "end_time": "r.finished_at"}
_LOCATION = (
    "(SELECT CASE WHEN e.artifact_location = '' THEN 'mlflow-artifacts:/' || e.id "
    "ELSE e.artifact_location END FROM mlflow_experiment e WHERE e.experiment = r.experiment)"
)
# PostgreSQL knows how many rows these are; of a function's result it would not.
_STAGES: dict[tuple[str, ...], compare.Condition] = {
    ("active",): ("(x.stage IS NULL OR x.stage = 'active')", []),
    ("deleted",): ("x.stage = 'deleted'", []),
    ("active", "deleted"): ("1 = 1", []),
}


@dataclass(frozen=True)
class RunQuery:
    """What is searched: of which experiments and stages, by which filter, in which order, which page."""

    experiments: list[str]
    where: str = ""
    order: list[str] = field(default_factory=list)
    stages: tuple[str, ...] = ("active",)
    limit: int = 100
    token: str = ""


_START = grammar.RunOrder("attribute", "start_time", descending=True)


def search_runs(tx: Connection, query: RunQuery) -> tuple[list[str], str]:
    """Return the ids of one page of runs, and the token of the next.

    Raises
    ------
    InvalidInput
        If the filter, the order or the token can't be read.
    """
    search = _Search(
        RawSql(tx),
        query.experiments,
        query.stages,
        grammar.read_filter(query.where, kinds=KINDS),
        grammar.read_order(query.order, kinds=KINDS),
        query.limit,
    )
    return search.page(query.token) if query.experiments else ([], "")


class _Search:
    """A filter and an order over the runs of some experiments."""

    def __init__(
        self,
        raw: RawSql,
        experiments: list[str],
        stages: tuple[str, ...],
        clauses: list[grammar.Clause],
        orders: list[grammar.RunOrder],
        limit: int,
    ) -> None:
        self.raw, self.experiments, self.stages, self.limit = raw, experiments, stages, limit
        self.clauses, self.orders = clauses, list(orders)
        if not any(order.kind == "attribute" and _name(order.key) == "start_time" for order in orders):
            self.orders.append(_START)
        self._begin = StartPoints(raw, experiments, clauses, limit)

    def page(self, token: str) -> tuple[list[str], str]:
        """Return one page.

        Runs in the order of a metric come in three phases: those with a number, which an index holds in
        order; those with NaN; those without the metric. Where that metric is compared, only the first are.
        """
        first, limit = self.orders[0], self.limit
        is_compared = any((clause.kind, clause.key) == ("metric", first.key) for clause in self.clauses)
        phases = 3 if first.kind == "metric" and not is_compared else 1
        given = pages.read(token)
        phase, after = (given[0], given[1:]) if given else (0, [])
        if phase not in range(1 if given and not after else 0, phases) or isinstance(phase, float):
            raise pages.wrong_token()
        found: list[str] = []
        while phase < phases:
            # A full page asks the next phase for one row: whether there is another page.
            wanted = limit - len(found)
            rows, last = self._rows(phase, after, max(wanted, 1))
            if rows and not wanted:
                return found, pages.write([phase])
            found += [row[0] for row in rows]
            if last:
                return found, pages.write([phase, *last])
            phase, after = phase + 1, []
        return found, ""

    def _rows(self, phase: int, after: list[Any], limit: int) -> tuple[list[tuple[Any, ...]], list[Any]]:
        for begin in self._places(phase):
            scopes = [[experiment] for experiment in self.experiments] if begin.apart else [self.experiments]
            queries = [self._query(phase, begin, scope) for scope in scopes]
            try:
                with self.raw.bounded(begin.bound):
                    parts = [
                        pages.fetch(self.raw, query, keys, after=after, limit=limit, whole=begin.whole)
                        for query, keys in queries
                    ]
            except TooLong:
                continue
            return pages.merged(parts, queries[0][1], limit) if begin.apart else parts[0]
        raise AssertionError  # the last place has no bound

    def _places(self, phase: int) -> Iterator[StartPoint]:
        first, *others = self.orders
        by_metric = first.kind == "metric"
        if by_metric and phase == 1 and (few := self._begin.nan(first.key)) is not None:
            return iter([few])
        if by_metric and phase == 0:
            return self._begin.places(in_order_of=first.key, has_index=True)
        then = others[0] if by_metric else first
        name = _name(then.key) if then.kind == "attribute" else ""
        by_start = name == "start_time" and then is self.orders[-1]
        of_one = name in {"start_time", "run_name"} and len(self.experiments) == 1
        return self._begin.places(in_order_of="", has_index=by_start or of_one)

    def _query(
        self, phase: int, chosen: StartPoint, experiments: list[str]
    ) -> tuple[pages.Query, list[pages.Key]]:
        first = self.orders[0]
        by_metric = first.kind == "metric"
        begin = self._begin
        query = pages.Query("r.id", chosen.source, list(chosen.values))
        keys: list[pages.Key] = []
        if by_metric and phase == 0:
            if not chosen.has_series:
                query.join(f"{begin.join} run_series o ON o.run = r.id AND o.key = ?", first.key)
            query.where(("o.value IS NOT NULL", []))
            keys.append(pages.Key("o.value", first.descending, numbers=True))
        elif by_metric and not chosen.has_series:
            having = "EXISTS (SELECT 1 FROM run_series o WHERE o.run = r.id AND o.key = ?"
            lacking = f"{having} AND o.value IS NULL)" if phase == 1 else f"NOT {having})"
            query.where((lacking, [first.key]))
        query.join("LEFT JOIN mlflow_run x ON x.run = r.id")
        query.where(_STAGES[self.stages])
        query.where(begin.scope(chosen, experiments))
        for condition in chosen.conditions:
            query.where(condition)
        for clause in self.clauses:
            if by_metric and phase == 0 and (clause.kind, clause.key) == ("metric", first.key):
                if clause not in chosen.clauses:
                    query.where(compare.number("o.value", clause))
            elif clause not in chosen.clauses:
                query.where(self._condition(clause, chosen.run))
        for index, order in enumerate(self.orders[1:] if by_metric else self.orders):
            keys += _keys(query, order, index)
        return query, [*keys, pages.Key("r.id")]

    def _condition(self, clause: grammar.Clause, run: str) -> compare.Condition:
        if clause.kind == "metric":
            sql, values = compare.number("m.value", clause)
            having = f"EXISTS (SELECT 1 FROM run_series m WHERE m.run = {run} AND m.key = ?"  # noqa: S608
            return f"{having} AND {sql})", [clause.key, *values]
        if clause.kind in TABLES:
            return self._text(clause, run)
        if clause.kind == "dataset":
            return self._dataset(clause)
        name = _name(clause.key)
        if name in _MOMENTS:
            return compare.moment(_MOMENTS[name], clause)
        if name in _TEXTS:
            return self._column(_TEXTS[name], clause)
        if name in names.BY_NAME:
            return names.BY_NAME[name](clause, is_sqlite=self.raw.is_sqlite)
        raise _unknown(clause.key)

    def _column(self, column: str, clause: grammar.Clause) -> compare.Condition:
        sql, values = compare.text(column, clause, is_sqlite=self.raw.is_sqlite)
        state = state_of(clause)
        if not state:
            return sql, values
        if state == "running":  # it may be SCHEDULED as well
            return f"{sql} AND r.state = ?", [*values, state]
        return "r.state = ?", [state]

    def _text(self, clause: grammar.Clause, run: str) -> compare.Condition:
        having = f"EXISTS (SELECT 1 FROM {TABLES[clause.kind]} t WHERE t.run = {run} AND t.key = ?"  # noqa: S608
        if clause.sign == "IS NULL":
            return f"NOT {having})", [clause.key]
        if clause.sign == "IS NOT NULL":
            return f"{having})", [clause.key]
        sql, values = text_of("t", clause, is_sqlite=self.raw.is_sqlite)
        return f"{having} AND {sql})", [clause.key, *values]

    def _dataset(self, clause: grammar.Clause) -> compare.Condition:
        if clause.key not in DATASETS:
            raise InvalidInput(
                f"Invalid dataset key '{clause.key[:200]}' specified. Valid keys are name, digest and context"
            )
        sql, values = compare.text(DATASETS[clause.key], clause, is_sqlite=self.raw.is_sqlite)
        return f"r.id IN (SELECT i.run FROM {INPUTS} WHERE {sql})", values  # noqa: S608 - names of ours


def _keys(query: pages.Query, order: grammar.RunOrder, index: int) -> Iterator[pages.Key]:
    """Yield the columns of one part of an order: runs that lack it come last, NaN before them."""
    name = _name(order.key)
    alias = f"k{index}"
    if order.kind == "metric":
        query.join(f"LEFT JOIN run_series {alias} ON {alias}.run = r.id AND {alias}.key = ?", order.key)
        yield pages.Key(
            f"CASE WHEN {alias}.run IS NULL THEN 2 WHEN {alias}.value IS NULL THEN 1 ELSE 0 END", numbers=True
        )
        yield pages.Key(f"coalesce({alias}.value, 0.0)", order.descending, numbers=True)
    elif order.kind in TABLES:
        table = TABLES[order.kind]
        query.join(f"LEFT JOIN {table} {alias} ON {alias}.run = r.id AND {alias}.key = ?", order.key)
        yield from _last_if_missing(f"{alias}.value", order)
    elif order.kind == "attribute" and name == "end_time":
        yield from _last_if_missing(_MOMENTS[name], order)
    elif order.kind == "attribute" and name in {"run_id", "start_time", "artifact_uri", *_TEXTS}:
        if name == "artifact_uri":
            yield pages.Key(_LOCATION, order.descending)
            name = "run_id"
        column = {**_MOMENTS, **_TEXTS, "run_id": "r.id"}[name]
        yield pages.Key(column, order.descending)
    else:
        raise _unknown(order.key)


def _last_if_missing(column: str, order: grammar.RunOrder) -> Iterator[pages.Key]:
    yield pages.Key(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END", numbers=True)
    yield pages.Key(f"coalesce({column}, '')", order.descending)


def _name(key: str) -> str:
    return _NAMES.get(key, key)


def _unknown(key: str) -> InvalidInput:
    return InvalidInput(
        f"Invalid attribute key '{key[:200]}' specified. Valid keys are run_id, run_name, status, user_id, "
        "artifact_uri, start_time and end_time"
    )
