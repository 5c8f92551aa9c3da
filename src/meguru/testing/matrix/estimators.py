"""A tiny estimator of each flavor for each task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from meguru.testing.matrix.questions import FRAME, TaskQuestion, X

Make = Callable[[TaskQuestion, int], Any]
"""Makes an estimator; another number makes another one."""


class Needs(NamedTuple):
    """How a flavor's estimators are made, and the packages that it takes."""

    make: Make
    packages: tuple[str, ...]


def _weights(question: TaskQuestion, seed: int) -> tuple[Any, Any]:
    """Weights of shape (2, width) and a bias that keeps the bounds of an interval in order."""
    draw = np.random.default_rng(seed)
    spread = question.task["task"] in {"interval", "quantile"}
    one = draw.normal(size=(2, 1)) * np.ones((1, question.width))
    weights = one if spread else draw.normal(size=(2, question.width))
    ordered = {"interval": [0.0, -1.0, 1.0], "quantile": [-1.0, 0.0, 1.0]}
    bias = ordered.get(question.task["task"], [0.0] * question.width)
    return np.round(weights * 64) / 64, np.array(bias)


def onnx(question: TaskQuestion, seed: int) -> Any:
    """One dense layer."""
    from meguru.testing.networks.onnx import dense

    names = {"sigmoid": "Sigmoid", "softmax": "Softmax", "linear": "Identity"}
    return dense(*_weights(question, seed), activation=names[question.activation])


def function(question: TaskQuestion, seed: int) -> Any:
    """One dense layer, as code that a host runs."""
    from meguru.modelhost.function_model import FunctionModel
    from meguru.testing.matrix.dense_rows import DenseRows

    weights, bias = _weights(question, seed)
    name = question.task["outputs"][0]["name"] if question.task["task"] == "generic" else ""
    said = {
        "weights": weights.tolist(),
        "bias": bias.tolist(),
        "activation": question.activation,
        "name": name,
    }
    return FunctionModel(target=DenseRows, arguments=said)


def pytorch(question: TaskQuestion, seed: int) -> Any:
    """One linear layer and its activation."""
    import torch
    from torch import nn

    weights, bias = (torch.tensor(weight, dtype=torch.float32) for weight in _weights(question, seed))
    layer = nn.Linear(2, question.width)
    layer.weight.data, layer.bias.data = weights.T.contiguous(), bias
    last = {"sigmoid": nn.Sigmoid(), "softmax": nn.Softmax(dim=-1), "linear": nn.Identity()}
    return nn.Sequential(layer, last[question.activation])


def keras(question: TaskQuestion, seed: int) -> Any:
    """One dense layer."""
    from meguru.testing.networks.keras import library

    found = library()
    layer = found.layers.Dense(question.width, activation=question.activation)
    model = found.Sequential([found.Input((2,)), layer])
    layer.set_weights(list(_weights(question, seed)))
    return model


def sklearn(question: TaskQuestion, seed: int) -> Any:
    """A tree; an isolation forest for anomalies, boosting for a quantile."""
    from sklearn.ensemble import GradientBoostingRegressor, IsolationForest
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if question.task["task"] == "anomaly":
        return IsolationForest(n_estimators=3, random_state=seed).fit(X)
    if question.task["task"] == "quantile":
        level = question.task["levels"][0]
        boosting = GradientBoostingRegressor(loss="quantile", alpha=level, n_estimators=1 + seed)
        return boosting.fit(X, question.y)
    kind = DecisionTreeClassifier if question.activation != "linear" else DecisionTreeRegressor
    return kind(max_depth=2 + seed, random_state=seed).fit(X, question.y)


