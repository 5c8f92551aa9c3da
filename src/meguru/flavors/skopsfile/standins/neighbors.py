"""Trees of neighbours are built again from their points: the same points and leaf size give the same tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from meguru.flavors.skopsfile.standins.base import StandIn

_KINDS = ("KDTree", "BallTree")
_PLAIN = {
    "EuclideanDistance64": "euclidean",
    "ManhattanDistance64": "manhattan",
    "ChebyshevDistance64": "chebyshev",
    "HammingDistance64": "hamming",
    "CanberraDistance64": "canberra",
    "BrayCurtisDistance64": "braycurtis",
    "JaccardDistance64": "jaccard",
    "DiceDistance64": "dice",
    "RogersTanimotoDistance64": "rogerstanimoto",
    "RussellRaoDistance64": "russellrao",
    "SokalMichenerDistance64": "sokalmichener",
    "SokalSneathDistance64": "sokalsneath",
    "HaversineDistance64": "haversine",
}
"""Distances that need no parameter, by the class that scikit-learn keeps in a tree."""


class NeighborTree(StandIn):
    """A `KDTree` or `BallTree`: its points, leaf size, distance, and weights if it has any."""

    module = "sklearn.neighbors"

    @classmethod
    def claims(cls, subject: Any) -> bool:
        """Say whether it is such a tree."""
        return type(subject).__name__ in _KINDS and type(subject).__module__.startswith("sklearn.neighbors.")

    @classmethod
    def data(cls, subject: Any) -> tuple[Any, ...]:
        """Return kind, points, leaf size, distance, its parameter p and the points' weights."""
        state = subject.__getstate__()
        points, leaf_size, distance, weights = state[0], state[4], state[11], state[12]
        metric, power = _metric(distance)
        given = None if weights is None else np.asarray(weights)
        return type(subject).__name__, np.asarray(points), int(leaf_size), metric, power, given

    @classmethod
    def restore(cls, *args: Any) -> Any:
        """Build the tree."""
        import sklearn.neighbors

        kind, points, leaf_size, metric, power, weights = args
        if kind not in _KINDS or metric not in {*_PLAIN.values(), "minkowski"}:
            raise ValueError("a tree of neighbours of a strange kind")
        if not isinstance(points, np.ndarray) or points.dtype != np.float64 or points.ndim != 2:
            raise ValueError("the points of a tree of neighbours are no matrix of numbers")
        if type(leaf_size) is not int or leaf_size < 1 or not points.size or not np.isfinite(points).all():
            raise ValueError("a tree of neighbours without points or leaves")
        options = {"p": float(power)} if metric == "minkowski" else {}
        tree = getattr(sklearn.neighbors, kind)
        return tree(points, leaf_size=leaf_size, metric=metric, sample_weight=_weights(weights), **options)


def _metric(distance: Any) -> tuple[str, float]:
    name, state = type(distance).__name__, distance.__getstate__()
    if name in _PLAIN:
        return _PLAIN[name], 2.0
    if name == "MinkowskiDistance64" and not np.size(state[1]):
        return "minkowski", float(state[0])
    raise TypeError(f"a tree of neighbours by {name} can't be built again; use algorithm='brute'")


def _weights(weights: Any) -> Any:
    if weights is not None and (weights.dtype != np.float64 or weights.ndim != 1):
        raise ValueError("the weights of a tree of neighbours are no numbers")
    return weights
