"""Models of one linear predictor: parameters, and the function that makes an answer of it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

Matrix = np.ndarray[Any, np.dtype[np.float64]]
MAX_PARAMS = 1_000_000
_LINKS = (
    "CLogLog",
    "Cauchy",
    "Identity",
    "InversePower",
    "InverseSquared",
    "LogLog",
    "Logit",
    "Log",
    "Probit",
    "Sqrt",
)
_SAME = {"GLS", "GLSAR", "OLS", "QuantReg", "RLM", "WLS"}
_OWN = {"Logit": "Logit", "Poisson": "Log", "Probit": "Probit"}
_EXTRA = {"NegativeBinomial": 1}
KINDS = frozenset({*_SAME, *_OWN, *_EXTRA, "GLM", "MNLogit"})
"""The classes of models, by name, whose results are stored."""


def data_of(results: Any) -> dict[str, Any]:
    """Return what a results object predicts with; TypeError says what can't be kept.

    Raises
    ------
    TypeError
        When it was fitted with a formula, which is code, or with offsets.
    """
    model, kind = results.model, type(results.model).__name__
    if getattr(model, "formula", None) is not None:
        raise TypeError("its formula is code; fit it on the columns: OLS(y, add_constant(frame[[…]]))")
    if any(getattr(model, name, None) is not None for name in ("offset", "exposure")):
        raise TypeError("it was fitted with offsets, which its rows would have to bring")
    names = [str(name) for name in model.exog_names]
    params = np.asarray(results.params, dtype=np.float64)
    # The dispersion of a negative binomial stands last among the parameters, and no column goes with it.
    params = params[: len(params) - _EXTRA.get(kind, 0)]
    found = {
        "kind": kind,
        "params": params.tolist(),
        "names": names[: len(params)],
        "link": type(model.family.link).__name__ if kind == "GLM" else "",
    }
    if kind == "GLM" and found["link"] not in _LINKS:
        raise TypeError(f"the link {found['link']} is none of {', '.join(_LINKS)}")
    return found


def check(held: dict[str, Any]) -> None:
    """Check the data of a file; ValueError says what is wrong."""
    params = np.asarray(held.get("params"), dtype=np.float64)
    wanted = 2 if held["kind"] == "MNLogit" else 1
    if params.ndim != wanted or not 0 < params.size <= MAX_PARAMS or not np.isfinite(params).all():
        raise ValueError("parameters that are no finite numbers")
    names = held.get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("the names of parameters are no texts")
    if len(names) != len(params):
        raise ValueError("the names are not as many as the parameters")
    if held["kind"] == "GLM" and held.get("link") not in _LINKS:
        raise ValueError("a link that is none of statsmodels'")


class LinearModel:
    """Parameters with a link, asked with rows of as many columns as there are parameters.

    Attributes
    ----------
    kind, names
        The class of the model, and the names of its parameters; ``const`` is a column of ones.
    """

    def __init__(self, held: dict[str, Any]) -> None:
        check(held)
        self.kind: str = held["kind"]
        self.names: list[str] = held["names"]
        self.params = np.asarray(held["params"], dtype=np.float64)
        self._link = _link(held)

    def predict(self, rows: Matrix) -> Matrix:
        """Return the mean of each row, shape (rows,); shape (rows, classes) of a multinomial one."""
        predictor = np.dot(self._with_ones(rows), self.params)
        if self.kind == "MNLogit":
            # The first class is the reference: its linear predictor is 0.
            odds = np.column_stack((np.ones(len(predictor)), np.exp(predictor)))
            return np.asarray(odds / odds.sum(1)[:, None])
        return np.asarray(predictor if self._link is None else self._link(predictor))

    def _with_ones(self, rows: Matrix) -> Matrix:
        if rows.shape[1] == len(self.names) - 1 and "const" in self.names:
            return np.insert(rows, self.names.index("const"), 1.0, axis=1)
        return rows


def _link(held: dict[str, Any]) -> Any:
    """Return the function from the linear predictor to the mean, as the library itself computes it."""
    kind = held["kind"]
    if kind in _SAME or kind == "MNLogit":
        return None
    if kind in {"NegativeBinomial", "Poisson"}:
        return np.exp
    if kind == "Logit":
        return lambda predictor: 1 / (1 + np.exp(-predictor))
    if kind == "Probit":
        from scipy.stats import norm

        return norm._cdf  # noqa: SLF001 (what statsmodels calls)
    links = import_module("statsmodels.genmod.families.links")
    return getattr(links, held["link"])().inverse
