"""scikit-learn models in skops' format.

An estimator is fed a float64 matrix in signature order, unless a column is a string or a time, or the model
holds a ColumnTransformer: then it is fed the kind of frame that it was trained on.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.errors import MissingDependency, UnsafeModel
from meguru.flavors import columns, mlmodel, model_files, pickles
from meguru.flavors.base import Matrix, Takes
from meguru.flavors.signature import Signature
from meguru.flavors.sklearn_tasks import complete, find, scorer
from meguru.flavors.sklearn_texts import select_texts, wants_texts
from meguru.tasks import Task

if TYPE_CHECKING:
    import polars as pl

FILE = "model.skops"
_OTHERS = {"catboost", "lightgbm", "xgboost"}
"""Libraries whose estimators follow scikit-learn's conventions and have a flavor of their own."""
_PACKAGES = ("numpy", "scikit-learn", "skops")


class SklearnFlavor:
    """The flavor of scikit-learn estimators and pipelines."""

    name = "sklearn"
    tasks = frozenset(
        [
            "anomaly",
            "binary",
            "forecast",
            "multiclass",
            "multilabel",
            "multioutput",
            "quantile",
            "ranking",
            "regression",
        ]
    )

    def can_save(self, model: Any) -> bool:
        """Say whether `model` is a scikit-learn estimator."""
        base = sys.modules.get("sklearn.base")
        foreign = type(model).__module__.partition(".")[0] in _OTHERS
        return base is not None and isinstance(model, base.BaseEstimator) and not foreign

    def task(self, model: Any, said: Task | None) -> Task:
        """Return the task with the classes of the estimator; found from what it can do if none is said."""
        return find(model) if said is None else complete(model, said)

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write the estimator as ``model.skops`` with its MLmodel file."""
        from meguru.flavors import skopsfile

        takes = _takes(model, signature)
        columns.check_names(getattr(model, "feature_names_in_", []), signature)
        data = skopsfile.dumps(model)
        (folder / FILE).write_bytes(data)
        mlmodel.write_environment(folder, _PACKAGES)
        options = {
            "code": None,
            "pickled_model": FILE,
            "serialization_format": "skops",
            "sklearn_version": _version(),
            "skops_trusted_types": skopsfile.untrusted_types(data),
        }
        mlmodel.write(
            folder, flavor=self.name, options=options, signature=signature, task=task, takes=takes, file=FILE
        )

    def load(self, folder: Path) -> SklearnPredictor:
        """Load the estimator of a folder that holds no pickle."""
        from meguru.flavors import skopsfile

        pickles.refuse_pickles(folder)
        description = mlmodel.read(folder, [self.name])
        path = model_files.named_file(folder, description.options.get("pickled_model", FILE))
        model = skopsfile.loads(model_files.read_bounded(path, skopsfile.MAX_BYTES), where=str(path))
        if not isinstance(model, sys.modules["sklearn.base"].BaseEstimator):
            raise UnsafeModel("the file holds no scikit-learn estimator", where=str(path))
        task = self.task(model, description.task)  # one of an older release says no classes
        # MLflow does not say; models of our own keep what they were saved with, whatever this release would
        # choose.
        takes = description.takes or _takes(model, description.signature)
        signature = msgspec.structs.replace(description.signature, outputs=task.outputs())
        return SklearnPredictor(model, signature, task, takes)


class SklearnPredictor:
    """A loaded estimator."""

    def __init__(self, estimator: Any, signature: Signature, task: Task, takes: Takes) -> None:
        self.estimator, self.signature, self.task, self.takes = estimator, signature, task, takes
        self._score = scorer(estimator, task)
        self._one_text = takes == "frame" and wants_texts(estimator)
        if takes == "matrix":
            _forget_names(estimator)

    def predict(self, data: Matrix | pl.DataFrame) -> Matrix:
        """Return the scores of rows."""
        asked = columns.estimator_input(self.signature, data, self.takes)
        if self._one_text:
            asked = select_texts(asked)
        scores: Matrix = np.asarray(self._score(asked), dtype=np.float64)
        return scores


def _takes(model: Any, signature: Signature) -> Takes:
    from sklearn.compose import ColumnTransformer

    from meguru.flavors.skopsfile.reach import reachable

    if signature.inputs and not signature.numeric:
        return "frame"
    if signature.frame is not None and signature.frame.categories:
        return "frame"
    named = any(isinstance(part, ColumnTransformer) and _by_name(part) for part in reachable(model))
    return "frame" if named else "matrix"


def _by_name(transformer: Any) -> bool:
    """Say whether columns are picked off a frame; boosting's own transformer picks them by a mask."""
    masks = all(isinstance(columns, np.ndarray) for _, _, columns in transformer.transformers)
    return "feature_names_in_" in vars(transformer) and not masks


def _forget_names(model: Any) -> None:
    """Drop the names of a fitted model that gets a matrix in their order; sklearn would warn at each call."""
    from meguru.flavors.skopsfile.reach import reachable

    # In all parts: a pipeline's steps compare names one by one.
    for part in reachable(model):
        getattr(part, "__dict__", {}).pop("feature_names_in_", None)


def _version() -> str:
    try:
        import sklearn
    except ImportError as error:
        raise MissingDependency.of("sklearn", "scikit-learn") from error
    return str(sklearn.__version__)
