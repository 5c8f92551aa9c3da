"""Direct loss estimation (DLE): the expected error of a row, by regression trees trained on errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.intervals import Interval, normal_quantile

_DIGITS, _ALL_DIGITS = 7, 15
"""Of what is written down; a threshold lies between values that may differ in their last digits only."""
_WHOLE = ("feature", "missing_left", "left", "right", "roots")
_MAX_DEPTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LossTrees:
    """Regression trees whose sum is the loss to be expected of a row.

    Parameters
    ----------
    feature
        Shape (nodes,): the column that a node asks, -1 in a leaf.
    threshold, missing_left
        Shape (nodes,): values up to the threshold go left, and so do missing ones if the second says so.
    left, right
        Shape (nodes,): where it goes on.
    value
        Shape (nodes,): what a leaf adds.
    roots, base
        Where each tree begins, and what is added to their sum.
    spread
        Scalar, in the loss's unit: the standard deviation of the loss; around what is expected it is less.
    """

    feature: npt.NDArray[np.int64]
    threshold: Floats
    missing_left: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    value: Floats
    roots: npt.NDArray[np.int64]
    base: float
    spread: float

    def expected(self, table: Floats) -> Floats:
        """Return the loss to be expected of each row; table of shape (n, columns), NaN where missing."""
        found, rows = np.full(len(table), self.base), np.arange(len(table))
        for root in self.roots:
            node = np.full(len(table), root)
            # Bounded: the trees come out of a file, and two nodes of it could point at each other.
            for _ in range(_MAX_DEPTH):
                asked = self.feature[node]
                if (asked < 0).all():
                    break
                values = table[rows, np.maximum(asked, 0)]
                left = np.where(np.isnan(values), self.missing_left[node] > 0, values <= self.threshold[node])
                node = np.where(asked < 0, node, np.where(left, self.left[node], self.right[node]))
            found += self.value[node]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        digits = {"threshold": _ALL_DIGITS}
        return {
            field.name: _plain(getattr(self, field.name), digits.get(field.name, _DIGITS))
            for field in fields(self)
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LossTrees:
        """Read what `to_dict` wrote."""
        try:
            given: dict[str, Any] = {name: np.array(data[name], dtype=np.int64) for name in _WHOLE}
            given |= {name: np.array(data[name], dtype=np.float64) for name in ("threshold", "value")}
            made = cls(**given, base=float(data["base"]), spread=float(data["spread"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("these are no trees", field="losses", why=f"{error!r}") from error
        nodes = made.feature.size
        each_node = (made.threshold, made.missing_left, made.left, made.right, made.value)
        if any(each.shape != made.feature.shape for each in each_node):
            raise InvalidInput("these are no trees", field="losses", why="they differ in their nodes")
        places = np.concatenate((made.left, made.right, made.roots))
        if places.size and (places.min() < 0 or places.max() >= nodes):
            raise InvalidInput("these are no trees", field="losses", why="a node is not there")
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class LossModel:
    """What a model of numbers loses, by its inputs and its own answer.

    Parameters
    ----------
    columns
        Names of the columns, in the order in which trees ask them.
    categories
        Of columns that are no numbers, the values; their places take the place of the values.
    absolute, squared
        The absolute error, and its square.
    rows
        Of how many rows of the holdout it was learned.

    Notes
    -----
    The mean of the expected losses of a window is the estimate; what is realised varies around it by the
    spread of the loss over the rows of the window, and the trees are known as well as so many rows tell:
    :math:`s^2 (1/n + 1/m)`.

    References
    ----------
    NannyML (2022). Direct loss estimation (DLE).
    """

    columns: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    absolute: LossTrees
    squared: LossTrees
    rows: int

    def estimate(self, metric: str, table: Floats, n: int, level: float = 0.95) -> Interval:
        """Return the ``mae`` or ``rmse`` that is expected of `n` rows, of which `table` holds some or all."""
        trees = self.absolute if metric == "mae" else self.squared
        each = trees.expected(table)
        k = len(each)
        if not k:
            return Interval(estimate=math.nan, low=math.nan, high=math.nan, level=level, method="dle", n=0)
        mean = max(0.0, float(each.mean()))
        variance = trees.spread**2 * (1 / n + 1 / self.rows)
        # Sampling without replacement: where the table holds all n rows, this part is 0.
        variance += float(each.var()) / k * max(0.0, 1 - k / n)
        half = normal_quantile(level) * math.sqrt(variance)
        low, high = max(0.0, mean - half), mean + half
        if metric == "rmse":
            mean, low, high = math.sqrt(mean), math.sqrt(low), math.sqrt(high)
        return Interval(estimate=mean, low=low, high=high, level=level, method="dle", n=n)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "columns": list(self.columns),
            "categories": {name: list(values) for name, values in self.categories.items()},
            "absolute": self.absolute.to_dict(),
            "squared": self.squared.to_dict(),
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LossModel:
        """Read what `to_dict` wrote.

        Raises
        ------
        InvalidInput
            When it is something else.
        """
        try:
            names = tuple(map(str, data["columns"]))
            categories = {name: tuple(map(str, each)) for name, each in data["categories"].items()}
            absolute, squared = (LossTrees.from_dict(data[name]) for name in ("absolute", "squared"))
            rows = int(data["rows"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput("these are no expected losses", field="losses", why=f"{error!r}") from error
        if rows < 1:
            raise InvalidInput("these are no expected losses", field="losses", why="they are of no row")
        if any(each.feature.max(initial=-1) >= len(names) for each in (absolute, squared)):
            raise InvalidInput("these are no expected losses", field="losses", why="a column is not there")
        return cls(columns=names, categories=categories, absolute=absolute, squared=squared, rows=rows)


def _plain(values: Any, digits: int) -> Any:
    if isinstance(values, float):
        return float(f"{values:.{digits}g}")
    return [float(f"{each:.{digits}g}") if isinstance(each, float) else each for each in values.tolist()]
