"""Logging in MLflow's protocol: the hot path, decoded straight into types and written in one transaction."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.params import Params, as_integer, as_number, bad, read_json
from meguru.api.mlflow.runs import get, read_tags
from meguru.runtime.operations.execute import authorise
from meguru.runtime.workspace import Workspace
from meguru.tracking.mlflow import limits, runs
from meguru.tracking.mlflow.moments import MOST
from meguru.tracking.mlflow.points import Point

Answer = dict[str, Any]
MAX_BODY, MAX_METRICS, MAX_TEXTS, MAX_ALL = 1_000_000, 1000, 100, 1000


class _Metric(msgspec.Struct):
    key: str
    value: float | str
    timestamp: int
    step: int | None = 0


class _Text(msgspec.Struct):
    key: str
    value: str = ""


class _Batch(msgspec.Struct):
    run_id: str = ""
    run_uuid: str = ""
    metrics: list[_Metric] = []
    params: list[_Text] = []
    tags: list[_Text] = []


_decoder = msgspec.json.Decoder(_Batch)


def log_batch(ws: Workspace, body: bytes) -> Answer:
    """Log metric points, params and tags: all of them, or none."""
    if len(body) > MAX_BODY:
        raise invalid(f"A log-batch request has at most {MAX_BODY} bytes, and this one has {len(body)}")
    try:
        batch = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        batch = _with_care(read_json(body))
    run = batch.run_id or batch.run_uuid
    if not run:
        raise invalid("Missing value for required parameter 'run_id'.")
    _check_counts(batch)
    for key in {metric.key for metric in batch.metrics}:
        limits.check_key("metric", key, "metrics")
    points = [_point(index, metric) for index, metric in enumerate(batch.metrics)]
    params = _params([(each.key, each.value) for each in batch.params])
    tags = {
        limits.check_key("tag", each.key, "tags"): limits.cut(each.value, limits.MAX_TAG)
        for each in batch.tags
    }
    return _write(ws, run, points, params, tags)


def log_metric(ws: Workspace, params: Params) -> Answer:
    """Log one point."""
    run = params.run()
    key = limits.check_key("metric", params.text("key", required=True), "key")
    value = params.number("value")
    ms = _check_time(params.integer("timestamp", required=True) or 0)
    return _write(ws, run, [Point(key, params.integer("step", 0) or 0, value, ms)], {}, {})


def log_param(ws: Workspace, params: Params) -> Answer:
    """Log one param."""
    run = params.run()
    key, value = params.text("key", required=True), params.value()
    return _write(ws, run, [], _params([(key, value)]), {})


def set_tag(ws: Workspace, params: Params) -> Answer:
    """Set one tag."""
    run = params.run()
    key, value = params.text("key", required=True), params.value()
    return _write(ws, run, [], {}, read_tags(Params({"tags": [{"key": key, "value": value}]})))


def delete_tag(ws: Workspace, params: Params) -> Answer:
    """Take one tag off."""
    runs.delete_tag(ws, run=params.run(), key=params.text("key", required=True))
    return {}


def log_model(ws: Workspace, params: Params) -> Answer:
    """Keep the description of a model of a client before MLflow 3, in the tag where it looks for it."""
    run = params.run()
    text = params.text("model_json", required=True)
    try:
        model = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad("model_json", text[:200], "a JSON object is wanted") from None
    tags = {tag["key"]: tag["value"] for tag in get(ws, Params({"run_id": run}))["run"]["data"]["tags"]}
    history = msgspec.json.decode(tags.get("mlflow.log-model.history", "[]"))
    value = msgspec.json.encode([*history, model]).decode()
    return _write(ws, run, [], {}, {"mlflow.log-model.history": value})


def _write(
    ws: Workspace, run: str, points: list[Point], params: dict[str, str], tags: dict[str, str]
) -> Answer:
    authorise(ws, runs.log)
    with ws.db.write() as tx:
        runs.write(tx, run, points, params, tags)
    ws.notify()
    return {}


def _with_care(given: Params) -> _Batch:
    """Read what the fast way did not take: numbers in quotes, nulls; or say which parameter is wrong."""
    metrics = given.objects("metrics")
    for each in metrics:
        if not all(each.given.get(name) is not None for name in ("key", "value", "timestamp")):
            raise bad("metrics", given.given["metrics"], "each has a key, a value and a timestamp")
    params, tags = ([_Text(*pair) for pair in given.pairs(name)] for name in ("params", "tags"))
    return _Batch(
        run_id=given.run(),
        metrics=[
            _Metric(
                each.text("key"),
                "NaN" if (value := as_number("metrics", each.given["value"])) is None else value,
                as_integer("metrics", each.given["timestamp"]),
                each.integer("step", 0),
            )
            for each in metrics
        ],
        params=params,
        tags=tags,
    )


def _point(index: int, metric: _Metric) -> Point:
    value = metric.value
    number: float | None
    if isinstance(value, str) or not -1e308 < value < 1e308:
        number = as_number(f"metrics[{index}].value", value)
    else:
        number = value
    ms, step = metric.timestamp, metric.step or 0
    if not 0 <= ms <= MOST:
        _check_time(ms, f"metrics[{index}].timestamp")
    if not -(2**63) <= step < 2**63:
        raise bad(f"metrics[{index}].step", step, "a whole number of 64 bits is wanted")
    return Point(metric.key, step, number, ms)


def _check_time(ms: int, field: str = "timestamp") -> int:
    if not 0 <= ms <= MOST:
        raise bad(field, ms, "milliseconds since 1970 are wanted")
    return ms


def _check_counts(batch: _Batch) -> None:
    counts = {"metrics": len(batch.metrics), "params": len(batch.params), "tags": len(batch.tags)}
    for name, count in counts.items():
        most = MAX_METRICS if name == "metrics" else MAX_TEXTS
        if count > most:
            raise invalid(
                f"A batch logging request can contain at most {most} {name}. Got {count} {name}. "
                f"Please split up {name} across multiple requests and try again."
            )
    total = sum(counts.values())
    if total > MAX_ALL:
        raise invalid(
            f"A batch logging request can contain at most {MAX_ALL} metrics, params and tags. Got {total}."
        )


def _params(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, given in pairs:
        limits.check_key("param", key, "params")
        value = limits.cut(given, limits.MAX_PARAM)
        if "\0" in value:
            raise bad("params", key, "a text may not contain NUL")
        if found.setdefault(key, value) != value:
            raise invalid(f"Duplicate parameter keys have been submitted: {key}")
    return found
