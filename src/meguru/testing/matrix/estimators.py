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


def _weights(asked: TaskQuestion, seed: int) -> tuple[Any, Any]:
    """Weights of shape (2, width) and a bias that keeps the bounds of an interval in order."""
    draw = np.random.default_rng(seed)
    spread = asked.task["task"] in {"interval", "quantile"}
    one = draw.normal(size=(2, 1)) * np.ones((1, asked.width))
    weights = one if spread else draw.normal(size=(2, asked.width))
    ordered = {"interval": [0.0, -1.0, 1.0], "quantile": [-1.0, 0.0, 1.0]}
    bias = ordered.get(asked.task["task"], [0.0] * asked.width)
    return np.round(weights * 64) / 64, np.array(bias)


def onnx(asked: TaskQuestion, seed: int) -> Any:
    """One dense layer."""
    from meguru.testing.networks.onnx import dense

    names = {"sigmoid": "Sigmoid", "softmax": "Softmax", "linear": "Identity"}
    return dense(*_weights(asked, seed), activation=names[asked.activation])


def function(asked: TaskQuestion, seed: int) -> Any:
    """One dense layer, as code that a host runs."""
    from meguru.modelhost.function_model import FunctionModel
    from meguru.testing.matrix.dense_rows import DenseRows

    weights, bias = _weights(asked, seed)
    name = asked.task["outputs"][0]["name"] if asked.task["task"] == "generic" else ""
    said = {"weights": weights.tolist(), "bias": bias.tolist(), "activation": asked.activation, "name": name}
    return FunctionModel(target=DenseRows, arguments=said)


def pytorch(asked: TaskQuestion, seed: int) -> Any:
    """One linear layer and its activation."""
    import torch
    from torch import nn

    weights, bias = (torch.tensor(each, dtype=torch.float32) for each in _weights(asked, seed))
    layer = nn.Linear(2, asked.width)
    layer.weight.data, layer.bias.data = weights.T.contiguous(), bias
    last = {"sigmoid": nn.Sigmoid(), "softmax": nn.Softmax(dim=-1), "linear": nn.Identity()}
    return nn.Sequential(layer, last[asked.activation])


def keras(asked: TaskQuestion, seed: int) -> Any:
    """One dense layer."""
    from meguru.testing.networks.keras import library

    found = library()
    layer = found.layers.Dense(asked.width, activation=asked.activation)
    model = found.Sequential([found.Input((2,)), layer])
    layer.set_weights(list(_weights(asked, seed)))
    return model


def sklearn(asked: TaskQuestion, seed: int) -> Any:
    """A tree; an isolation forest for anomalies, boosting for a quantile."""
    from sklearn.ensemble import GradientBoostingRegressor, IsolationForest
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if asked.task["task"] == "anomaly":
        return IsolationForest(n_estimators=3, random_state=seed).fit(X)
    if asked.task["task"] == "quantile":
        level = asked.task["levels"][0]
        boosting = GradientBoostingRegressor(loss="quantile", alpha=level, n_estimators=1 + seed)
        return boosting.fit(X, asked.y)
    kind = DecisionTreeClassifier if asked.activation != "linear" else DecisionTreeRegressor
    return kind(max_depth=2 + seed, random_state=seed).fit(X, asked.y)


def xgboost(asked: TaskQuestion, seed: int) -> Any:
    """A few trees of XGBoost, by the objective of the task."""
    import xgboost as library

    options: dict[str, Any] = {"n_estimators": 1 + seed, "max_depth": 2, "n_jobs": 1, "random_state": seed}
    if asked.task["task"] == "ranking":
        groups = np.repeat(np.arange(len(X) // 10), 10)
        return library.XGBRanker(**options).fit(FRAME.to_pandas(), asked.y, qid=groups)
    if asked.task["task"] == "quantile":
        options |= {"objective": "reg:quantileerror", "quantile_alpha": asked.task["levels"]}
    kind = library.XGBClassifier if asked.activation != "linear" else library.XGBRegressor
    return kind(**options).fit(FRAME.to_pandas(), asked.y)


def lightgbm(asked: TaskQuestion, seed: int) -> Any:
    """A few trees of LightGBM, by the objective of the task."""
    import lightgbm as library

    options: dict[str, Any] = {"n_estimators": 1 + seed, "num_leaves": 3, "min_child_samples": 2}
    options |= {"n_jobs": 1, "verbose": -1, "random_state": seed}
    if asked.task["task"] == "ranking":
        return library.LGBMRanker(**options).fit(X, asked.y, group=[10] * (len(X) // 10))
    if asked.task["task"] == "quantile":
        options |= {"objective": "quantile", "alpha": asked.task["levels"][0]}
    kind = library.LGBMClassifier if asked.activation != "linear" else library.LGBMRegressor
    one = asked.y if np.ndim(asked.y) == 1 else asked.y[:, 0]  # it learns no more, and the cell is refused
    return kind(**options).fit(X, one)


def catboost(asked: TaskQuestion, seed: int) -> Any:
    """A few trees of CatBoost, by the loss of the task."""
    import catboost as library

    options: dict[str, Any] = {"iterations": 1 + seed, "depth": 2, "verbose": 0, "thread_count": 1}
    options |= {"allow_writing_files": False, "random_seed": seed}
    task = asked.task["task"]
    if task == "ranking":
        return library.CatBoostRanker(**options).fit(X, asked.y, group_id=np.arange(len(X)) // 10)
    levels = ",".join(map(str, asked.task.get("levels", [])))
    losses = {
        "multilabel": "MultiLogloss",
        "multioutput": "MultiRMSE",
        "quantile": f"MultiQuantile:alpha={levels}",
    }
    options |= {"loss_function": losses[task]} if task in losses else {}
    kind = library.CatBoostClassifier if asked.activation != "linear" else library.CatBoostRegressor
    return kind(**options).fit(X, asked.y)


def statsmodels(asked: TaskQuestion, seed: int) -> Any:
    """Parameters of one equation, or of one for each class but the first."""
    from statsmodels.discrete.discrete_model import MNLogit
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import OLS
    from statsmodels.regression.quantile_regression import QuantReg

    rows, task = X * [[1.0, float(seed)]], asked.task["task"]
    if task == "quantile":
        return QuantReg(asked.y, rows).fit(q=asked.task["levels"][0])
    if task == "multiclass":
        return MNLogit(asked.y, rows).fit(disp=0, maxiter=3 + seed, warn_convergence=False)
    if asked.activation == "sigmoid" and np.ndim(asked.y) == 1:
        return GLM(asked.y, rows, family=Binomial()).fit_regularized(alpha=0.1 * seed)
    one = asked.y if np.ndim(asked.y) == 1 else asked.y[:, 0]  # it learns no more, and the cell is refused
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


def estimator(flavor: str, asked: TaskQuestion, seed: int) -> Any:
    """Return an estimator of a flavor that answers a question."""
    return FLAVORS[flavor].make(asked, seed)
