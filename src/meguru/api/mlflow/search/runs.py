"""Search of runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.params import Params
from meguru.api.mlflow.search import compare, grammar, pages
from meguru.api.mlflow.search.experiments import stages
from meguru.tracking.mlflow.ids import from_hex
from meguru.tracking.mlflow.runs import STATES
from meguru.tracking.mlflow.schema import mlflow_dataset, mlflow_experiment, mlflow_input, mlflow_run
from meguru.tracking.schema import run, run_param, run_series, run_tag

KINDS = ("attribute", "metric", "param", "tag", "dataset")
_NAMES = {"run name": "run_name", "created": "start_time", "Run name": "run_name", "Run Name": "run_name"}
_SHOWN = {state: status for status, state in STATES.items() if status != "SCHEDULED"}
MANY = 5000
"""With so many runs it is cheaper to look through one metric's values than through the runs."""
_TABLES = {"param": run_param, "tag": run_tag}
stage = func.coalesce(mlflow_run.c.stage, "active")
user = func.coalesce(mlflow_run.c.user_id, run.c.created_by)
status = case(
    ((mlflow_run.c.status == "SCHEDULED") & (run.c.state == "running"), "SCHEDULED"),
    *((run.c.state == state, shown) for state, shown in _SHOWN.items()),
    else_="RUNNING",
)
TEXTS: dict[str, Any] = {"run_name": run.c.name, "status": status, "user_id": user}
MOMENTS: dict[str, Any] = {"start_time": run.c.started_at, "end_time": run.c.finished_at}


def search_runs(tx: Connection, params: Params) -> tuple[list[str], str]:
    """Return the ids of one page of runs, and the token of the next."""
    limit = pages.limit_of(params, default=1000, most=50_000)
    numbers = [int(each) for each in params.texts("experiment_ids") if each.isdecimal() and len(each) < 19]
    known = select(mlflow_experiment.c.experiment).where(mlflow_experiment.c.id.in_(numbers))
    names = list(tx.execute(known).scalars())
    clauses = grammar.read_filter(params.text("filter"), kinds=KINDS)
    orders = grammar.read_order(params.texts("order_by"), kinds=KINDS)
    search = _Search(tx, names, stages(params, "run_view_type"))
    for clause in clauses:
        search.add(clause)
    keys = [key for order in orders for key in search.keys(order)]
    if not any(order.kind == "attribute" and _name(order.key) == "start_time" for order in orders):
        keys += search.keys(grammar.Order("attribute", "start_time", descending=True))
    keys.append(pages.Key(run.c.id))
    query = select(run.c.id).select_from(search.source).where(search.scope(), *search.conditions)
    rows, token = pages.fetch(tx, query, keys, token=params.text("page_token"), limit=limit)
    return [row.id for row in rows], token


