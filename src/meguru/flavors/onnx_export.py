"""A model as an ONNX file, for runtimes that have neither Python nor its library.

It is written only after it answered the model's own rows as the model does, up to a tolerance: ONNX keeps
most trees and networks in floats of 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.errors import InvalidInput, MeguruError, MissingDependency, is_our_fault
from meguru.flavors import onnx_converters, onnxfile
from meguru.flavors.bundle import Bundle
from meguru.flavors.onnx import OnnxFlavor

if TYPE_CHECKING:
    import polars as pl

TOLERANCE = 1e-5
MAX_ROWS = 1_000
OFFERED: dict[str, Callable[[Bundle], Iterator[Any]]] = {
    "lightgbm": onnx_converters.of_lightgbm,
    "onnx": onnx_converters.of_onnx,
    "sklearn": onnx_converters.of_sklearn,
    "xgboost": onnx_converters.of_xgboost,
}
"""By flavor: what gives attempts at the same model in ONNX, the most exact one first."""


class ExportedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model in ONNX, and how it agrees with the one it was made from.

    Attributes
    ----------
    data
        The file.
    rows
        On how many rows both were asked: the holdout (the first 1,000), else the example.
    difference
        The largest difference of any number in their answers.
    takes
        The names of its inputs with their types.
    """

    data: bytes
    rows: int
    difference: float
    takes: dict[str, str]


def to_onnx(bundle: Bundle, *, tolerance: float = TOLERANCE) -> ExportedModel:
    """Return a model as ONNX.

    Raises
    ------
    InvalidInput
        When its flavor or a part of it has no form in ONNX, or the answers differ by more than `tolerance`.
    MissingDependency
        When the converter is not installed.
    """
    attempts = OFFERED.get(bundle.flavor)
    if attempts is None:
        raise InvalidInput(
            f"a model of {bundle.flavor} can't be exported to ONNX",
            field="ref",
            why=f"those of {', '.join(OFFERED)} can be",
            hint=_HINTS.get(bundle.flavor, "the library's own format is in the model's folder"),
        )
    rows = _rows(bundle)
    reasons: list[str] = []
    for attempt in _made(attempts(bundle), reasons):
        model = _compared(bundle, attempt, rows, reasons)
        if model is not None and model.difference <= tolerance:
            return model
        if model is not None:
            reasons.append(f"its answers differ by {model.difference:.2g}, and {tolerance:g} is allowed")
    raise InvalidInput(
        "the model has no form in ONNX that answers as it does",
        field="ref",
        why="; ".join(dict.fromkeys(reasons))[:500],
        hint="a larger --tolerance takes floats of 32 bits as they are",
    )


_HINTS = {
    "pytorch": "PyTorch exports its modules itself: torch.onnx.export (package onnxscript)",
    "keras": "Keras exports its models itself: model.export('model.onnx', format='onnx')",
}


def _made(attempts: Iterator[Any], reasons: list[str]) -> Iterator[Any]:
    """Give each attempt that succeeds; say of the others why they did not."""
    for attempt in attempts:
        try:
            yield attempt()
        except MeguruError:
            raise
        except ImportError as error:
            raise MissingDependency.of("onnx", str(error.name)) from error
        except Exception as error:  # converters raise errors of every kind
            if is_our_fault(error):
                raise
            reasons.append(
                f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]
            )


def _rows(bundle: Bundle) -> pl.DataFrame:
    import polars as pl

    holdout = bundle.holdout()
    if holdout is not None and holdout.height:
        return holdout.select(bundle.signature.names).head(MAX_ROWS)
    if not bundle.example.rows:
        raise InvalidInput(
            "the model has no rows to be asked", field="ref", hint="register it with an example"
        )
    return pl.DataFrame(bundle.example.rows, infer_schema_length=None)


def _compared(bundle: Bundle, model: Any, rows: pl.DataFrame, reasons: list[str]) -> ExportedModel | None:
    """Ask both; None, with a reason, when the export can't be asked."""
    # The proof of an export is that it answers alike: converters have silent gaps (missing values, float32
    # thresholds).
    wanted = np.asarray(bundle.predict(rows), dtype=np.float64)
    try:
        clean = onnxfile.checked(model)
        predictor = OnnxFlavor().predictor(clean, bundle.signature, bundle.task)
        found = np.asarray(predictor.predict(rows), dtype=np.float64)
    except Exception as error:
        if is_our_fault(error):
            raise
        reasons.append(f"it can't be asked: {getattr(error, 'why', '') or error}"[:200])
        return None
    if found.shape != wanted.shape:
        reasons.append(f"it answers with the shape {found.shape}, where {wanted.shape} is wanted")
        return None
    # Equal infinities would have the difference NaN.
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    gaps = np.where(same, 0.0, np.abs(found - wanted))
    return ExportedModel(
        data=clean.SerializeToString(deterministic=True),
        rows=rows.height,
        # NaN on one side only is as far off as can be.
        difference=float(np.max(np.nan_to_num(gaps, nan=np.inf), initial=0.0)),
        takes={spec.name: spec.dtype for spec in onnxfile.inputs_of(clean)},
    )
