"""XGBoost's models as their own UBJSON, looked through before XGBoost reads them."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

from meguru.errors import MissingDependency, TooLarge, UnsafeModel, is_our_fault
from meguru.flavors.xgboostfile import ubjson
from meguru.flavors.xgboostfile.check import check

__all__ = ["claims", "dumps", "kind_of", "loads", "settings_of", "unfitted"]

KINDS = ("Booster", "XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor")
MAX_BYTES = 2 << 30


def claims(model: Any) -> bool:
    """Say whether it is one of XGBoost's own models."""
    return kind_of(model) in KINDS


def kind_of(model: Any) -> str:
    """Return the name of the class, empty for what is not XGBoost's own."""
    kind = type(model)
    return kind.__name__ if "xgboost" in sys.modules and kind.__module__.startswith("xgboost.") else ""


def dumps(model: Any) -> bytes:
    """Return a fitted model in UBJSON; equal models give equal bytes.

    Raises
    ------
    UnsafeModel
        When it was not fitted, or holds what could not be read again.
    """
    from xgboost.core import XGBoostError

    try:
        booster = model if kind_of(model) == "Booster" else model.get_booster()
        data = bytes(booster.save_raw("ubj"))
        # What we could not read again is not stored.
        check(ubjson.loads(data))
    except (ValueError, TypeError, XGBoostError, AttributeError) as error:
        raise UnsafeModel(f"the {kind_of(model)} can't be saved", why=str(error)[:300]) from error
    return data


def settings_of(model: Any) -> dict[str, Any]:
    """Return the parameters of a model of scikit-learn's kind that are not as always, as JSON values.

    Raises
    ------
    UnsafeModel
        When one is a function.
    """
    if kind_of(model) == "Booster":
        return {}
    usual = type(model)().get_params()
    changed = {
        name: value for name, value in model.get_params().items() if not _alike(value, usual.get(name))
    }
    try:
        return dict(json.loads(json.dumps(changed, sort_keys=True, default=_plain)))
    except TypeError as error:
        why = f"{error}: a parameter is a function or an object"
        raise UnsafeModel(f"the {kind_of(model)} can't be saved without pickle", why=why) from error


def loads(kind: str, data: bytes, settings: dict[str, Any], where: str = "") -> Any:
    """Return the model after looking through all of it.

    Raises
    ------
    UnsafeModel
        When the file is malformed, or leads beyond its own arrays.
    TooLarge
        When it is larger than `MAX_BYTES`.
    """
    _require()
    if len(data) > MAX_BYTES:
        raise TooLarge("the model file is too large", where=where, why=f"{MAX_BYTES:,} bytes are allowed")
    try:
        check(_parsed(data))
        model = unfitted(kind, settings)
        # XGBoost takes a str for a path, and bytes in memory only as a bytearray.
        model.load_model(bytearray(data))
    except Exception as error:  # whatever a crafted file makes the library raise
        if is_our_fault(error):
            raise
        what = "the model file is malformed, so it is not loaded"
        raise UnsafeModel(what, where=where, why=f"{type(error).__name__}: {error}"[:300]) from error
    return model


def unfitted(kind: str, settings: dict[str, Any]) -> Any:
    """Return a model of a kind and settings not fitted; ValueError when either is none of XGBoost's."""
    xgboost = _require()
    if kind not in KINDS:
        raise ValueError(f"{kind[:60]!r} is none of {', '.join(KINDS)}")
    return getattr(xgboost, kind)(**_checked(kind, settings))


def _require() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise MissingDependency.of("xgboost", "xgboost") from error
    return xgboost


def _parsed(data: bytes) -> Any:
    if data[:1] == b"{" and data[1:2] in b'"\n\r\t ':
        return json.loads(data, object_pairs_hook=_once)
    return ubjson.loads(data)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two readers may keep different ones of two equal keys: we the last, XGBoost another.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _checked(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings that are plain: nothing that is called, nor a place in the file system."""
    if kind == "Booster":
        return {}
    for name, value in settings.items():
        plain = value if isinstance(value, list) else [value]
        if not all(each is None or isinstance(each, str | int | float | bool) for each in plain):
            raise ValueError(f"the parameter {name[:60]!r} is no plain value")
    return settings | ({"missing": math.nan} if settings.get("missing", 0) is None else {})


def _alike(one: Any, other: Any) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other)
    return both_nan or (type(one) is type(other) and not hasattr(one, "shape") and bool(one == other))


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")
