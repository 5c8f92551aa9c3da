"""Which types a model file may hold: exact (module, name) pairs, read off the installed libraries.

Nothing is ever read from the artifact, and no rule works by prefix: ``sklearn.*`` would let dotted names
through to whatever scikit-learn imports. What predicts in native code without checking the bounds of its
fitted arrays (trees, support vectors, neighbours, centres) is checked by `built` after it was read.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib import import_module
from inspect import isabstract
from typing import Any

import numpy as np

from meguru.flavors.skopsfile import standins

TypeName = tuple[str, str]

FAMILIES = (
    "calibration",
    "cluster",
    "compose",
    "covariance",
    "cross_decomposition",
    "decomposition",
    "discriminant_analysis",
    "dummy",
    "ensemble",
    "feature_extraction",
    "feature_selection",
    "frozen",
    "gaussian_process",
    "impute",
    "isotonic",
    "kernel_approximation",
    "kernel_ridge",
    "linear_model",
    "manifold",
    "mixture",
    "model_selection",
    "multiclass",
    "multioutput",
    "naive_bayes",
    "neighbors",
    "neural_network",
    "pipeline",
    "preprocessing",
    "random_projection",
    "semi_supervised",
    "svm",
    "tree",
)
"""Packages of scikit-learn whose estimators are allowed, but for those of `REFUSED`."""

_SEARCHED = "a search is stored as its best estimator; fit it, with refit=True"
REFUSED = {
    "BisectingKMeans": "it holds a native function; take the centres into a KMeans",
    "Birch": "its tree of clusters has no form without pickle; take the centres into a KMeans",
    "GridSearchCV": _SEARCHED,
    "HalvingGridSearchCV": _SEARCHED,
    "HalvingRandomSearchCV": _SEARCHED,
    "PatchExtractor": "it takes images, not columns",
    "RandomizedSearchCV": _SEARCHED,
}
"""Estimators that no model file holds, and why."""

_SINGLE = {
    "sklearn.feature_extraction.text": (
        "CountVectorizer",
        "HashingVectorizer",
        "TfidfTransformer",
        "TfidfVectorizer",
    ),
    "sklearn.impute._iterative": ("IterativeImputer",),
}
_PARTS = {
    "sklearn.calibration": ("_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling"),
    "sklearn.compose._column_transformer": ("_RemainderColsList", "make_column_selector"),
    "sklearn.ensemble._hist_gradient_boosting.binning": ("_BinMapper",),
    "sklearn.ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),
    "sklearn.gaussian_process._gpc": ("_BinaryGaussianProcessClassifierLaplace",),
    "sklearn.metrics._scorer": ("_CurveScorer", "_Scorer"),
    "sklearn.utils._metadata_requests": ("MetadataRequest", "MethodMetadataRequest"),
    "sklearn.multiclass": ("_ConstantPredictor",),
    "sklearn.neural_network._stochastic_optimizers": ("AdamOptimizer", "SGDOptimizer"),
}
_MOMENTS = frozenset(("datetime", name) for name in ("date", "datetime", "time", "timedelta"))
"""What encoders hold for categories that are dates; a constructor of plain values is all there is to them."""
_LOSS_OBJECTS = ("sklearn._loss.link", "sklearn._loss.loss")
_NATIVE_LOSSES = ("sklearn._loss._loss", "sklearn.linear_model._sgd_fast")
CHECK_ARRAY: TypeName = ("sklearn.utils.validation", "check_array")
"""What boosting with categories holds as a partial; no other partial is allowed."""

_ARRAY_FUNCTIONS = ("around", "clip", "max", "mean", "median", "min", "nan_to_num", "round")
_SCORES = ("chi2", "f_classif", "f_regression", "mutual_info_classif", "mutual_info_regression")


_reading = threading.Lock()
"""Two threads that import the same part of scikit-learn for the first time can each get half of it."""


def allowed() -> dict[str, frozenset[TypeName]]:
    """Return, for every kind of node a skops file may hold, the types that may stand in it."""
    # import_module of one package from two threads can hand one of them a module whose names are not all
    # there yet; what it lacks would be refused for the life of the process, since the result is cached.
    with _reading:
        return _allowed()


@cache
def _allowed() -> dict[str, frozenset[TypeName]]:
    types = _numpy_scalars()
    plain = frozenset(("builtins", name) for name in ("str", "int", "float", "bool", "object"))
    return {
        "JsonNode": frozenset({("builtins", "str")}),
        "DictNode": frozenset(
            {("builtins", "dict"), ("collections", "OrderedDict"), ("sklearn.utils._bunch", "Bunch")}
        ),
        "ListNode": frozenset({("builtins", "list")}),
        "TupleNode": frozenset({("builtins", "tuple")}),
        "SetNode": frozenset({("builtins", "set")}),
        "SliceNode": frozenset({("builtins", "slice")}),
        "BytesNode": frozenset({("builtins", "bytes")}),
        "NdArrayNode": types | {("numpy", "ndarray")},
        "DTypeNode": frozenset({("numpy", "dtype")}),
        "RandomStateNode": frozenset({("numpy.random.mtrand", "RandomState")}),
        "RandomGeneratorNode": frozenset({("numpy.random._generator", "Generator")}),
        "TypeNode": types | plain,
        "FunctionNode": _functions(),
        "PartialNode": frozenset({("functools", "partial")}),
        "LossNode": _native_losses(),
        "TreeNode": frozenset({("sklearn.tree._tree", "Tree")}),
        "ConstructorFromReduceNode": standins.types() | _MOMENTS,
        "ObjectNode": _estimators() | _named(_PARTS) | _classes(_LOSS_OBJECTS) | _kernels(),
    }


@cache
def trusted() -> list[str]:
    """Return the same list in the spelling that skops takes."""
    return sorted({f"{module}.{name}" for names in allowed().values() for module, name in names})


def _estimators() -> frozenset[TypeName]:
    # Not all_estimators() of scikit-learn: it imports every module of the library, also those that must fail.
    from sklearn.base import BaseEstimator

    found: set[TypeName] = set()
    for family in FAMILIES:
        for name, kind in vars(import_module(f"sklearn.{family}")).items():
            if name.startswith("_") or name in REFUSED or not isinstance(kind, type):
                continue
            # Packages also show what they import from elsewhere: only classes that are defined there count.
            at_home = kind.__module__.split(".")[:2] == ["sklearn", family]
            if at_home and issubclass(kind, BaseEstimator) and not isabstract(kind):
                found.add((kind.__module__, kind.__name__))
    return frozenset(found) | _named(_SINGLE)


def _named(places: dict[str, tuple[str, ...]]) -> frozenset[TypeName]:
    found: set[TypeName] = set()
    for place, names in places.items():
        module = _module(place)
        kinds = (getattr(module, name, None) for name in names)
        found |= {(kind.__module__, kind.__name__) for kind in kinds if isinstance(kind, type)}
    return frozenset(found)


def _classes(places: tuple[str, ...]) -> frozenset[TypeName]:
    found: set[TypeName] = set()
    for place in places:
        kinds = [kind for kind in _members(place).values() if isinstance(kind, type)]
        found |= {(place, kind.__name__) for kind in kinds if kind.__module__ == place}
    return frozenset(found)


def _native_losses() -> frozenset[TypeName]:
    base = getattr(_module("sklearn._loss._loss"), "CyLossFunction", None)
    found: set[TypeName] = set()
    for place in _NATIVE_LOSSES:
        for name, kind in _members(place).items():
            if isinstance(kind, type) and (name.startswith("Cy") or (base and issubclass(kind, base))):
                found.add((kind.__module__, name))
    return frozenset(found)


def _functions() -> frozenset[TypeName]:
    ufuncs = {("numpy", name) for name, value in vars(np).items() if isinstance(value, np.ufunc)}
    scores = _members("sklearn.feature_selection")
    selecting = {(scores[name].__module__, name) for name in _SCORES if name in scores}
    return frozenset({CHECK_ARRAY} | ufuncs | selecting | _array_functions() | _scored())


def _array_functions() -> set[TypeName]:
    """Return the functions of NumPy, beside its ufuncs, that only compute on the array they are given."""
    return {("numpy", name) for name in _ARRAY_FUNCTIONS}


def _scored() -> set[TypeName]:
    """Return the functions behind scikit-learn's own scorers, which a tuned threshold holds."""
    scorers = _members("sklearn.metrics._scorer").get("_SCORERS", {}).values()
    found = [vars(scorer).get("_score_func") for scorer in scorers]
    return {(score.__module__, score.__name__) for score in found if callable(score)}


def _kernels() -> frozenset[TypeName]:
    """Return the kernels of Gaussian processes."""
    from sklearn.gaussian_process import kernels

    kinds = [kind for kind in vars(kernels).values() if isinstance(kind, type)]
    own = [kind for kind in kinds if issubclass(kind, kernels.Kernel) and kind.__module__ == kernels.__name__]
    return frozenset((kind.__module__, kind.__name__) for kind in own if not isabstract(kind))


def _numpy_scalars() -> frozenset[TypeName]:
    kinds = [kind for kind in vars(np).values() if isinstance(kind, type) and issubclass(kind, np.generic)]
    # Objects would be pickled, and void is raw memory with fields of any type.
    refused = (np.object_, np.void)
    return frozenset((kind.__module__, kind.__name__) for kind in kinds if not issubclass(kind, refused))


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:  # a private module that another release of scikit-learn does not have
        return None


def _members(name: str) -> dict[str, Any]:
    module = _module(name)
    return vars(module) if module else {}
