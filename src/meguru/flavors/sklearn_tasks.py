"""What a scikit-learn estimator, or one that follows its conventions, is asked to do, and with which call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.task_resolution import plain_classes
from meguru.tasks import RawAnswer, Task, task_of
from meguru.tasks.binary import TWO, Binary
from meguru.tasks.interval import IntervalTask
from meguru.tasks.multiclass import Multiclass
from meguru.tasks.multilabel import Multilabel
from meguru.tasks.multioutput import Multioutput
from meguru.tasks.quantile import Quantile

Score = Callable[[Any], RawAnswer]


def find(model: Any) -> Task:
    """Return the task of a fitted estimator.

    Raises
    ------
    InvalidInput
        When it neither classifies nor predicts a number, or was not fitted.
    """
    classes = getattr(model, "classes_", None)
    if classes is None:
        return _without_classes(model)
    if isinstance(classes, list):
        return Multilabel(classes=tuple(range(len(classes))))
    return complete(model, Binary() if len(classes) == 2 else Multiclass())


def complete(model: Any, said: Task) -> Task:
    """Return the task with the classes or targets that the estimator knows, if none are said.

    Raises
    ------
    InvalidInput
        When the estimator can't do what is said.
    """
    if isinstance(said, Binary) and said.key == "binary":
        classes = plain_classes(_classes(model, said))
        if len(classes) != 2:
            raise InvalidInput(
                f"the estimator knows {len(classes)} classes, a binary one knows two",
                field="task",
                hint="say task='multiclass'" if len(classes) > 2 else "train on rows of both classes",
            )
        both = (classes[0], classes[1])
        return said if said.classes != TWO or both == TWO else msgspec.structs.replace(said, classes=both)
    if isinstance(said, Multiclass):
        classes = plain_classes(_classes(model, said))
        if said.classes and len(said.classes) != len(classes):
            raise InvalidInput(
                f"the estimator knows {len(classes)} classes, and {len(said.classes)} are said",
                field="task.classes",
            )
        return said if said.classes else task_of({"task": said.key, "classes": classes})
    if isinstance(said, Multilabel) and not said.classes:
        return msgspec.structs.replace(said, classes=tuple(range(len(_classes(model, said)))))
    if isinstance(said, Multioutput) and not said.targets:
        return msgspec.structs.replace(said, targets=_targets(model))
    return said


def scorer(estimator: Any, task: Task) -> Score:
    """Return the call that gives the raw answers of a task."""
    if isinstance(task, Binary) and task.key == "binary":
        return _second_class(estimator)
    if isinstance(task, Multiclass):
        return _class_scores(estimator)
    if isinstance(task, Multilabel):
        return lambda data: _label_scores(estimator.predict_proba(data))
    if task.key == "anomaly":
        # scikit-learn's are higher the more usual a row is; ours the stranger.
        return lambda data: -estimator.decision_function(data)
    if isinstance(task, IntervalTask) and not hasattr(estimator, "predict_interval"):
        return lambda data: np.stack(estimator.predict(data), axis=1)
    return estimator.predict  # type: ignore[no-any-return]


def _second_class(estimator: Any) -> Score:
    if hasattr(estimator, "predict_proba"):
        # By position, as scikit-learn sorts classes_; `complete` has seen that there are two.
        return lambda data: estimator.predict_proba(data)[:, 1]
    return estimator.decision_function  # type: ignore[no-any-return]


def _class_scores(estimator: Any) -> Score:
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba  # type: ignore[no-any-return]
    if hasattr(estimator, "decision_function"):
        return estimator.decision_function  # type: ignore[no-any-return]
    classes = np.asarray(estimator.classes_)
    return lambda data: (np.asarray(estimator.predict(data))[:, None] == classes).astype(np.float64)


def _label_scores(found: Any) -> Any:
    """One array of a column a label; a multi-output classifier gives a list with two columns for each."""
    if isinstance(found, list):
        return np.stack([each[:, -1] for each in found], axis=1)
    return found


def _without_classes(model: Any) -> Task:
    kind = getattr(model, "_estimator_type", None) or _tagged(model)
    if kind == "outlier_detector":
        return task_of("anomaly")
    if not hasattr(model, "predict"):
        raise InvalidInput(
            f"a {type(model).__name__} predicts nothing",
            field="estimator",
            hint="fit it first, or say task='generic' and give a function that answers",
        )
    if (level := _level(model)) is not None:
        return Quantile(levels=(level,))
    targets = _targets(model)
    return Multioutput(targets=targets) if len(targets) > 1 else task_of("regression")


def _level(model: Any) -> float | None:
    """Return the level of a model of one quantile; None for another."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if type(last).__name__ == "QuantileRegressor":
        return float(last.quantile)
    if getattr(last, "loss", None) != "quantile":
        return None
    level = getattr(last, "quantile", None)
    return float(last.alpha if level is None else level)


def _tagged(model: Any) -> str | None:
    tags = getattr(model, "__sklearn_tags__", None)
    return getattr(tags(), "estimator_type", None) if tags else None


def _targets(model: Any) -> tuple[str, ...]:
    """Return names for the numbers that an estimator predicts for a row."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    count = getattr(last, "n_outputs_", None)
    # Linear models say their outputs only by the shape of their coefficients.
    shape: tuple[int, ...] = getattr(getattr(last, "coef_", None), "shape", ())
    if count is None and len(shape) == 2:
        count = shape[0]
    if count is None and hasattr(last, "estimators_") and type(last).__name__.startswith("MultiOutput"):
        count = len(last.estimators_)
    return tuple(f"y{place}" for place in range(int(count or 1)))


def _classes(model: Any, said: Task) -> Any:
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise InvalidInput(
            f"a {type(model).__name__} does not classify, as the task {said.key!r} wants",
            field="task",
            hint="say task='regression', or fit it first",
        )
    return classes
