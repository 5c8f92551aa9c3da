"""CatBoost's models as its own JSON, with what the JSON rounds kept exactly beside it.

CatBoost writes 17 digits and reads them back a last bit off, so the values of leaves and the bias stand in
the file once more, and are set again after CatBoost has read the rest. Only what predicts is kept: no
parameters of the training, no dates, no paths.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from meguru.errors import MissingDependency, TooLarge, UnsafeModel, is_our_fault
from meguru.flavors.catboostfile.check import check

__all__ = ["claims", "dumps", "kind_of", "loads", "loss_of"]

KINDS = ("CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor")
MAX_BYTES = 2 << 30
_FORMAT = "meguru.catboost"
_PREDICTING = ("ctr_data", "features_info", "oblivious_trees", "scale_and_bias", "trees")
_CLOSE = 1e-9


def claims(model: Any) -> bool:
    """Say whether it is one of CatBoost's own models."""
    return kind_of(model) in KINDS


def kind_of(model: Any) -> str:
    """Return the name of the class, empty for what is not CatBoost's own."""
    kind = type(model)
    return kind.__name__ if "catboost" in sys.modules and kind.__module__.startswith("catboost.") else ""


def loss_of(model: Any) -> tuple[str, dict[str, Any]]:
    """Return the loss that a model was trained for, and its parameters."""
    said = json.loads(model.get_metadata()["params"])["loss_function"]
    return said["type"], dict(said.get("params", {}))


def dumps(model: Any) -> bytes:
    """Return the model; equal models give equal bytes.

    Raises
    ------
    UnsafeModel
        When it was not fitted, or has texts or embeddings for features.
    """
    try:
        described = _described(model)
        again = _read(described)
    except Exception as error:  # CatBoost raises an error of its own, from C++
        if is_our_fault(error):
            raise
        raise UnsafeModel(f"the {kind_of(model)} can't be saved", why=str(error)[:300]) from error
    scale, bias = model.get_scale_and_bias()
    exact = {
        "leaf_values": _in_order(np.asarray(model.get_leaf_values()), np.asarray(again.get_leaf_values())),
        "scale": float(scale),
        "bias": bias if isinstance(bias, list) else float(bias),
    }
    held = {"format": _FORMAT, "kind": kind_of(model), "model": described, "exact": exact}
    return json.dumps(held, sort_keys=True, separators=(",", ":")).encode()


def loads(data: bytes, where: str = "", *, kind: str = "") -> Any:
    """Return the model after looking through all of it.

    CatBoost's own JSON, as MLflow may have logged it, tells no class: `kind` does. Of it only what predicts
    is read, and its numbers are those that CatBoost wrote.

    Raises
    ------
    UnsafeModel
        When the file is malformed, or leads beyond its own lists.
    TooLarge
        When it is larger than `MAX_BYTES`.
    """
    _require()
    if len(data) > MAX_BYTES:
        raise TooLarge("the model file is too large", where=where, why=f"{MAX_BYTES:,} bytes are allowed")
    if data.startswith(b"CBM1"):
        raise UnsafeModel(
            "CatBoost's own binary is not read",
            where=where,
            why="what it holds can't be looked through before CatBoost reads it",
            hint="register the model object itself: meguru.Model(estimator=…)",
        )
    try:
        held = json.loads(data)
        if kind and isinstance(held, dict) and "format" not in held:
            return _read(_predicting(held), kind)
        if not isinstance(held, dict) or held.get("format") != _FORMAT:
            raise ValueError("it is no CatBoost model of Meguru's")
        model = _read(held["model"], held.get("kind"))
        _set_exact(model, held["exact"])
    except Exception as error:  # whatever a crafted file makes the library raise
        if is_our_fault(error):
            raise
        what = "the model file is malformed, so it is not loaded"
        raise UnsafeModel(what, where=where, why=f"{type(error).__name__}: {error}"[:300]) from error
    return model


def _require() -> Any:
    try:
        import catboost
    except ImportError as error:
        raise MissingDependency.of("catboost", "catboost") from error
    return catboost


def _described(model: Any) -> dict[str, Any]:
    """Return the parts of CatBoost's JSON that predict."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        return _predicting(json.loads(path.read_bytes()))


def _predicting(said: dict[str, Any]) -> dict[str, Any]:
    kept = {name: said[name] for name in _PREDICTING if name in said}
    info = said.get("model_info", {})
    loss = info.get("params", {}).get("loss_function", {})
    told: dict[str, Any] = {"params": {"loss_function": loss}}
    if "class_params" in info:
        told["class_params"] = info["class_params"]
    return kept | {"model_info": told}


def _read(described: Any, kind: Any = "CatBoost") -> Any:
    check(described)
    if kind not in KINDS:
        raise ValueError(f"{str(kind)[:60]!r} is none of {', '.join(KINDS)}")
    _check_info(described.get("model_info"))
    model = getattr(_require(), kind)()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        path.write_text(json.dumps(_with_flat_params(described)), encoding="utf-8")
        model.load_model(str(path), format="json")
    return model


def _with_flat_params(described: dict[str, Any]) -> dict[str, Any]:
    """Say that no parameters were given, of which CatBoost would else complain on the terminal."""
    info = described["model_info"]
    return described | {"model_info": info | {"params": info["params"] | {"flat_params": {}}}}


def _check_info(info: Any) -> None:
    """Allow what tells the classes and the loss, in plain values."""
    if not isinstance(info, dict) or set(info) - {"class_params", "params"}:
        raise ValueError("what is said of the model holds more than its classes and its loss")
    loss = info.get("params", {}).get("loss_function", {})
    if set(info.get("params", {})) != {"loss_function"} or set(loss) - {"params", "type"}:
        raise ValueError("a loss of a strange form")
    names = info.get("class_params", {}).get("class_names", [])
    if not all(isinstance(name, str | int | float | bool) for name in names):
        raise ValueError("classes that are no plain values")


def _set_exact(model: Any, exact: dict[str, Any]) -> None:
    values, rounded = np.asarray(exact["leaf_values"], dtype=np.float64), np.asarray(model.get_leaf_values())
    # The exact values may differ from the checked trees by the rounding of 17 digits only: else the file
    # would say one model and answer by another.
    if values.shape != rounded.shape or not np.allclose(values, rounded, rtol=_CLOSE, atol=_CLOSE):
        raise ValueError("the exact values of leaves are not those of the trees")
    model.set_leaf_values(values)
    model.set_scale_and_bias(exact["scale"], exact["bias"])


def _in_order(exact: np.ndarray[Any, Any], rounded: np.ndarray[Any, Any]) -> list[float]:
    """Return the exact values as CatBoost orders them when it reads: trees without symmetry are turned."""
    if np.allclose(exact, rounded, rtol=_CLOSE, atol=_CLOSE):
        return [float(value) for value in exact]
    found = np.empty_like(exact)
    # Rounding keeps the order of values, so the k-th smallest of both is the same leaf.
    found[np.argsort(rounded, kind="stable")] = np.sort(exact)
    return [float(value) for value in found]
