"""What only shows on the built objects: whether their arrays fit each other where native code trusts them."""

from __future__ import annotations

from typing import Any

from meguru.flavors.skopsfile import centers, neighbors, trees, vectors
from meguru.flavors.skopsfile.reach import reachable


def check(model: Any) -> None:
    """Check every part of a model that was read; ValueError says what would crash a prediction."""
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    from sklearn.tree._tree import Tree

    held: set[int] = set()
    found = list(reachable(model))
    for part in found:
        held |= trees.check(part)
        vectors.check(part)
        neighbors.check(part)
        centers.check(part)
    if any(isinstance(part, TreePredictor | Tree) and id(part) not in held for part in found):
        raise ValueError("a tree outside of the estimators that check it")
