"""The check of what LightGBM's native code follows without looking."""

from __future__ import annotations

import re

import msgspec
import numpy as np

Array = np.ndarray[tuple[int], np.dtype[np.int64]]
MAX_FEATURES, MAX_CLASSES, MAX_LEAVES, MAX_DEPTH = 1_000_000, 10_000, 1 << 22, 4_000
"""LightGBM walks a tree by recursion when it reads it, so depth is bounded."""
_MANY = {"multiclass", "multiclassova"}
_OBJECTIVE = re.compile(r"[a-z_0-9]{1,40}(?: (?:sqrt|[a-z_]{1,40}:[-+0-9.e]{1,40}))*")
_VERSIONS = {"v3", "v4"}
_INNER = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child")
_INNER_MAYBE = ("internal_value", "internal_weight", "internal_count")
_LEAF_MAYBE = ("leaf_weight", "leaf_count")


class Header(msgspec.Struct, frozen=True):
    """What holds for all trees."""

    features: int
    names: list[str]
    classes: int
    trees_in_a_round: int
    objective: str
    options: dict[str, str]


def check_header(said: dict[str, str]) -> Header:
    """Return what the header says; ValueError when its parts contradict each other."""
    if said.get("version") not in _VERSIONS:
        raise ValueError(f"a text of version {said.get('version', 'none')[:20]!r} is not read")
    features = _whole(said, "max_feature_idx", MAX_FEATURES) + 1
    classes, each = (
        _whole(said, "num_class", MAX_CLASSES),
        _whole(said, "num_tree_per_iteration", MAX_CLASSES),
    )
    _whole(said, "label_index", MAX_FEATURES)
    names = said.get("feature_names", "").split(" ")
    if len(names) != features or len(said.get("feature_infos", "").split(" ")) != features:
        raise ValueError("the names of features are not as many as the features")
    if "monotone_constraints" in said and len(said["monotone_constraints"].split(" ")) != features:
        raise ValueError("the constraints are not as many as the features")
    kind, options = _objective(said.get("objective"))
    expected = int(options["num_class"]) if kind in _MANY and options.get("num_class", "").isdigit() else 1
    if classes < 1 or each < 1 or (kind and not classes == each == expected) or each not in {1, classes}:
        raise ValueError("the number of classes is not that of the objective")
    return Header(features, names, classes, each, kind, options)


def check_tree(tree: dict[str, str], header: Header) -> None:
    """Check one tree; ValueError says what would crash a prediction."""
    leaves = _whole(tree, "num_leaves", MAX_LEAVES)
    if leaves < 1 or _count(tree.get("leaf_value")) != leaves:
        raise ValueError("a tree's leaves are not as many as it says")
    inner = leaves - 1
    if inner:
        if any(_count(tree.get(key)) != inner for key in _INNER):
            raise ValueError("a tree's splits are not as many as it says")
        _check_ways(_integers(tree["left_child"]), _integers(tree["right_child"]), leaves)
        features = _integers(tree["split_feature"])
        if features.min() < 0 or features.max() >= header.features:
            raise ValueError("a tree reads a feature that the model does not have")
        _check_categories(tree)
    lengths = [(key, inner) for key in _INNER_MAYBE] + [(key, leaves) for key in _LEAF_MAYBE]
    if any(tree.get(key) and _count(tree[key]) != length for key, length in lengths):
        raise ValueError("the arrays of a tree differ in length")
    if tree.get("is_linear", "0") != "0":
        _check_linear(tree, leaves, header)


def _check_ways(left: Array, right: Array, leaves: int) -> None:
    """Check that each node and each leaf is led to once, and a node only from one before it."""
    inner = leaves - 1
    children = np.concatenate([left, right])
    if children.min() < -leaves or children.max() >= inner:
        raise ValueError("a tree leads to a node that it does not have")
    parents = np.concatenate([np.arange(inner), np.arange(inner)])
    nodes = children >= 0
    # Children after their parents rule out loops; that none is led to twice rules out a graph, which has
    # exponentially many ways.
    if (children[nodes] <= parents[nodes]).any() or np.bincount(children + leaves).max() > 1:
        raise ValueError("a tree goes round in a circle")
    if inner > MAX_DEPTH:
        _check_depth(left, right)


def _check_depth(left: Array, right: Array) -> None:
    depth, level = 0, np.zeros(1, dtype=np.int64)
    while len(level):
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"a tree is deeper than {MAX_DEPTH:,}")
        found = np.concatenate([left[level], right[level]])
        level = found[found >= 0]


def _check_categories(tree: dict[str, str]) -> None:
    kinds = _integers(tree["decision_type"])
    if kinds.min() < 0 or kinds.max() > 15:
        raise ValueError("a tree splits in an unknown way")
    count = _whole(tree, "num_cat", MAX_LEAVES)
    picked = (kinds & 1).astype(bool)
    if not count:
        if picked.any():
            raise ValueError("a tree splits by categories that it does not have")
        return
    places = np.array(tree["threshold"].split(" "), dtype=np.float64)[picked]
    if (places != np.floor(places)).any() or (places < 0).any() or (places >= count).any():
        raise ValueError("a tree splits by categories that it does not have")
    bounds, sets = _integers(tree.get("cat_boundaries", "")), _integers(tree.get("cat_threshold", ""))
    if len(bounds) != count + 1 or bounds[0] != 0 or bounds[-1] != len(sets) or (np.diff(bounds) < 0).any():
        raise ValueError("a tree's categories lie outside of their list")
    if len(sets) and (sets.min() < 0 or sets.max() >= 1 << 32):
        raise ValueError("a tree's categories are no sets")


def _check_linear(tree: dict[str, str], leaves: int, header: Header) -> None:
    counts = _integers(tree.get("num_features", ""))
    features = _integers(tree.get("leaf_features", ""))
    if tree["is_linear"] != "1" or len(counts) != leaves or _count(tree.get("leaf_const")) != leaves:
        raise ValueError("a tree's linear leaves are not as many as it says")
    coefficients = len(tree.get("leaf_coeff", "").split())
    if counts.min() < 0 or not len(features) == counts.sum() == coefficients:
        raise ValueError("a tree's linear leaves have other coefficients than features")
    if len(features) and (features.min() < 0 or features.max() >= header.features):
        raise ValueError("a tree reads a feature that the model does not have")


def _objective(said: str | None) -> tuple[str, dict[str, str]]:
    """Return the objective and its options; a training with a function of its own has none."""
    if not said:
        return "", {}
    if not _OBJECTIVE.fullmatch(said):
        raise ValueError("the objective is none of LightGBM's")
    kind, *options = said.split(" ")
    return kind, {name: value for name, _, value in (option.partition(":") for option in options)}


def _whole(said: dict[str, str], key: str, most: int) -> int:
    value = said.get(key, "")
    if not value.isascii() or not value.isdigit() or len(value) > 10 or int(value) > most:
        raise ValueError(f"{key} is {value[:20]!r}, no number up to {most:,}")
    return int(value)


def _count(text: str | None) -> int:
    return text.strip(" ").count(" ") + 1 if text else 0


def _integers(text: str) -> Array:
    if not re.fullmatch(r"[-0-9 ]*", text):
        raise ValueError("a tree holds something else than whole numbers")
    return np.array(text.split(), dtype=np.int64)
