"""The check of an XGBoost model before XGBoost reads it: its native code follows trees without looking.

A tree whose child or feature does not exist would crash the process or read foreign memory; a loop would
never end; a large category would allocate without bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
MAX_FEATURES, MAX_GROUPS, MAX_TREES = 1_000_000, 10_000, 1_000_000
MAX_CATEGORY = 1 << 24
"""XGBoost's own bound for a category's number; a split allocates a bit for each up to its largest."""
MAX_CATEGORY_BITS = 1 << 32
_NOBODY, _ROOT = -1, 2**31 - 1


def check(model: Any) -> None:
    """Check a whole model; ValueError says what is wrong."""
    learner = _dict(_dict(model, "model").get("learner"), "learner")
    params = _dict(learner.get("learner_model_param"), "learner_model_param")
    width = _whole(params.get("num_feature"), MAX_FEATURES)
    groups = max(_whole(params.get(name, "0"), MAX_GROUPS) for name in ("num_class", "num_target"))
    groups = max(groups, 1)
    _texts(learner.get("attributes", {}))
    for name in ("feature_names", "feature_types"):
        given = learner.get(name, [])
        if not isinstance(given, list) or len(given) not in {0, width}:
            raise ValueError(f"{name} do not fit the number of features")
    booster = _dict(learner.get("gradient_booster"), "gradient_booster")
    kind = booster.get("name")
    if kind == "gblinear":
        _check_linear(_dict(booster.get("model"), "model"), width, groups)
    elif kind in {"gbtree", "dart"}:
        _check_trees(booster, width, groups)
    else:
        raise ValueError(f"a booster of the unknown kind {str(kind)[:40]!r}")


def _check_linear(model: dict[str, Any], width: int, groups: int) -> None:
    if len(_array(model.get("weights"), "f")) != (width + 1) * groups:
        raise ValueError("a linear model's weights do not fit its features")


def _check_trees(booster: dict[str, Any], width: int, groups: int) -> None:
    inner = booster
    if booster["name"] == "dart":
        inner = _dict(booster.get("gbtree"), "gbtree")
    model = _dict(inner.get("model"), "model")
    trees = model.get("trees")
    if not isinstance(trees, list) or len(trees) > MAX_TREES:
        raise ValueError("a model without trees, or with too many")
    said = _whole(_dict(model.get("gbtree_model_param"), "parameters").get("num_trees"), MAX_TREES)
    info = _array(model.get("tree_info"), "i")
    if said != len(trees) or len(info) != len(trees):
        raise ValueError("the number of trees is not what the model says")
    if len(info) and (info.min() < 0 or info.max() >= groups):
        raise ValueError("a tree of a class that the model does not have")
    steps = model.get("iteration_indptr")
    if steps is not None and (len(trees) or len(steps)):
        _check_rising(_array(steps, "i"), len(trees))
    if booster["name"] == "dart" and len(_array(booster.get("weight_drop"), "f")) != len(trees):
        raise ValueError("the weights of trees do not fit their number")
    _check_categories_kept(model.get("cats"), width)
    for tree in trees:
        _check_tree(_dict(tree, "tree"), width)


def _check_tree(tree: dict[str, Any], width: int) -> None:
    params = _dict(tree.get("tree_param"), "tree_param")
    left, right = _array(tree.get("left_children"), "i"), _array(tree.get("right_children"), "i")
    count = len(left)
    if not count or _whole(params.get("num_nodes"), 1 << 31) != count:
        raise ValueError("a tree's nodes are not as many as it says")
    if _whole(params.get("size_leaf_vector", "1"), MAX_GROUPS) > 1:
        raise ValueError(
            "trees of several outputs each are not read; use multi_strategy='one_output_per_tree'"
        )
    feature = _array(tree.get("split_indices"), "i")
    sizes = {len(right), len(feature)}
    sizes |= {len(_array(tree.get(name), "f")) for name in ("split_conditions", "base_weights")}
    sizes |= {len(_array(tree.get(name), "f")) for name in ("loss_changes", "sum_hessian")}
    sizes |= {len(_array(tree.get(name), "iu")) for name in ("default_left", "parents")}
    if sizes != {count}:
        raise ValueError("the arrays of a tree differ in length")
    leaf = left == _NOBODY
    if not np.array_equal(leaf, right == _NOBODY):
        raise ValueError("a node of a tree has one child")
    check_children(left, right, leaf)
    _check_parents(_array(tree["parents"], "iu"), left, right, np.flatnonzero(~leaf))
    if (feature[~leaf] < 0).any() or (feature[~leaf] >= width).any():
        raise ValueError("a tree reads a feature that the model does not have")
    _check_splits(tree, count)


def check_children(left: Array, right: Array, leaf: Array) -> None:
    """Check that inner nodes lead to nodes that exist, and that no way goes round in a circle."""
    count = len(left)
    inner = np.flatnonzero(~leaf)
    children = np.concatenate([left[inner], right[inner]]).astype(np.int64)
    if (children < 0).any() or (children >= count).any():
        raise ValueError("a tree leads to a node that it does not have")
    # Nearly always so, and then there is no loop; the walk below costs a pass for each level.
    if (children > np.concatenate([inner, inner])).all():
        return
    # Nodes that were pruned and used again may come before their parents: then each is walked to once.
    seen = np.zeros(count, dtype=bool)
    level = np.zeros(1, dtype=np.int64)
    while len(level):
        if seen[level].any() or len(np.unique(level)) != len(level):
            raise ValueError("a tree goes round in a circle")
        seen[level] = True
        going = level[~leaf[level]]
        level = np.concatenate([left[going], right[going]]).astype(np.int64)


def _check_parents(parents: Array, left: Array, right: Array, inner: Array) -> None:
    """Check that the way up is the way down: XGBoost walks it too when it reads a tree."""
    fits = parents[0] in {_ROOT, _NOBODY} and np.array_equal(parents[left[inner]], inner)
    if not fits or not np.array_equal(parents[right[inner]], inner):
        raise ValueError("a tree's nodes do not know their parents")
    apart = np.ones(len(parents), dtype=bool)
    apart[np.concatenate([np.zeros(1, np.int64), left[inner], right[inner]])] = False
    if ((parents[apart] < 0) | ((parents[apart] >= len(parents)) & (parents[apart] != _ROOT))).any():
        raise ValueError("a tree's nodes do not know their parents")


def _check_splits(tree: dict[str, Any], count: int) -> None:
    kinds = _array(tree.get("split_type", []), "iu")
    nodes, starts = (
        _array(tree.get("categories_nodes", []), "i"),
        _array(tree.get("categories_segments", []), "i"),
    )
    sizes, found = _array(tree.get("categories_sizes", []), "i"), _array(tree.get("categories", []), "i")
    if len(kinds) not in {0, count} or len({len(nodes), len(starts), len(sizes)}) != 1:
        raise ValueError("a tree's categories do not fit its nodes")
    if len(kinds) and not np.array_equal(np.flatnonzero(kinds), np.unique(nodes)):
        raise ValueError("a tree splits by categories that it does not have")
    if not len(nodes):
        return
    beyond = (starts < 0) | (sizes < 0) | (starts.astype(np.int64) + sizes > len(found))
    if beyond.any() or (nodes < 0).any() or (nodes >= count).any() or (np.diff(nodes) <= 0).any():
        raise ValueError("a tree's categories lie outside of their list")
    if len(found) and (found.min() < 0 or found.max() >= MAX_CATEGORY):
        raise ValueError("a category's number is too large")
    if len(nodes) * int(found.max(initial=0)) > MAX_CATEGORY_BITS:
        raise ValueError("a tree's categories would take too much memory")


def _check_categories_kept(cats: Any, width: int) -> None:
    """Check the categories that the model was trained on, by which it numbers those of a frame."""
    if cats is None:
        return
    kept = _dict(cats, "cats").get("enc", [])
    order, ends = _array(cats.get("sorted_idx", []), "i"), _array(cats.get("feature_segments", []), "i")
    if not isinstance(kept, list) or len(kept) not in {0, width}:
        raise ValueError("the categories do not fit the number of features")
    sizes = [_category_count(_dict(each, "categories")) for each in kept]
    if len(order) != sum(sizes) or (kept and not np.array_equal(ends, np.cumsum([0, *sizes]))):
        raise ValueError("the categories do not fit their order")
    start = 0
    for size in sizes:
        if not np.array_equal(np.sort(order[start : start + size]), np.arange(size)):
            raise ValueError("the categories do not fit their order")
        start += size


def _category_count(kept: dict[str, Any]) -> int:
    values = _array(kept.get("values"), "iuf")
    if "offsets" not in kept:
        return len(values)
    offsets = _array(kept["offsets"], "i")
    if not len(offsets):
        return 0
    _check_rising(offsets, len(values))
    return len(offsets) - 1


def _check_rising(array: Array, last: int) -> None:
    if not len(array) or array[0] != 0 or array[-1] != last or (np.diff(array) < 0).any():
        raise ValueError("a list of places does not rise from none to all")


def _dict(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is missing or no object")  # noqa: TRY004 (a broken file, not our mistake)
    return value


def _texts(value: Any) -> None:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError("attributes that are no text")


def _whole(value: Any, most: int) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 12:
        raise ValueError(f"{str(value)[:40]!r} is no number of things")
    if int(value) > most:
        raise ValueError(f"{value} is more than the {most:,} allowed")
    return int(value)


def _array(value: Any, kinds: str) -> Array:
    if isinstance(value, list):
        value = (
            np.array(value, dtype=np.float64 if "f" in kinds else np.int64)
            if value
            else np.zeros(0, np.int64)
        )
        kinds += "i"
    if not isinstance(value, np.ndarray) or value.ndim != 1 or value.dtype.kind not in kinds:
        raise ValueError("an array is missing, or of another kind")
    return value
