"""The search over logged models: one statement a page, also in the order of what was measured of them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.logged_models import store
from meguru.mlflow.protocol.calls import RequestArguments, wrong_type
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.search import union
from meguru.mlflow.search.tables import FEW_ROWS, SearchedTable, TableFilter
from meguru.mlflow.tracking.experiment_operations import DOOR
from meguru.mlflow.tracking.experiment_operations import here as known_here
from meguru.registry.tags_index import LOGGED, PARAM
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.experiments.store import key_of
from meguru.tracking.search import compare, grammar, pages

_KINDS = ("attribute", "tag", "param", "metric")
_THINGS = SearchedTable(
    columns="l.id",
    source="logged_model l",
    shown="l.deleted = ?",
    shown_values=(False,),
    texts={
        "name": "l.name",
        "model_id": "l.id",
        "model_type": "l.model_type",
        "status": "replace(l.status, 'LOGGED_MODEL_', '')",
        "source_run_id": "l.run",
        "experiment_id": "l.experiment",
    },
    moments={"creation_timestamp": "l.created_at", "last_updated_timestamp": "l.updated_at"},
    labels={"tag": LOGGED, "param": PARAM},
    owner="l.id",
    also={
        "creation_time": "creation_timestamp",
        "creation_timestamp_ms": "creation_timestamp",
        "last_updated_timestamp_ms": "last_updated_timestamp",
    },
    indexed=frozenset({"l.run"}),
)


class DatasetFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that something was measured on; an empty digest is any."""

    name: str = ""
    digest: str = ""

    def points(self, alias: str) -> compare.Condition:
        """Return the condition of a point that was measured on it."""
        given = {"dataset_name": self.name, "dataset_digest": self.digest}
        said = {key: value for key, value in given.items() if value}
        sql = " AND ".join(f"{alias}.{key} = ?" for key in said) or "1 = 1"
        return sql, list(said.values())


class ModelOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an order; a metric may be ordered by what was measured on one dataset."""

    field: str
    ascending: bool
    dataset: DatasetFilter


@operation("mlflow.search_logged_models", permission="run:read", query=True, door=DOOR)
def _found(
    ctx: Context,
    *,
    experiments: list[str],
    filter: str,
    datasets: list[DatasetFilter],
    order_by: list[ModelOrder],
    token: str,
    limit: int,
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    clauses = grammar.read_filter(filter, kinds=_KINDS)
    here = _of_project(ctx.tx, experiments, ctx.home)
    searching = _Search(RawSql(ctx.tx), here, clauses, datasets, order_by)
    ids, following = searching.page(token, limit)
    more = {"next_page_token": following} if following else {}
    return store.answers(ctx.tx, store.picked(ctx.tx, ids), ctx.home), more


def search(ws: Workspace, given: RequestArguments) -> dict[str, Any]:
    """Answer a search over the logged models of some experiments."""
    experiments = given.fields.get("experiment_ids")
    if experiments is None:
        raise invalid("Missing value for required parameter 'experiment_ids'.")
    if not isinstance(experiments, list):
        raise wrong_type("experiment_ids", experiments)
    found, more = _found(
        ws,
        experiments=given.texts("experiment_ids"),
        filter=given.text("filter"),
        datasets=[_dataset(arguments, needed=True) for arguments in _objects(given, "datasets")],
        order_by=_order(given),
        token=given.text("page_token"),
        limit=given.number("max_results", 50, most=1000),
    )
    return {"models": found, **more}


def _of_project(tx: Connection, given: list[str], project: str) -> list[str]:
    """Return those of some experiments' numbers that are of a project."""
    numbers = [each for each in given if each.isascii() and each.isdecimal()]
    if project:
        return [str(number) for number in known_here(tx, numbers, project)]
    return [each for each in given if not (each in numbers and refs.project_of(key_of(tx, each)))]


def _objects(given: RequestArguments, name: str) -> list[RequestArguments]:
    items = given.fields.get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise wrong_type(name, items)
    return [RequestArguments(item) for item in items]


def _dataset(given: RequestArguments, *, needed: bool = False) -> DatasetFilter:
    name = given.text("dataset_name")
    if needed and not name:
        raise invalid("`dataset_name` in the `datasets` clause must be specified.")
    return DatasetFilter(name=name, digest=given.text("dataset_digest"))


