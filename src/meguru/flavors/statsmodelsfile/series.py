"""Models of a time series: what was observed, the orders and the parameters; the rest is computed again."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from meguru.errors import InvalidInput

KINDS = frozenset({"ARIMA", "ETSModel", "SARIMAX"})
MAX_STEPS = 10_000
"""How many steps ahead may be asked."""
MAX_OBSERVED, MAX_STATES = 1_000_000, 500
_MAX_VALUES = 1 << 29
_FLAGS = ("concentrate_scale", "enforce_invertibility", "enforce_stationarity")
_TRENDS = {"c", "ct", "n", "t"}
_WAYS = {None, "add", "mul"}


def data_of(results: Any) -> dict[str, Any]:
    """Return what a results object forecasts with.

    Raises
    ------
    TypeError
        When it needs further columns, or is of a form that can't be made again.
    """
    model, kind = results.model, type(results.model).__name__
    observed = np.asarray(model.data.orig_endog, dtype=np.float64)
    if observed.ndim != 1:
        raise TypeError("it is of several series; fit one for each")
    shared = {"kind": kind, "observed": observed.tolist(), "params": np.asarray(results.params).tolist()}
    if kind == "ETSModel":
        return shared | {
            "error": model.error,
            "trend": model.trend,
            "seasonal": model.seasonal,
            "damped": bool(model.damped_trend),
            "period": int(model.seasonal_periods or 1),
            "start": model.initialization_method,
        }
    try:
        results.forecast(1)
    except ValueError as error:
        raise TypeError(f"it needs further columns in the future, which no row brings: {error}") from error
    said = model._get_init_kwds()  # noqa: SLF001 (what makes it again; there is no public call)
    return shared | {
        "order": [int(each) for each in said["order"]],
        "seasonal": [int(each) for each in said["seasonal_order"]],
        "trend": said["trend"] or "n",
        "offset": int(said["trend_offset"]),
        "flags": {name: bool(said[name]) for name in _FLAGS},
    }


def check(held: dict[str, Any]) -> None:
    """Check the data of a file, above all how much its model would take; ValueError says what is wrong."""
    observed, params = (np.asarray(held.get(name), dtype=np.float64) for name in ("observed", "params"))
    if observed.ndim != 1 or not 0 < len(observed) <= MAX_OBSERVED or np.isinf(observed).any():
        raise ValueError("the observed values are no series of numbers")
    if params.ndim != 1 or len(params) > MAX_OBSERVED or not np.isfinite(params).all():
        raise ValueError("parameters that are no finite numbers")
    if held["kind"] == "ETSModel":
        _whole(held.get("period"), MAX_STATES)
        ways = {held.get("trend"), held.get("seasonal")} <= _WAYS and held.get("error") in {"add", "mul"}
        known = held.get("start") in {"estimated", "heuristic"} and type(held.get("damped")) is bool
        if not ways or not known:
            raise ValueError("an exponential smoothing of a strange form")
        return
    p, d, q = (_whole(each, MAX_STATES) for each in held.get("order", []))
    sp, sd, sq, period = (_whole(each, MAX_STATES) for each in held.get("seasonal", []))
    states = max(p + sp * period, q + sq * period + 1) + d + sd * period
    if states > MAX_STATES:
        raise ValueError(f"a model of more than {MAX_STATES} states")
    if states**2 * len(observed) > _MAX_VALUES:  # the filter keeps a covariance of the states for each value
        raise ValueError("a series whose filter would take too much memory")
    _whole(held.get("offset"), MAX_OBSERVED)
    flags = held.get("flags")
    if held.get("trend") not in _TRENDS or not isinstance(flags, dict) or set(flags) != set(_FLAGS):
        raise ValueError("a series of a strange form")
    if not all(type(flag) is bool for flag in flags.values()):
        raise ValueError("a series of a strange form")


class SeriesModel:
    """A series that is asked how many steps ahead; threads may share it.

    Attributes
    ----------
    kind, names
        The class of the model, and the one column that it takes.
    """

    def __init__(self, held: dict[str, Any]) -> None:
        check(held)
        self.kind: str = held["kind"]
        self.names = ["step"]
        self._results = _made(held)
        self._known = np.zeros(0)
        self._asking = threading.Lock()

    def predict(self, rows: Any) -> Any:
        """Return the forecast for each row, shape (rows,); a row holds the step, 1 and up.

        Raises
        ------
        InvalidInput
            When a step is none, or further ahead than `MAX_STEPS`.
        """
        steps = np.asarray(rows, dtype=np.float64)[:, 0]
        if not len(steps):
            return np.zeros(0)
        if not _is_step(steps).all():
            what = f"a step ahead is a whole number from 1 to {MAX_STEPS:,}"
            raise InvalidInput(what, field="rows", why=f"one is {steps[~_is_step(steps)][0]:g}")
        furthest = int(steps.max())
        with self._asking:
            # A forecast of many steps begins with that of fewer, so the longest that was ever asked is kept.
            if furthest > len(self._known):
                self._known = np.asarray(self._results.forecast(furthest), dtype=np.float64)
            known = self._known
        return known[steps.astype(np.int64) - 1]


def _is_step(steps: Any) -> Any:
    return (steps >= 1) & (steps <= MAX_STEPS) & (steps == np.floor(steps))


def _made(held: dict[str, Any]) -> Any:
    observed, params = (np.asarray(held[name], dtype=np.float64) for name in ("observed", "params"))
    if held["kind"] == "ETSModel":
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        model = ETSModel(
            observed,
            error=held["error"],
            trend=held["trend"],
            seasonal=held["seasonal"],
            damped_trend=held["damped"],
            seasonal_periods=held["period"] if held["seasonal"] else None,
            initialization_method=held["start"],
        )
        return _fitted(model, model.smooth, params)
    from statsmodels.tsa.arima.model import ARIMA
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    kind = ARIMA if held["kind"] == "ARIMA" else SARIMAX
    model = kind(
        observed,
        order=tuple(held["order"]),
        seasonal_order=tuple(held["seasonal"]),
        trend=held["trend"],
        trend_offset=held["offset"],
        **held["flags"],
    )
    return _fitted(model, model.filter, params)


def _fitted(model: Any, fit: Any, params: Any) -> Any:
    if len(params) != len(model.param_names):
        raise ValueError("the parameters are not as many as the model's")
    return fit(params)


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{str(value)[:40]!r} is no number of things up to {most:,}")
    return value
