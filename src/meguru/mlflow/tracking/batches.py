"""Logging in MLflow's protocol: bodies decoded straight into types; they are written by `together`."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from meguru.mlflow.logged_models.points import ModelPoint
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.protocol.params import Params, bad, read_json
from meguru.mlflow.tracking import limits
from meguru.mlflow.tracking.run_operations import LoggedBatch
from meguru.tracking.milliseconds import MAX_MILLIS
from meguru.tracking.series import Columns

MAX_BODY, MAX_METRICS, MAX_TEXTS, MAX_ALL = 1_000_000, 1000, 100, 1000
MAX_DATASET, MAX_DIGEST, MAX_MODEL = 500, 36, 64
_MOST_STEP = 2**63 - 1


class _Metric(msgspec.Struct, gc=False):
    key: str
    value: float | None
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=MAX_MILLIS)]
    step: Annotated[int, msgspec.Meta(ge=-(2**63), le=_MOST_STEP)] = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class _FastMetric(_Metric, gc=False):
    # Without None msgspec refuses null and "NaN", which `_with_care` reads; nearly all values are plain.
    value: float


class _Text(msgspec.Struct, gc=False):
    key: str
    value: str = ""


class _Batch(msgspec.Struct):
    run_id: str = ""
    run_uuid: str = ""
    metrics: list[_FastMetric] = []
    params: list[_Text] = []
    tags: list[_Text] = []


_KEY, _STEP, _MS, _VALUE = (attrgetter(name) for name in ("key", "step", "timestamp", "value"))
_decoder = msgspec.json.Decoder(_Batch)


def read_batch(body: bytes) -> LoggedBatch:
    """Read metric points, params and tags."""
    if len(body) > MAX_BODY:
        raise invalid(
            f"Batched logging API requests must be at most {MAX_BODY} bytes, "
            f"got a request of size {len(body)}."
        )
    try:
        batch = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _with_care(read_json(body))
    run = batch.run_id or batch.run_uuid
    if not run:
        raise invalid("Missing value for required parameter 'run_id'.")
    return _entry(run, batch.metrics, batch.params, batch.tags)


def read_metric(body: bytes) -> LoggedBatch:
    """Read one point."""
    params = read_json(body)
    entry = LoggedBatch(params.run())
    _read_points(entry, [_metric(params)], single=True)
    return entry


def read_param(body: bytes) -> LoggedBatch:
    """Read one param."""
    params = read_json(body)
    key = limits.check_key("param", params.text("key", required=True))
    return LoggedBatch(params.run(), params={key: limits.cut(params.value(), limits.MAX_PARAM)})


def read_tag(body: bytes) -> LoggedBatch:
    """Read one tag."""
    params = read_json(body)
    key = limits.check_key("tag", params.text("key", required=True))
    return LoggedBatch(params.run(), tags={key: limits.cut(params.value(), limits.MAX_TAG)})


def read_model(body: bytes) -> LoggedBatch:
    """Read the description of a model of a client before MLflow 3."""
    params = read_json(body)
    run, text = params.run(), params.text("model_json", required=True)
    try:
        msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise invalid(f"Malformed model info. \n {text[:200]} \n is not a valid JSON.") from None
    return LoggedBatch(run, model=text)


READERS: dict[str, Callable[[bytes], LoggedBatch]] = {
    "/mlflow/runs/log-batch": read_batch,
    "/mlflow/runs/log-metric": read_metric,
    "/mlflow/runs/log-parameter": read_param,
    "/mlflow/runs/set-tag": read_tag,
    "/mlflow/runs/log-model": read_model,
}
"""What is logged, by its path."""


def _entry(run: str, metrics: list[Any], params: list[_Text], tags: list[_Text]) -> LoggedBatch:
    entry = LoggedBatch(run)
    _read_points(entry, metrics)
    for index, each in enumerate(params):
        limits.check_key("param", each.key, f"params[{index}].key")
    for index, each in enumerate(tags):
        key = limits.check_key("tag", each.key, f"tags[{index}].key")
        entry.tags[key] = _text(f"tags[{index}].value", each.value, limits.MAX_TAG)
    _check_counts({"metrics": len(metrics), "params": len(params), "tags": len(tags)})
    for index, each in enumerate(params):
        entry.params[each.key] = _text(f"params[{index}].value", each.value, limits.MAX_PARAM)
    if len(entry.params) < len(params):
        keys = [param.key for param in params]
        twice = [key for index, key in enumerate(keys) if key in keys[:index]]
        raise invalid(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only "
            "one param value per param key."
        )
    return entry


def _with_care(given: Params) -> LoggedBatch:
    """Read what the fast way did not take: numbers in quotes, nulls; or say which parameter is wrong."""
    metrics = [
        _metric(Params(each.given, path=f"metrics[{index}]."))
        for index, each in enumerate(given.objects("metrics"))
    ]
    params, tags = ([_Text(*pair) for pair in _pairs(given, name)] for name in ("params", "tags"))
    return _entry(given.run(), metrics, params, tags)


def _pairs(given: Params, name: str) -> list[tuple[str, str]]:
    for index, each in enumerate(given.objects(name)):
        if each.given.get("key") in (None, ""):
            raise invalid(f"Missing value for required parameter '{name}[{index}].key'.")
    return given.pairs(name)


def _metric(given: Params) -> _Metric:
    """Read a point field by field."""
    for name in ("key", "value", "timestamp"):
        if given.given.get(name) is None or given.given[name] == "":
            raise invalid(f"Missing value for required parameter '{given.path}{name}'.")
    key, shown = given.text("key"), given.given["value"]
    value, ms = given.number("value"), given.integer("timestamp") or 0
    if not 0 <= ms <= MAX_MILLIS:
        raise bad(
            f"{given.path}timestamp",
            ms,
            f"metric '{key}' (value={shown}). Timestamp must be a nonnegative long (64-bit integer) ",
        )
    texts = [given.text(name) for name in ("model_id", "dataset_name", "dataset_digest")]
    return _Metric(key, value, ms, given.integer("step", 0) or 0, *texts)


def _read_points(entry: LoggedBatch, metrics: list[Any], *, single: bool = False) -> None:
    """Sort points by their keys; those that speak of a model are also kept apart."""
    entry.points.update(_by_key(metrics))
    entry.of_models.extend(_of_model(metric) for metric in metrics if metric.model_id)
    for key in entry.points:
        if not limits.is_key(key):
            place = next(index for index, each in enumerate(metrics) if each.key == key)
            limits.check_key("metric", key, "name" if single else f"metrics[{place}].name")


def _by_key(metrics: list[Any]) -> dict[str, Columns]:
    """Return the points of each key, column by column."""
    names: list[str] = list(map(_KEY, metrics))
    columns = (
        list(map(_STEP, metrics)),
        [ms * 1000 for ms in map(_MS, metrics)],
        list(map(_VALUE, metrics)),
    )
    keys = list(dict.fromkeys(names))
    count = len(keys)
    if keys and names == keys * (len(names) // count):
        # Each key in turn, again and again, as a loop of training logs them.
        return {key: Columns(*(column[n::count] for column in columns)) for n, key in enumerate(keys)}
    places: dict[str, list[int]] = {key: [] for key in keys}
    for place, key in enumerate(names):
        places[key].append(place)
    return {
        key: Columns(*([column[place] for place in some] for column in columns))
        for key, some in places.items()
    }


def _of_model(each: Any) -> ModelPoint:
    for name, most in (
        ("model_id", MAX_MODEL),
        ("dataset_name", MAX_DATASET),
        ("dataset_digest", MAX_DIGEST),
    ):
        if len(_text(name, getattr(each, name), most + 1)) > most:
            raise invalid(f"'{name}' exceeds the maximum length of {most} characters")
    return ModelPoint(
        each.model_id, each.key, each.timestamp, each.step, each.value, each.dataset_name, each.dataset_digest
    )


def _text(field: str, value: str, most: int) -> str:
    if "\0" in value:
        raise bad(field, value[:300], "a text may not contain NUL")
    return limits.cut(value, most)


def _check_counts(counts: dict[str, int]) -> None:
    wanted = {name: MAX_METRICS if name == "metrics" else MAX_TEXTS for name in counts}
    counts = counts | {"metrics, params, and tags": sum(counts.values())}
    for name, count in counts.items():
        most = wanted.get(name, MAX_ALL)
        if count > most:
            raise invalid(
                f"A batch logging request can contain at most {most} {name}. Got {count} {name}. "
                f"Please split up {name} across multiple requests and try again."
            )
