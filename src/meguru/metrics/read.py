"""Find a metric by its name, or by its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.base.plugins import PluginFamily
from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, NotFound
from meguru.metrics.base import Metric


def read_metric(family: PluginFamily, given: str | Mapping[str, Any] | Metric) -> Metric:
    """Return the metric that `given` names; see `meguru.metrics.metric_of`."""
    if not isinstance(given, str | Mapping):
        given.check()
        return given
    options, typed = (_of_name(family, given), False) if isinstance(given, str) else (dict(given), True)
    key = options.pop("metric", None)
    if not isinstance(key, str):
        raise InvalidInput(
            "a metric needs a name", field="metric", hint=f"one of {', '.join(family.names())}"
        )
    kind: type[Metric] = family.load(key)
    try:
        metric: Metric = msgspec.convert(options, kind, strict=typed)
        metric.check()
    except msgspec.ValidationError as error:
        fault = as_invalid(error, "metric", kind)
        raise InvalidInput(
            f"{given!r}: {fault.what}", field="metric", why=fault.why, hint=fault.hint
        ) from None
    return metric


def _of_name(family: PluginFamily, name: str) -> dict[str, Any]:
    key, at, value = name.partition("@")
    if not at:
        return {"metric": key}
    parameter = family.load(key).parameter
    if not parameter:
        raise InvalidInput(f"{key} has no parameter", field="metric", why=f"{name!r} gives it {value!r}")
    return {"metric": key, parameter: value}


def known_or_none(family: PluginFamily, name: str) -> Metric | None:
    """Return a metric by its name; None when there is none of that name."""
    try:
        return read_metric(family, name)
    except (NotFound, InvalidInput):
        return None
