"""Decision trees point into their own arrays, and native code follows the pointers unchecked.

A crafted or damaged file would crash the process on the first prediction (or read foreign memory), so every
child and feature index is checked here. A child always comes after its parent, which also rules out loops.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_LEAF = -1


def check_tree_node(node: dict[str, Any], read: Callable[[dict[str, Any]], Array]) -> None:
    """Check the state of one ``sklearn.tree`` tree in a schema; ValueError says what is wrong.

    Parameters
    ----------
    node
        The schema of the tree.
    read
        Reads the array of a schema's array node.
    """
    features, classes, outputs = node["__reduce__"]["args"]["content"]
    n_features, n_outputs = json.loads(features["content"]), json.loads(outputs["content"])
    n_classes, state = read(classes), node["content"]["content"]
    nodes, values = read(state["nodes"]), read(state["values"])
    if type(n_features) is not int or type(n_outputs) is not int or n_outputs < 1:
        raise ValueError("a tree without outputs")
    if n_classes.dtype.kind != "i" or n_classes.shape != (n_outputs,) or int(n_classes.min()) < 1:
        raise ValueError("a tree's classes do not fit its outputs")
    count = json.loads(state["node_count"]["content"])
    if nodes.shape != (count,) or values.shape != (count, n_outputs, int(n_classes.max())):
        raise ValueError("a tree's arrays do not fit its number of nodes")
    leaf = nodes["left_child"] == _LEAF
    check_links(nodes["left_child"], nodes["right_child"], nodes["feature"], leaf, n_features)


def check_links(left: Array, right: Array, feature: Array, leaf: Array, n_features: int) -> None:
    """Check that inner nodes lead to later nodes and read features that exist; ValueError if not."""
    count = left.shape[0]
    if not count:
        raise ValueError("a tree without nodes")
    inner = np.flatnonzero(~leaf.astype(bool))
    for child in (left, right):
        target = child[inner].astype(np.int64)
        # Later than its parent: one comparison rules out loops as well.
        if np.any(target <= inner) or np.any(target >= count):
            raise ValueError("a tree leads to a node that it does not have")
    read = feature[inner].astype(np.int64)
    if np.any(read < 0) or np.any(read >= n_features):
        raise ValueError("a tree reads a feature that the model does not have")


def check(part: Any) -> set[int]:
    """Check that trees fit the estimator that holds them; return the ids of those it holds itself."""
    from sklearn.ensemble._bagging import BaseBagging
    from sklearn.ensemble._forest import BaseForest
    from sklearn.ensemble._gb import BaseGradientBoosting
    from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
    from sklearn.tree import BaseDecisionTree
    from sklearn.tree._tree import Tree

    if isinstance(part, BaseHistGradientBoosting):
        return _check_boosting(part)
    if isinstance(part, BaseDecisionTree) and "tree_" in vars(part):
        return {_check_tree(part, Tree)}
    if isinstance(part, BaseForest) and "estimators_" in vars(part):
        _check_forest(part, BaseDecisionTree)
    elif isinstance(part, BaseGradientBoosting) and "estimators_" in vars(part):
        _check_stages(part, BaseDecisionTree)
    elif isinstance(part, BaseBagging) and "estimators_" in vars(part):
        _check_bag(part)
    return set()


def _check_tree(estimator: Any, kind: Any) -> int:
    if type(estimator.tree_) is not kind or estimator.tree_.n_features != estimator.n_features_in_:
        raise ValueError("a tree reads a feature that the model does not have")
    return id(estimator.tree_)


def _check_forest(forest: Any, kind: Any) -> None:
    members = forest.estimators_
    if not isinstance(members, list) or any(
        not isinstance(member, kind) or member.n_features_in_ != forest.n_features_in_ for member in members
    ):
        raise ValueError("a forest holds a tree made for other features")


def _check_stages(model: Any, kind: Any) -> None:
    """Gradient boosting adds each tree of a stage to its own column of the first guess."""
    stages = model.estimators_
    if not isinstance(stages, np.ndarray) or stages.ndim != 2 or not stages.size:
        raise ValueError("a boosting model without stages")
    for tree in stages.ravel():
        if not isinstance(tree, kind) or tree.n_features_in_ != model.n_features_in_:
            raise ValueError("a boosting model holds a tree made for other features")
        if tree.tree_.value.shape[1:] != (1, 1):
            raise ValueError("a boosting model holds a tree that gives no single number")
    # The model is asked itself: its first guess is an estimator of any kind, or a number for each class.
    first = model._raw_predict_init(np.zeros((2, model.n_features_in_), dtype=np.float32))  # noqa: SLF001
    if first.shape != (2, stages.shape[1]):
        raise ValueError("the first guess of a boosting model does not fit its stages")


def _check_bag(bag: Any) -> None:
    """A bag feeds each member the features picked for it, an isolation forest without another look."""
    picked = vars(bag).get("estimators_features_")
    if picked is None or len(picked) != len(bag.estimators_):
        raise ValueError("a bag does not say which features its members take")
    for member, features in zip(bag.estimators_, picked, strict=True):
        if len(features) != getattr(member, "n_features_in_", len(features)):
            raise ValueError("a bag holds a member made for other features")


def _check_boosting(model: Any) -> set[int]:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    width = model.n_features_in_ if "_predictors" in vars(model) else 0
    categorical = np.asarray(model._bin_mapper.is_categorical_ if width else [], dtype=bool)  # noqa: SLF001
    if categorical.shape != (width,):
        raise ValueError("the mask of categorical features does not fit the model")
    _check_preprocessor(vars(model).get("_preprocessor"), width)
    held: set[int] = set()
    for predictor in (tree for stage in vars(model).get("_predictors", []) for tree in stage):
        nodes, sets = predictor.nodes, predictor.raw_left_cat_bitsets
        if nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
            raise ValueError("a tree's nodes have another layout")
        if sets.dtype != np.uint32 or sets.ndim != 2 or sets.shape[1] != 8:
            raise ValueError("a tree's category sets have another layout")
        check_links(nodes["left"], nodes["right"], nodes["feature_idx"], nodes["is_leaf"], width)
        _check_categories(nodes, categorical, sets.shape[0])
        held.add(id(predictor))
    return held


def _check_categories(nodes: Array, categorical: Array, sets: int) -> None:
    splits = nodes[(nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0)]
    if np.any(splits["bitset_idx"] >= sets) or not np.all(categorical[splits["feature_idx"]]):
        raise ValueError("a tree splits on categories that the model does not have")


def _check_preprocessor(preprocessor: Any, width: int) -> None:
    """Boosting encodes categories with a column transformer, which must give as many columns as it takes."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

    if preprocessor is None:
        return
    if type(preprocessor) is not ColumnTransformer:
        raise ValueError("a boosting model with a foreign preprocessor")
    taken = 0
    for _, part, columns in preprocessor.transformers_:
        if isinstance(part, str) and part == "drop":
            continue
        own = type(part) is OrdinalEncoder or (type(part) is FunctionTransformer and _only_checks(part.func))
        mask = np.asarray(columns)
        if not own or mask.dtype != bool:
            raise ValueError("a boosting model with a foreign preprocessor")
        taken += int(mask.sum())
    if taken != width:
        raise ValueError("a boosting model whose preprocessor gives other columns")


def _only_checks(function: Any) -> bool:
    from sklearn.utils.validation import check_array

    return function is None or (isinstance(function, partial) and function.func is check_array)
