"""Metric history in MLflow's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import JsonObject, permit
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.protocol.params import Params
from meguru.mlflow.tracking.answers import MetricOfRun, ProtocolMetric
from meguru.mlflow.tracking.run_operations import check_here, is_here
from meguru.tracking import series, show
from meguru.tracking.run_ids import from_hex

MAX_PAGE, MAX_RUNS, MAX_SAMPLE, MAX_BULK_RUNS = 25_000, 100, 2500, 100
CHUNK = 10_000
AT_ONCE = 1024
"""So many points, as objects, fit into the processor's cache."""
_encoder = msgspec.json.Encoder()


def history(ws: Workspace, params: Params) -> bytes | Iterator[bytes]:
    """List the points of one metric by step: a page of them, or all; written as they are read."""
    identity, key = params.run(), params.text("metric_key", required=True)
    limit = params.integer("max_results")
    if limit is not None and limit <= 0:
        raise invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer."
        )
    after = _read_token(params.text("page_token"))
    permit(ws, show.metric, "run", identity)
    with ws.read() as tx:
        found = series.series_of(tx, check_here(tx, identity, ws.home), key)
    if found is None:
        return b'{"metrics":[]}'
    written = _written(ws, key, found[0], after, None if limit is None else min(limit, MAX_PAGE))
    return written if limit is None and found[1] > CHUNK else b"".join(written)


def _written(
    ws: Workspace, key: str, number: int, after: series.PointPosition | None, limit: int | None
) -> Iterator[bytes]:
    """Yield a history, so many points at a time as never fill the memory."""
    size, more, text = limit or CHUNK, True, bytearray(b'{"metrics":')
    # A transaction a stretch, and not one for all: a client that reads slowly would hold it open for as long,
    # and keep PostgreSQL from cleaning up (or SQLite's journal from being folded in) meanwhile.
    while more:
        count = 0
        with ws.read() as tx:
            for piece in series.pieces(tx, number, after=after, limit=size + 1):
                columns = piece.part(0, size - count)
                count += piece.size()
                if columns.size():
                    for start in range(0, columns.size(), AT_ONCE):
                        _write(text, key, columns.part(start, start + AT_ONCE))
                    after = columns.place(columns.size() - 1)
        more = count > size
        if limit is not None:
            break
        if more:
            yield bytes(text[:-1])
            text = bytearray(b"]")
    text += b"" if text.endswith(b"]") else b"[]"
    text += b',"next_page_token":"%s"}' % after.cursor().encode() if more and after else b"}"
    yield bytes(text)


def _write(text: bytearray, key: str, columns: series.Columns) -> None:
    """Write points behind what is there; if that ends a list, the list goes on."""
    values: Any = columns.values
    if None in values:
        values = ["NaN" if value is None else value for value in values]
    points = list(map(ProtocolMetric, repeat(key), values, columns.millis(), columns.steps))
    end, goes_on = len(text), text.endswith(b"]")
    # In its place, without a copy: the bracket of the new list becomes the comma between both.
    _encoder.encode_into(points, text, end - goes_on)
    if goes_on:
        text[end - 1] = ord(",")


def bulk(ws: Workspace, params: Params) -> JsonObject:
    """List the points of one metric of several runs."""
    ids = params.texts("run_id")
    if not ids:
        raise invalid("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(ids) > MAX_BULK_RUNS:
        raise invalid(
            f"GetMetricHistoryBulk request cannot specify more than {MAX_BULK_RUNS} run_ids. "
            f"Received {len(ids)} run_ids."
        )
    key = params.text("metric_key")
    if not key:
        raise invalid("GetMetricHistoryBulk request must specify a metric_key.")
    limit = max(1, min(params.integer("max_results", MAX_PAGE) or MAX_PAGE, MAX_PAGE))
    permit(ws, show.metric)
    runs: list[MetricOfRun] = []
    with ws.read() as tx:
        for each in sorted(set(ids)):
            known = _series_here(tx, each, key, ws.home)
            rows = series.by_time(tx, known[0], limit=limit - len(runs)) if known else []
            runs += [_of_run(each, key, value, at, step) for step, at, _, value in rows]
            if len(runs) >= limit:
                break
    return {"metrics": runs}


def interval(ws: Workspace, params: Params) -> JsonObject:
    """List a sample of one metric of several runs, with the ends and the extremes of each."""
    ids, key, limit, window = _read_interval(params)
    permit(ws, show.metric)
    runs: list[MetricOfRun] = []
    with ws.read() as tx:
        for each in ids:
            known = _series_here(tx, each, key, ws.home)
            rows = series.sample(tx, known[0], window=window, limit=limit) if known else []
            runs += [_of_run(each, key, value, at, step) for step, at, _, value in rows]
    return {"metrics": runs}


def _of_run(run: str, key: str, value: float | None, at: int, step: int) -> MetricOfRun:
    return MetricOfRun(key, "NaN" if value is None else value, at // 1000, step, run)


def _read_interval(params: Params) -> tuple[list[str], str, int, tuple[int, int] | None]:
    ids = params.texts("run_ids")
    if not ids:
        raise invalid("Missing value for required parameter 'run_ids'.")
    if len(ids) > MAX_RUNS:
        raise invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {MAX_RUNS} run_ids. "
            f"Received {len(ids)} run_ids."
        )
    key = params.text("metric_key", required=True)
    limit = params.integer("max_results", MAX_SAMPLE)
    if limit is None or not 1 <= limit <= MAX_SAMPLE:
        raise invalid(f"max_results must be between 1 and {MAX_SAMPLE}.")
    first, last = params.integer("start_step"), params.integer("end_step")
    if (first is None) != (last is None):
        raise invalid("If either start step or end step are specified, both must be specified.")
    if first is None or last is None:
        return ids, key, limit, None
    if first > last:
        raise invalid(
            f"end_step must be greater than start_step. Found start_step={first} and end_step={last}."
        )
    return ids, key, limit, (first, last)


def _series_here(tx: Connection, run: str, key: str, project: str) -> tuple[int, int] | None:
    """Return the series of a run; nothing for one that is not of this project."""
    identity = from_hex(run)
    return series.series_of(tx, identity, key) if is_here(tx, identity, project) else None


def _read_token(token: str) -> series.PointPosition | None:
    place = series.PointPosition.read(token) if token else None
    if token and place is None:
        raise invalid("Invalid page token: use the one of the page before")
    return place
