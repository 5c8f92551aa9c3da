"""Results of statsmodels as data: parameters and orders in JSON, and no formula."""

from __future__ import annotations

import json
import sys
from typing import Any, TypeAlias

from meguru.errors import MissingDependency, TooLarge, UnsafeModel, is_our_fault
from meguru.flavors.statsmodelsfile import linear, series
from meguru.flavors.statsmodelsfile.linear import LinearModel
from meguru.flavors.statsmodelsfile.series import SeriesModel

__all__ = ["LinearModel", "SeriesModel", "StoredResults", "claims", "dumps", "loads"]

StoredResults: TypeAlias = LinearModel | SeriesModel
MAX_BYTES = 256 << 20
_FORMAT = "meguru.statsmodels"


def claims(model: Any) -> bool:
    """Say whether it is results of statsmodels, of whatever model."""
    is_its = "statsmodels" in sys.modules and type(model).__module__.startswith("statsmodels.")
    return is_its and hasattr(model, "params") and hasattr(model, "model")


def dumps(results: Any) -> bytes:
    """Return results as data; equal ones give equal bytes.

    Raises
    ------
    UnsafeModel
        When a part of it has no form as data, saying which.
    """
    kind = type(results.model).__name__
    try:
        if kind in linear.KINDS:
            held = linear.data_of(results)
        elif kind in series.KINDS:
            held = series.data_of(results)
        else:
            known = ", ".join(sorted(linear.KINDS | series.KINDS))
            raise TypeError(f"only results of these are: {known}")
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UnsafeModel(f"results of {kind} can't be saved without pickle", why=str(error)[:300]) from error
    return json.dumps({"format": _FORMAT, **held}, sort_keys=True, separators=(",", ":")).encode()


def loads(data: bytes, where: str = "") -> StoredResults:
    """Return what answers as the results did.

    Raises
    ------
    UnsafeModel
        When the file is malformed, or would take more than is allowed.
    TooLarge
        When it is larger than `MAX_BYTES`.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge("the model file is too large", where=where, why=f"{MAX_BYTES:,} bytes are allowed")
    try:
        held = json.loads(data)
        if not isinstance(held, dict) or held.get("format") != _FORMAT:
            raise ValueError("it holds no results of statsmodels")
        if held.get("kind") in linear.KINDS:
            return LinearModel(held)
        if held.get("kind") in series.KINDS:
            return SeriesModel(held)
        raise ValueError("a model of an unknown kind")
    except ModuleNotFoundError as error:
        raise MissingDependency.of("statsmodels", "statsmodels") from error
    except Exception as error:  # whatever a crafted file makes the library raise
        if is_our_fault(error):
            raise
        what = "the model file is malformed, so it is not loaded"
        raise UnsafeModel(what, where=where, why=f"{type(error).__name__}: {error}"[:300]) from error
