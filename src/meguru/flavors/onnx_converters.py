"""What makes ONNX of each flavor's models: the libraries' own converters, called as they want to be."""

from __future__ import annotations

import contextlib
import copy
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from meguru.flavors.bundle import Bundle
from meguru.flavors.signature import ColumnType

Attempt = Callable[[], Any]
_replacing = threading.Lock()
_OPSETS = {"": 21, "ai.onnx.ml": 3}


def of_onnx(bundle: Bundle) -> Iterator[Attempt]:
    """Give the file itself."""
    from meguru.flavors import model_files
    from meguru.flavors.onnx import FILE

    yield partial(model_files.read_bounded, bundle.folder / FILE, 1 << 31)


def of_sklearn(bundle: Bundle) -> Iterator[Attempt]:
    """Give it with numbers of 64 bits, and then of 32, which is all that ONNX has for some models."""
    for width in ("Double", "Float"):
        yield partial(_sklearn, bundle, width)


def of_xgboost(bundle: Bundle) -> Iterator[Attempt]:
    """Give it with numbers of 32 bits, which XGBoost has too."""
    yield partial(_boosted, bundle, "convert_xgboost")


def of_lightgbm(bundle: Bundle) -> Iterator[Attempt]:
    """Give it with numbers of 32 bits, which is all that ONNX has for trees."""
    yield partial(_boosted, bundle, "convert_lightgbm", zipmap=False)


def _sklearn(bundle: Bundle, width: str) -> Any:
    from skl2onnx import to_onnx
    from skl2onnx.common import data_types

    predictor: Any = bundle.predictor
    kind = getattr(data_types, f"{width}TensorType")
    names = bundle.signature.names
    if predictor.takes == "matrix":
        inputs = [("X", kind([None, len(names)]))]
    else:
        texts = data_types.StringTensorType
        inputs = [
            (column.name, (texts if column.type is ColumnType.STRING else kind)([None, 1]))
            for column in bundle.signature.inputs
        ]
    estimator = predictor.estimator
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None
    with _plain_attributes(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_onnx(estimator, initial_types=inputs, options=options, target_opset=_OPSETS)


def _boosted(bundle: Bundle, converter: str, **options: Any) -> Any:
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    predictor: Any = bundle.predictor
    inputs = [("X", FloatTensorType([None, len(bundle.signature.names)]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(onnxmltools, converter)(_unnamed(predictor.model), initial_types=inputs, **options)


def _unnamed(model: Any) -> Any:
    """Return a copy of XGBoost's models without names of columns: its converter knows them by number."""
    if type(model).__module__.partition(".")[0] != "xgboost":
        return model
    found = copy.deepcopy(model)
    booster = found.get_booster() if hasattr(found, "get_booster") else found
    booster.feature_names = booster.feature_types = None
    return found


@contextlib.contextmanager
def _plain_attributes() -> Iterator[None]:
    """Let attributes be of NumPy's types: skl2onnx gives them, and ONNX takes them no more."""
    from skl2onnx.common import _container as container

    # The library's function is replaced for the whole process. Of two threads the second would keep the
    # first one's replacement as the original, and put that back for good.
    with _replacing:
        made = container.make_node

        def make_node(kind: str, inputs: Any, outputs: Any, **attributes: Any) -> Any:
            plain = {name: _plain(value) for name, value in attributes.items()}
            return made(kind, inputs, outputs, **plain)

        container.make_node = make_node
        try:
            yield
        finally:
            container.make_node = made


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(each) for each in value.tolist()]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, bool) else value