class _Search:
    """A query that grows: its source, and its conditions."""

    def __init__(self, tx: Connection, experiments: list[str], stages: tuple[str, ...]) -> None:
        self.tx = tx
        self.source: Any = run.outerjoin(mlflow_run, mlflow_run.c.run == run.c.id)
        self.conditions: list[ColumnElement[bool]] = [stage.in_(stages)]
        self._experiments = experiments
        self._metrics: dict[str, Any] = {}

    def scope(self) -> ColumnElement[bool]:
        """Return the condition of being in the experiments."""
        column: Any = run.c.experiment
        some = select(run.c.id).where(column.in_(self._experiments)).limit(MANY).subquery()
        count = select(func.count()).select_from(some)
        guess = bool(self._metrics) and self.tx.dialect.name == "sqlite"
        if guess and self.tx.execute(count).scalar() == MANY:
            # SQLite keeps no figures: the sign tells it to start from the metric's values, not from here.
            column = literal_column("+run.experiment", String)
        done: ColumnElement[bool] = column.in_(self._experiments)
        return done

    def add(self, clause: grammar.Clause) -> None:
        """Add one comparison."""
        if clause.kind == "metric":
            column = self._metric(clause.key).c.value
            self.conditions.append(compare.number(column, clause))
        elif clause.kind == "attribute":
            self.conditions.append(self._attribute(clause))
        elif clause.kind == "dataset":
            self.conditions.append(self._dataset(clause))
        else:
            self.conditions.append(self._text(clause))

    def keys(self, order: grammar.Order) -> list[pages.Key]:
        """Return the columns of one part of an order: runs that lack it come last, NaN before them."""
        name = _name(order.key)
        if order.kind == "metric":
            if order.key in self._metrics:
                return [pages.Key(self._metrics[order.key].c.value, order.descending)]
            table = self._outer(run_series, order.key)
            missing = case((table.c.run.is_(None), 2), (table.c.value.is_(None), 1), else_=0)
            return [
                pages.Key(missing),
                pages.Key(func.coalesce(table.c.value, literal(0.0)), order.descending),
            ]
        if order.kind in _TABLES:
            table = self._outer(_TABLES[order.kind], order.key)
            return _last_if_missing(table.c.value, order)
        if order.kind == "attribute" and name in MOMENTS:
            return _last_if_missing(type_coerce(MOMENTS[name], String), order, null=name == "end_time")
        if order.kind == "attribute" and name in {"run_id", *TEXTS}:
            return [pages.Key(run.c.id if name == "run_id" else TEXTS[name], order.descending)]
        raise _unknown(order.key)

    def _metric(self, key: str) -> Any:
        if key not in self._metrics:
            table = run_series.alias()
            self.source = self.source.join(table, and_(table.c.run == run.c.id, table.c.key == key))
            self._metrics[key] = table
        return self._metrics[key]

    def _outer(self, table: Any, key: str) -> Any:
        other = table.alias()
        self.source = self.source.outerjoin(other, and_(other.c.run == run.c.id, other.c.key == key))
        return other

    def _text(self, clause: grammar.Clause) -> ColumnElement[bool]:
        table = _TABLES[clause.kind].alias()
        mine = (table.c.run == run.c.id) & (table.c.key == clause.key)
        if clause.sign == "IS NULL":
            return ~exists().where(mine)
        if clause.sign == "IS NOT NULL":
            return exists().where(mine)
        return exists().where(mine, compare.text(self.tx, table.c.value, clause))

    def _attribute(self, clause: grammar.Clause) -> ColumnElement[bool]:
        name = _name(clause.key)
        if name in MOMENTS:
            return compare.moment(MOMENTS[name], clause)
        if name in TEXTS:
            return compare.text(self.tx, TEXTS[name], clause)
        if name == "run_id" and clause.sign in {"=", "!=", "IN", "NOT IN"}:
            values = (clause.value,) if isinstance(clause.value, str) else clause.value
            if isinstance(values, tuple):
                ids = [from_hex(value) for value in values]
                return run.c.id.in_(ids) if clause.sign in {"=", "IN"} else run.c.id.not_in(ids)
        raise _unknown(f"{clause.key} {clause.sign}")

    def _dataset(self, clause: grammar.Clause) -> ColumnElement[bool]:
        columns = {
            "name": mlflow_dataset.c.name,
            "digest": mlflow_dataset.c.digest,
            "context": mlflow_input.c.context,
        }
        if clause.key not in columns:
            raise invalid(f"Invalid dataset key '{clause.key[:200]}': it is name, digest or context")
        wanted: Select[Any] = (
            select(mlflow_input.c.run)
            .join(mlflow_dataset, mlflow_dataset.c.id == mlflow_input.c.dataset)
            .where(compare.text(self.tx, columns[clause.key], clause))
        )
        return run.c.id.in_(wanted)


def _last_if_missing(column: Any, order: grammar.Order, *, null: bool = True) -> list[pages.Key]:
    if not null:
        return [pages.Key(column, order.descending)]
    missing = pages.Key(case((column.is_(None), 1), else_=0))
    return [missing, pages.Key(func.coalesce(column, literal("")), order.descending)]


def _name(key: str) -> str:
    return _NAMES.get(key, key)


def _unknown(key: str) -> Exception:
    return invalid(
        f"Invalid attribute key '{key[:200]}': a run has run_id (= != IN NOT IN), run_name, status, user_id, "
        "start_time and end_time"
    )