def _order(given: RequestArguments) -> list[ModelOrder]:
    found = []
    for item in _objects(given, "order_by"):
        field = item.required("field_name")
        if "." in field and not field.startswith("metrics."):
            raise invalid(f"Invalid order by field name: {field[:200]}. Only metrics are supported.")
        ascending = item.fields.get("ascending", True)
        if not isinstance(ascending, bool):
            raise wrong_type("ascending", ascending)
        found.append(ModelOrder(field=field, ascending=ascending, dataset=_dataset(item)))
    return found


class _Search:
    """A filter and an order over the logged models of some experiments."""

    def __init__(
        self,
        raw: RawSql,
        experiments: list[str],
        clauses: list[grammar.Clause],
        datasets: list[DatasetFilter],
        order_by: list[ModelOrder],
    ) -> None:
        self.raw, self.experiments, self.datasets = raw, experiments, datasets
        self.asking = TableFilter(raw, _THINGS, clauses)
        self.orders = [(_read(order), order) for order in order_by]

    def page(self, token: str, limit: int) -> tuple[list[str], str]:
        """Return one page.

        Models in the order of a metric come in two phases: those with a number, which an index holds in
        order, and the others.
        """
        phases = 2 if self.orders and self.orders[0][0].kind == "metric" else 1
        given = pages.read(token)
        phase, after = (given[0], given[1:]) if given else (0, [])
        if isinstance(phase, float) or phase not in range(1 if given and not after else 0, phases):
            raise pages.wrong_token()
        found: list[str] = []
        while self.experiments and phase < phases:
            # A full page asks the next phase for one row: whether there is another page.
            wanted = limit - len(found)
            branch = self._branch(phase if phases > 1 else None)
            rows, last = union.fetch(self.raw, [branch], after=after, limit=max(wanted, 1))
            if rows and not wanted:
                return found, pages.write([phase])
            found += [row[0] for row in rows]
            if last:
                return found, pages.write([phase, *last])
            phase, after = phase + 1, []
        return found, ""

    def _branch(self, phase: int | None) -> union.Branch:
        query = self.asking.query(special=self._measured)
        # The sign keeps SQLite from reading all of an experiment, where few have been measured so.
        sign = (
            "+"
            if any("l.id IN (SELECT" in condition for condition in query.conditions) and self.raw.is_sqlite
            else ""
        )
        where = f"{sign}l.experiment IN ({marks(len(self.experiments))})"
        query.where((where, list(self.experiments)))
        if self.datasets and not any(clause.kind == "metric" for clause in self.asking.clauses):
            sql, values = self._on_datasets("m")
            point = f"SELECT 1 FROM mlflow_model_metric m WHERE m.model_id = l.id AND {sql}"  # noqa: S608
            query.where((f"EXISTS ({point})", values))
        keys: list[pages.Key] = []
        rest = list(self.orders)
        if phase is not None:
            (read, order), rest = rest[0], rest[1:]
            keys += self._phase(query, phase, read, order)
        for index, (read, order) in enumerate(rest):
            keys += self._keys(query, read, order, index)
        if not any(read.kind == "attribute" and read.key == "creation_timestamp" for read, _ in self.orders):
            keys.append(pages.Key("l.created_at", descending=True))
        return query, [*keys, pages.Key("l.id")]

    def _measured(self, clause: grammar.Clause) -> compare.Condition | None:
        """Return the condition of a point on one of the datasets that is as a clause says."""
        if clause.kind != "metric":
            return None
        sql, values = compare.number("m.value", clause)
        on, given = self._on_datasets("m")
        few = self.raw.is_sqlite and clause.sign != "!=" and self._few(clause.key, sql, values)
        inside = f"m.key = ? AND {sql} AND {on}"
        if few:  # an index finds them: nothing else needs to be looked at
            points = f"SELECT m.model_id FROM mlflow_model_metric m WHERE {inside}"  # noqa: S608 - names of ours
            return f"l.id IN ({points})", [clause.key, *values, *given]
        if self.raw.is_sqlite:  # by the model's points, and not by all of the value
            inside = inside.replace("m.value", "+m.value")
        having = f"SELECT 1 FROM mlflow_model_metric m WHERE m.model_id = l.id AND {inside}"  # noqa: S608
        return f"EXISTS ({having})", [clause.key, *values, *given]

    def _few(self, key: str, sql: str, values: list[Any]) -> bool:
        some = f"SELECT 1 FROM mlflow_model_metric m WHERE m.key = ? AND {sql} LIMIT {FEW_ROWS}"  # noqa: S608
        row = self.raw.execute(f"SELECT count(*) FROM ({some})", [key, *values]).fetchone()  # noqa: S608
        return int(row[0]) < FEW_ROWS

    def _on_datasets(self, alias: str) -> compare.Condition:
        if not self.datasets:
            return "1 = 1", []
        each = [dataset.points(alias) for dataset in self.datasets]
        return f"({' OR '.join(f'({sql})' for sql, _ in each)})", [v for _, values in each for v in values]

    def _phase(
        self, query: pages.Query, phase: int, read: grammar.RunOrder, order: ModelOrder
    ) -> list[pages.Key]:
        point, given = _newest("o", order.dataset)
        if phase == 0:
            # Rows of the index in its order, each of which is the newest of its model: the page is full after
            # a few of them, where a join to the newest point of each model would read and sort all points.
            self._join_points(query)
            query.conditions[:0] = ["o.key = ? AND o.value IS NOT NULL AND l.id = o.model_id", point]
            query.values[:0] = [read.key, *given]
            return [pages.Key("o.value", read.descending, numbers=True)]
        having = f"o.model_id = l.id AND o.key = ? AND o.value IS NOT NULL AND {point}"
        some = f"SELECT 1 FROM mlflow_model_metric o WHERE {having}"  # noqa: S608 - names of ours
        query.where((f"NOT EXISTS ({some})", [read.key, *given]))
        return []

    def _join_points(self, query: pages.Query) -> None:
        """Begin with the points in their order, or with the models where those are few."""
        points = "mlflow_model_metric o"
        # PostgreSQL orders its joins by its statistics. SQLite keeps to the order of a CROSS JOIN, so it
        # is told where to begin: with the points, or with the models where they are few.
        if not self.raw.is_sqlite:
            query.source += f" CROSS JOIN {points}"
            return
        marked = marks(len(self.experiments))
        some = f"SELECT 1 FROM logged_model WHERE experiment IN ({marked}) LIMIT {FEW_ROWS}"  # noqa: S608
        count = self.raw.execute(f"SELECT count(*) FROM ({some})", self.experiments).fetchone()[0]  # noqa: S608
        is_few = int(count) < FEW_ROWS or query.source != _THINGS.source
        query.source = (
            f"{query.source} CROSS JOIN {points}" if is_few else f"{points} CROSS JOIN {query.source}"
        )

    def _keys(
        self, query: pages.Query, read: grammar.RunOrder, order: ModelOrder, index: int
    ) -> list[pages.Key]:
        if read.kind != "metric":
            return list(self.asking.keys(query, read, index))
        alias = f"p{index}"
        point, given = _newest(alias, order.dataset)
        on = f"{alias}.model_id = l.id AND {alias}.key = ? AND {point}"
        query.join(f"LEFT JOIN mlflow_model_metric {alias} ON {on}", read.key, *given)
        missing = f"CASE WHEN {alias}.value IS NULL THEN 1 ELSE 0 END"
        value = f"coalesce({alias}.value, 0.0)"
        return [pages.Key(missing, numbers=True), pages.Key(value, read.descending, numbers=True)]


def _newest(alias: str, dataset: DatasetFilter) -> compare.Condition:
    """Return the condition of a point of a dataset that none of its model and key is newer than."""
    mine, given = dataset.points(alias)
    other, same = dataset.points("n")
    newer = (
        f"(n.ms > {alias}.ms OR (n.ms = {alias}.ms AND (n.step > {alias}.step "
        f"OR (n.step = {alias}.step AND n.run < {alias}.run))))"
    )
    none = (
        f"NOT EXISTS (SELECT 1 FROM mlflow_model_metric n WHERE n.model_id = {alias}.model_id "  # noqa: S608
        f"AND n.key = {alias}.key AND n.ms >= {alias}.ms AND {newer} AND {other})"
    )
    return f"{mine} AND {none}", [*given, *same]


def _read(order: ModelOrder) -> grammar.RunOrder:
    field, descending = order.field, not order.ascending
    if field.startswith("metrics."):
        return grammar.RunOrder("metric", field.removeprefix("metrics."), descending)
    return grammar.RunOrder("attribute", _THINGS.also.get(field, field), descending)
