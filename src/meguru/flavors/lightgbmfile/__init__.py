"""LightGBM's models as their own text, read strictly before LightGBM sees it."""

from __future__ import annotations

import sys
from typing import Any

from meguru.errors import MissingDependency, TooLarge, UnsafeModel, is_our_fault
from meguru.flavors.lightgbmfile import model_text
from meguru.flavors.lightgbmfile.check import Header

__all__ = ["claims", "dumps", "header_of", "kind_of", "loads"]

KINDS = ("Booster", "LGBMClassifier", "LGBMRegressor", "LGBMRanker")
MAX_BYTES = 2 << 30


def claims(model: Any) -> bool:
    """Say whether it is one of LightGBM's own models."""
    return kind_of(model) in KINDS


def kind_of(model: Any) -> str:
    """Return the name of the class, empty for what is not LightGBM's own."""
    kind = type(model)
    return kind.__name__ if "lightgbm" in sys.modules and kind.__module__.startswith("lightgbm.") else ""


def booster_of(model: Any) -> Any:
    """Return the booster of an estimator, or the booster itself; AttributeError when it was not fitted."""
    return model if kind_of(model) == "Booster" else model.booster_


def dumps(model: Any) -> bytes:
    """Return the text of a fitted model; equal models give equal bytes.

    Raises
    ------
    UnsafeModel
        When it was not fitted.
    """
    try:
        text = booster_of(model).model_to_string()
        return model_text.read(text).written().encode()
    except (ValueError, AttributeError) as error:
        raise UnsafeModel(f"the {kind_of(model)} can't be saved", why=str(error)[:300]) from error


def header_of(booster: Any) -> Header:
    """Return what holds for all trees of a booster: features, classes and objective."""
    return model_text.read(booster.model_to_string(num_iteration=1)).header


def loads(data: bytes, where: str = "") -> Any:
    """Return the booster after looking through all of its text.

    Raises
    ------
    UnsafeModel
        When the file is malformed, or leads beyond its own arrays.
    TooLarge
        When it is larger than `MAX_BYTES`.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise MissingDependency.of("lightgbm", "lightgbm") from error
    if len(data) > MAX_BYTES:
        raise TooLarge("the model file is too large", where=where, why=f"{MAX_BYTES:,} bytes are allowed")
    try:
        return lightgbm.Booster(model_str=model_text.read(data.decode("utf-8")).written())
    except Exception as error:  # whatever a crafted file makes the library raise
        if is_our_fault(error):
            raise
        what = "the model file is malformed, so it is not loaded"
        raise UnsafeModel(what, where=where, why=f"{type(error).__name__}: {error}"[:300]) from error
