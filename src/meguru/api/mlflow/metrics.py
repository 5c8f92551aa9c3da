"""Metric history in MLflow's protocol."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, String, func, select, tuple_, type_coerce

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.params import Params, bad
from meguru.api.mlflow.runs_shown import metric
from meguru.errors import NotFound
from meguru.runtime.operations.execute import authorise
from meguru.runtime.workspace import Workspace
from meguru.tracking import show
from meguru.tracking.mlflow.ids import from_hex
from meguru.tracking.schema import run, run_metric

Answer = dict[str, Any]
MAX_PAGE, MAX_RUNS, MAX_SAMPLE, MAX_BULK_RUNS = 25_000, 100, 2500, 100
_c = run_metric.c
_POINT = select(_c.id, _c.key, _c.value, _c.step, type_coerce(_c.at, String).label("at"))


def history(ws: Workspace, params: Params) -> Answer:
    """List the points of one metric by step."""
    identity, key = params.run(), params.text("metric_key", required=True)
    limit = params.integer("max_results")
    if limit is not None and limit <= 0:
        raise bad("max_results", limit, "it is at least 1")
    authorise(ws, show.metric)
    with ws.read() as tx:
        _check_run(tx, identity)
        query = _POINT.where(_c.run == from_hex(identity), _c.key == key).order_by(_c.step, _c.id)
        if token := params.text("page_token"):
            query = query.where(tuple_(_c.step, _c.id) > _read_token(token))
        size = None if limit is None else min(limit, MAX_PAGE)
        rows = tx.execute(query if size is None else query.limit(size + 1)).all()
    more = size is not None and len(rows) > size
    rows = rows[:size] if more else rows
    answer: Answer = {"metrics": [metric(key, value, step, at) for _, key, value, step, at in rows]}
    return answer | ({"next_page_token": f"{rows[-1].step}.{rows[-1].id}"} if more else {})


def bulk(ws: Workspace, params: Params) -> Answer:
    """List the points of one metric of several runs."""
    ids = params.texts("run_id")
    if not ids:
        raise invalid("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(ids) > MAX_BULK_RUNS:
        raise invalid(f"GetMetricHistoryBulk request cannot specify more than {MAX_BULK_RUNS} run_ids.")
    key = params.text("metric_key")
    if not key:
        raise invalid("GetMetricHistoryBulk request must specify a metric_key.")
    limit = max(1, min(params.integer("max_results", MAX_PAGE) or MAX_PAGE, MAX_PAGE))
    authorise(ws, show.metric)
    found: list[Answer] = []
    with ws.read() as tx:
        for each in sorted(set(ids)):
            query = _POINT.where(_c.run == from_hex(each), _c.key == key).order_by(_c.at, _c.step, _c.id)
            rows = tx.execute(query.limit(limit - len(found)))
            found += [{**metric(key, *rest), "run_id": each} for _, key, *rest in rows]
            if len(found) >= limit:
                break
    return {"metrics": found}


def interval(ws: Workspace, params: Params) -> Answer:
    """List an even sample of one metric of several runs; each run's first and last points are in it."""
    ids, key, limit, window = _read_interval(params)
    authorise(ws, show.metric)
    found: list[Answer] = []
    with ws.read() as tx:
        steps: set[int] = set()
        for each in ids:
            steps |= _ends(tx, each, key, window)
        steps |= _sampled(tx, ids, key, window, limit)
        for each in ids:
            query = _POINT.where(_c.run == from_hex(each), _c.key == key, _c.step.in_(sorted(steps)))
            rows = tx.execute(query.order_by(_c.step, _c.at, _c.id).limit(MAX_PAGE))
            found += [{**metric(key, *rest), "run_id": each} for _, key, *rest in rows]
    return {"metrics": found}


def _read_interval(params: Params) -> tuple[list[str], str, int, tuple[int, int] | None]:
    ids = params.texts("run_ids")
    if not ids:
        raise invalid("Missing value for required parameter 'run_ids'.")
    if len(ids) > MAX_RUNS:
        raise invalid(f"GetMetricHistoryBulkInterval request must specify at most {MAX_RUNS} run_ids.")
    key = params.text("metric_key", required=True)
    limit = params.integer("max_results", 320)
    if limit is None or not 1 <= limit <= MAX_SAMPLE:
        raise invalid(f"max_results must be between 1 and {MAX_SAMPLE}.")
    first, last = params.integer("start_step"), params.integer("end_step")
    if (first is None) != (last is None):
        raise invalid("If either start step or end step are specified, both must be specified.")
    if first is None or last is None:
        return ids, key, limit, None
    if first > last:
        raise invalid(f"end_step must be greater than start_step. Found {first} and {last}.")
    return ids, key, limit, (first, last)


def _ends(tx: Connection, each: str, key: str, window: tuple[int, int] | None) -> set[int]:
    query = select(func.min(_c.step), func.max(_c.step)).where(_c.run == from_hex(each), _c.key == key)
    if window:
        query = query.where(_c.step.between(*window))
    return {step for step in tx.execute(query).one() if step is not None}


def _sampled(
    tx: Connection, ids: list[str], key: str, window: tuple[int, int] | None, limit: int
) -> set[int]:
    """Return every n-th of the distinct steps, counted where the data is."""
    query = select(_c.step).where(_c.run.in_([from_hex(each) for each in ids]), _c.key == key).distinct()
    if window:
        query = query.where(_c.step.between(*window))
    distinct = query.subquery()
    count = tx.execute(select(func.count()).select_from(distinct)).scalar() or 0
    if count <= limit:
        return set(tx.execute(select(distinct.c.step)).scalars())
    numbered = select(
        distinct.c.step, (func.row_number().over(order_by=distinct.c.step) - 1).label("place")
    ).subquery()
    every = select(numbered.c.step).where(numbered.c.place % (count // limit) == 0)
    return set(tx.execute(every.order_by(numbered.c.step).limit(limit)).scalars())


def _check_run(tx: Connection, identity: str) -> None:
    if tx.execute(select(run.c.id).where(run.c.id == from_hex(identity))).first() is None:
        raise NotFound(f"Run with id={identity[:256]} not found", field="run_id")


def _read_token(token: str) -> tuple[int, int]:
    step, _, number = token.partition(".")
    try:
        return int(step), int(number)
    except ValueError:
        raise invalid("Invalid page token: use the one of the page before") from None
