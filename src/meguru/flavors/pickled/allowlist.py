"""The allowlist of names that a pickle may import if it is to be converted: classes, and rebuilders of data.

They are those that a model file may hold, read off the installed libraries, and the constructors with which
NumPy, SciPy, scikit-learn and the boosting libraries pickle their own. No rule works by prefix.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from meguru.flavors.pickled.walk import WRAPPER

Pair = tuple[str, str]

_REBUILT: dict[str, tuple[str, ...]] = {
    "_codecs": ("encode",),
    "builtins": ("object", "bytes", "bytearray", "set", "frozenset", "slice", "complex", "range"),
    "collections": ("OrderedDict", "defaultdict"),
    "copyreg": ("_reconstructor", "__newobj__"),
    "functools": ("partial",),
    "numpy": ("ndarray", "dtype"),
    "numpy.core.multiarray": ("_reconstruct", "scalar"),
    "numpy._core.multiarray": ("_reconstruct", "scalar"),
    "numpy.core.numeric": ("_frombuffer",),
    "numpy._core.numeric": ("_frombuffer",),
    "numpy.random": ("RandomState",),
    "numpy.random._pickle": ("__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"),
    "numpy.random._mt19937": ("MT19937",),
    "numpy.random._pcg64": ("PCG64",),
    "numpy.random.bit_generator": ("SeedSequence", "__pyx_unpickle_SeedSequence"),
    "numpy.ma": ("MaskedArray",),
    "numpy.ma.core": ("_mareconstruct", "MaskedArray"),
    "scipy.sparse._csr": ("csr_matrix", "csr_array"),
    "scipy.sparse._csc": ("csc_matrix", "csc_array"),
    "scipy.interpolate._bsplines": ("BSpline",),
    "scipy._lib.array_api_compat.numpy._aliases": ("asarray",),
    "sklearn.metrics._scorer": ("_PassthroughScorer",),
    "sklearn.model_selection._search": ("GridSearchCV", "RandomizedSearchCV"),
    "sklearn.model_selection._split": (
        "GroupKFold",
        "KFold",
        "RepeatedKFold",
        "RepeatedStratifiedKFold",
        "ShuffleSplit",
        "StratifiedGroupKFold",
        "StratifiedKFold",
        "StratifiedShuffleSplit",
        "TimeSeriesSplit",
    ),
    "sklearn.neighbors._ball_tree": ("BallTree", "newObj"),
    "sklearn.neighbors._kd_tree": ("KDTree", "newObj"),
    "sklearn.tree._tree": ("Tree",),
    "sklearn.utils._bunch": ("Bunch",),
}
_BOOSTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "xgboost": {
        "xgboost.core": ("Booster",),
        "xgboost.sklearn": (
            "XGBClassifier",
            "XGBRegressor",
            "XGBRanker",
            "XGBRFClassifier",
            "XGBRFRegressor",
        ),
    },
    "lightgbm": {
        "lightgbm.basic": ("Booster",),
        "lightgbm.sklearn": ("LGBMClassifier", "LGBMRegressor", "LGBMRanker", "_LGBMLabelEncoder"),
    },
    "catboost": {"catboost.core": ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")},
}
_LOSSES, _DISTANCES = "sklearn._loss._loss", "sklearn.metrics._dist_metrics"


@cache
def allowed() -> frozenset[Pair]:
    """Return every pair that may be used; those of libraries that are not installed are left out."""
    pairs = {(module, name) for module, names in _REBUILT.items() for name in names} | {WRAPPER}
    for library, modules in _BOOSTERS.items():
        if find_spec(library) is not None:
            pairs |= {(module, name) for module, names in modules.items() for name in names}
    if find_spec("sklearn") is not None and find_spec("skops") is not None:
        pairs |= _of_model_files() | _of_losses()
    return frozenset(pairs)


def _of_model_files() -> set[Pair]:
    from meguru.flavors.skopsfile import names

    return {pair for kinds in names.allowed().values() for pair in kinds}


def _of_losses() -> set[Pair]:
    """Return how scikit-learn's compiled losses and distances are made again."""
    made = {(_LOSSES, name) for name in vars(import_module(_LOSSES)) if name.startswith("__pyx_unpickle_Cy")}
    distances = {
        (_DISTANCES, name)
        for name, kind in vars(import_module(_DISTANCES)).items()
        if isinstance(kind, type) and name.endswith(("Distance", "Distance64", "Distance32"))
    }
    return made | distances | {(_DISTANCES, "newObj")}


def not_allowed(imports: list[str]) -> list[str]:
    """Return those of some names, written ``module.name``, that may not be used."""
    names = {f"{module}.{name}" for module, name in allowed()}
    return [name for name in imports if name not in names]
