"""The searches over registered models and their versions: those told by MLflow's clients, and our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from meguru.mlflow.artifacts.proxy_paths import SCHEME, VERSIONS
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.registry.names import in_registry
from meguru.mlflow.registry.topics import IS_PROMPT
from meguru.mlflow.search import union
from meguru.mlflow.search.tables import SearchedTable, TableFilter
from meguru.registry.tags_index import MODEL, VERSION
from meguru.storage.db.raw import RawSql
from meguru.tracking.search import compare, grammar, pages
from meguru.tracking.search.names import hex_of

KINDS = ("attribute", "tag")
_MODEL_NAMES = {"timestamp": "last_updated_timestamp"}
_VERSION_NAMES = {"source": "source_path", "version": "version_number", "stage": "current_stage"}
_OURS = "FROM model_version n WHERE n.name = r.name AND NOT EXISTS (SELECT 1 FROM mlflow_version x WHERE "
_OURS += "x.name = n.name AND x.version = n.version AND x.deleted IS TRUE)"

_TOLD_MODELS = SearchedTable(
    columns="m.name",
    source="mlflow_model m",
    shown="1 = 1",
    texts={"name": "m.name"},
    moments={"creation_timestamp": "m.created_at", "last_updated_timestamp": "m.updated_at"},
    labels={"tag": MODEL},
    owner="m.name",
    also=_MODEL_NAMES,
)
_OUR_MODELS = SearchedTable(
    columns="r.name",
    source="registered_model r",
    shown=f"r.has_mlflow_row = ? AND EXISTS (SELECT 1 {_OURS}) "  # noqa: S608 - names of ours
    "AND NOT EXISTS (SELECT 1 FROM mlflow_model m WHERE m.name = r.name)",
    shown_values=(False,),
    texts={"name": "r.name"},
    moments={
        "creation_timestamp": "r.created_at",
        # By its newest version.
        "last_updated_timestamp": f"(SELECT max(n.created_at) {_OURS})",
    },
    also=_MODEL_NAMES,
)
_TOLD_VERSIONS = SearchedTable(
    columns="v.name, v.version",
    source="mlflow_version v",
    shown="v.deleted = ?",
    shown_values=(False,),
    texts={
        "name": "v.name",
        "run_id": "v.run",
        "source_path": "v.source",
        "current_stage": "v.stage",
        "model_id": "v.logged_model",
    },
    numbers={"version_number": "v.version"},
    moments={"creation_timestamp": "v.created_at", "last_updated_timestamp": "v.updated_at"},
    labels={"tag": VERSION},
    owner="v.name",
    number="v.version",
    also=_VERSION_NAMES,
    indexed=frozenset({"v.name", "v.run", "v.logged_model"}),
)


def _our_versions(project: str, *, is_sqlite: bool) -> SearchedTable:
    own = f"substr(n.name, {len(project) + 2})" if project else "n.name"
    run = hex_of("substr(n.run_ref, 5)", is_sqlite=is_sqlite)
    return SearchedTable(
        columns="n.name, n.version",
        source="model_version n",
        shown="n.has_mlflow_row = ? AND NOT EXISTS "
        "(SELECT 1 FROM mlflow_version x WHERE x.name = n.name AND x.version = n.version)",
        shown_values=(False,),
        texts={
            "name": "n.name",
            "run_id": f"(CASE WHEN substr(n.run_ref, 1, 4) = 'run/' THEN {run} ELSE '' END)",
            "source_path": f"('{SCHEME}{VERSIONS}/' || {own} || '/' || CAST(n.version AS VARCHAR(20)))",
            "current_stage": "'None'",
            "model_id": "''",
        },
        numbers={"version_number": "n.version"},
        moments={"creation_timestamp": "n.created_at", "last_updated_timestamp": "n.created_at"},
        also=_VERSION_NAMES,
        indexed=frozenset({"n.name"}),
    )


def find_models(
    tx: Connection, *, filter: str, order_by: list[str], token: str, limit: int, project: str
) -> tuple[list[str], str]:
    """Return the names of one page of registered models, and the token of the next."""
    raw = RawSql(tx)
    orders = _orders(order_by, _MODEL_NAMES)
    _check_orders(orders, {"name", "last_updated_timestamp"})
    places = (_TOLD_MODELS, _OUR_MODELS)
    return _page(
        raw,
        places,
        filter,
        orders,
        [grammar.RunOrder("attribute", "name", descending=False)],
        token,
        limit,
        project,
    )


def find_versions(
    tx: Connection, *, filter: str, order_by: list[str], token: str, limit: int, project: str
) -> tuple[list[tuple[str, int]], str]:
    """Return the names and numbers of one page of versions, and the token of the next."""
    raw = RawSql(tx)
    orders = _orders(order_by, {})
    _check_orders(orders, {"name", "version_number", "creation_timestamp", "last_updated_timestamp"})
    newest = grammar.RunOrder("attribute", "last_updated_timestamp", descending=True)
    last = [
        grammar.RunOrder("attribute", "name", descending=False),
        grammar.RunOrder("attribute", "version_number", descending=True),
    ]
    places = (_TOLD_VERSIONS, _our_versions(project, is_sqlite=raw.is_sqlite))
    return _page(raw, places, filter, orders or [newest], last, token, limit, project)


def _page(
    raw: RawSql,
    places: Sequence[SearchedTable],
    filter: str,
    orders: Sequence[grammar.RunOrder],
    last: Sequence[grammar.RunOrder],
    token: str,
    limit: int,
    project: str,
) -> tuple[list[Any], str]:
    after = pages.read(token)
    clauses = grammar.read_filter(filter, kinds=KINDS)
    clauses, is_prompt = _without_prompts(in_registry(clauses, project))
    given = {order.key for order in orders if order.kind == "attribute"}
    wanted = [*orders, *(order for order in last if order.key not in given)]
    branches = []
    for searched in places:
        asking = TableFilter(raw, searched, clauses)
        query = asking.query()
        query.where(_of_project(searched.texts["name"], project))
        if not is_prompt and searched.labels:
            prompt = grammar.Clause("tag", IS_PROMPT, "=", "true", IS_PROMPT)
            sql, values = asking.condition(prompt)
            query.where((f"NOT {sql}", values))
        keys = [key for index, each in enumerate(wanted) for key in asking.keys(query, each, index)]
        branches.append((query, keys))
    rows, ended = union.fetch(raw, branches, after=after, limit=limit)
    width = places[0].columns.count(",") + 1
    return [row[:width] if width > 1 else row[0] for row in rows], pages.write(ended)


def _of_project(name: str, project: str) -> compare.Condition:
    if not project:
        return f"{name} NOT LIKE ?", ["%/%"]
    return f"substr({name}, 1, {len(project) + 1}) = ?", [f"{project}/"]


def _without_prompts(clauses: list[grammar.Clause]) -> tuple[list[grammar.Clause], bool]:
    """Tell whether prompts are asked for; where they are not, none is found, and models need no such tag."""
    said = [each for each in clauses if each.kind == "tag" and each.key == IS_PROMPT]
    is_prompt = any(
        (each.sign, str(each.value).lower()) in {("=", "true"), ("!=", "false")} for each in said[:1]
    )
    for clause in said:
        compare.text("", clause, is_sqlite=True) if clause.value is not None else None
    return clauses if is_prompt else [each for each in clauses if each not in said], is_prompt


def _check_orders(orders: Sequence[grammar.RunOrder], known: set[str]) -> None:
    """Refuse what MLflow's server does not put in order by, in its words."""
    for order in orders:
        if order.kind != "attribute" or order.key not in known:
            shown = f"tags.{order.key}" if order.kind == "tag" else order.key
            raise invalid(
                f"Invalid order by key '{shown[:100]}' specified. Invalid attribute key '{order.key[:100]}' "
                f"specified. Valid keys are {sorted(known)}"
            )


def _orders(order_by: list[str], also: dict[str, str]) -> list[grammar.RunOrder]:
    read = grammar.read_order(order_by, kinds=KINDS)
    orders = [
        grammar.RunOrder(order.kind, also.get(order.key, order.key), order.descending) for order in read
    ]
    if len({(order.kind, order.key) for order in orders}) < len(orders):
        raise invalid(f"`order_by` contains duplicate fields: {[text[:60] for text in order_by]}")
    return orders