def xgboost(question: TaskQuestion, seed: int) -> Any:
    """A few trees of XGBoost, by the objective of the task."""
    import xgboost as library

    options: dict[str, Any] = {"n_estimators": 1 + seed, "max_depth": 2, "n_jobs": 1, "random_state": seed}
    if question.task["task"] == "ranking":
        groups = np.repeat(np.arange(len(X) // 10), 10)
        return library.XGBRanker(**options).fit(FRAME.to_pandas(), question.y, qid=groups)
    if question.task["task"] == "quantile":
        options |= {"objective": "reg:quantileerror", "quantile_alpha": question.task["levels"]}
    kind = library.XGBClassifier if question.activation != "linear" else library.XGBRegressor
    return kind(**options).fit(FRAME.to_pandas(), question.y)


def lightgbm(question: TaskQuestion, seed: int) -> Any:
    """A few trees of LightGBM, by the objective of the task."""
    import lightgbm as library

    options: dict[str, Any] = {"n_estimators": 1 + seed, "num_leaves": 3, "min_child_samples": 2}
    options |= {"n_jobs": 1, "verbose": -1, "random_state": seed}
    if question.task["task"] == "ranking":
        return library.LGBMRanker(**options).fit(X, question.y, group=[10] * (len(X) // 10))
    if question.task["task"] == "quantile":
        options |= {"objective": "quantile", "alpha": question.task["levels"][0]}
    kind = library.LGBMClassifier if question.activation != "linear" else library.LGBMRegressor
    one = (
        question.y if np.ndim(question.y) == 1 else question.y[:, 0]
    )  # it learns no more, and the cell is refused
    return kind(**options).fit(X, one)


def catboost(question: TaskQuestion, seed: int) -> Any:
    """A few trees of CatBoost, by the loss of the task."""
    import catboost as library

    options: dict[str, Any] = {"iterations": 1 + seed, "depth": 2, "verbose": 0, "thread_count": 1}
    options |= {"allow_writing_files": False, "random_seed": seed}
    task = question.task["task"]
    if task == "ranking":
        return library.CatBoostRanker(**options).fit(X, question.y, group_id=np.arange(len(X)) // 10)
    levels = ",".join(map(str, question.task.get("levels", [])))
    losses = {
        "multilabel": "MultiLogloss",
        "multioutput": "MultiRMSE",
        "quantile": f"MultiQuantile:alpha={levels}",
    }
    options |= {"loss_function": losses[task]} if task in losses else {}
    kind = library.CatBoostClassifier if question.activation != "linear" else library.CatBoostRegressor
    return kind(**options).fit(X, question.y)


def statsmodels(question: TaskQuestion, seed: int) -> Any:
    """Parameters of one equation, or of one for each class but the first."""
    from statsmodels.discrete.discrete_model import MNLogit
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import OLS
    from statsmodels.regression.quantile_regression import QuantReg

    rows, task = X * [[1.0, float(seed)]], question.task["task"]
    if task == "quantile":
        return QuantReg(question.y, rows).fit(q=question.task["levels"][0])
    if task == "multiclass":
        return MNLogit(question.y, rows).fit(disp=0, maxiter=3 + seed, warn_convergence=False)
    if question.activation == "sigmoid" and np.ndim(question.y) == 1:
        return GLM(question.y, rows, family=Binomial()).fit_regularized(alpha=0.1 * seed)
    one = (
        question.y if np.ndim(question.y) == 1 else question.y[:, 0]
    )  # it learns no more, and the cell is refused
    return OLS(one, rows).fit()


FLAVORS: dict[str, Needs] = {
    "catboost": Needs(catboost, ("catboost",)),
    "function": Needs(function, ()),
    "keras": Needs(keras, ("torch", "keras")),
    "lightgbm": Needs(lightgbm, ("lightgbm",)),
    "onnx": Needs(onnx, ("onnxruntime",)),
    "pytorch": Needs(pytorch, ("torch",)),
    "sklearn": Needs(sklearn, ("skops",)),
    "statsmodels": Needs(statsmodels, ("statsmodels",)),
    "xgboost": Needs(xgboost, ("xgboost", "pandas")),
}
"""By the flavor's name."""
FEW = {"function": ("generic", "multiclass")}
"""Tasks for which the whole wheel is asked, where asking it costs a dozen processes; the others are asked for
their answers alone."""


def estimator(flavor: str, question: TaskQuestion, seed: int) -> Any:
    """Return an estimator of a flavor that answers a question."""
    return FLAVORS[flavor].make(question, seed)
