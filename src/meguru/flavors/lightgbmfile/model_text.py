"""LightGBM's text of a model, read strictly and written anew: LightGBM sees only what was looked at.

Its own reader jumps by sizes that the file claims, trusts the lengths of arrays, and walks to children
unchecked; and the file may carry the parameters of a training, among them paths. Only the trees, what is
said about them all, and the categories of the training frame are kept.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from meguru.flavors.lightgbmfile.check import Header, check_header, check_tree

MAX_TREES = 1_000_000
_HEADER = (
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "average_output",
    "feature_names",
    "monotone_constraints",
    "feature_infos",
)
"""What is said of all trees, in LightGBM's order; ``tree_sizes`` is counted anew."""
_TREE = (
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
    "leaf_const",
    "num_features",
    "leaf_features",
    "leaf_coeff",
    "shrinkage",
)
_WHOLE = {
    "cat_boundaries",
    "decision_type",
    "internal_count",
    "is_linear",
    "leaf_count",
    "leaf_features",
    "left_child",
    "num_cat",
    "num_features",
    "num_leaves",
    "right_child",
    "split_feature",
}
_INTEGERS = re.compile(r"(?: *-?[0-9]{1,9}(?= |$))* *")
_SETS = re.compile(r"(?: *[0-9]{1,10}(?= |$))* *")
_NUMBERS = re.compile(
    r"(?: *-?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?(?:e[-+]?(?:[01]?[0-9]{1,2}|2[0-4][0-9]))?"
    r"|[0-9](?:\.[0-9]{0,30})?e\+?300)(?= |$))* *"
)
"""Finite numbers only: LightGBM ends the process at one beyond a double. 1e300 stands for infinity."""
_PLAIN = re.compile(r"[-+0-9.e:\[\] infa]*")
_FLAG = "average_output"
"""It stands alone: that it is there says it."""
_CATEGORIES = "pandas_categorical:"


class ModelText(msgspec.Struct, frozen=True):
    """A model that was looked through."""

    header: Header
    said: dict[str, str]
    trees: list[dict[str, str]]
    categories: list[list[Any]]

    def written(self) -> str:
        """Return the text as LightGBM reads it; equal models give equal texts."""
        blocks = [f"Tree={index}\n{_lines(tree, _TREE)}\n\n" for index, tree in enumerate(self.trees)]
        # LightGBM jumps from tree to tree by these sizes without a look at the text: ours are counted, not
        # taken over.
        sizes = " ".join(str(len(block.encode())) for block in blocks)
        head = f"tree\n{_lines(self.said, _HEADER)}tree_sizes={sizes}\n\n"
        kept = json.dumps(self.categories) if self.categories else "null"
        return f"{head}{''.join(blocks)}end of trees\n\n{_CATEGORIES}{kept}\n"


def read(text: str) -> ModelText:
    """Read a model's text; ValueError says what is wrong with it."""
    head, marker, rest = text.partition("\nTree=0\n")
    if not marker:
        raise ValueError("the file holds no trees")
    body, marker, tail = rest.partition("\nend of trees\n")
    if not marker:
        raise ValueError("the file ends too early")
    lines = head.split("\n")
    if lines[0] != "tree":
        raise ValueError("the file is no text of LightGBM's")
    said = _keys([line for line in lines[1:] if line], {*_HEADER, "tree_sizes"})
    said.pop("tree_sizes", None)
    header = check_header(said)
    if not _PLAIN.fullmatch(said["feature_infos"] + said.get("monotone_constraints", "")):
        raise ValueError("what is said of the features holds something else than numbers")
    blocks = re.split(r"\nTree=[0-9]{1,9}\n", "\n" + body)
    if len(blocks) > MAX_TREES or len(blocks) % header.trees_in_a_round:
        raise ValueError("the number of trees does not fit the classes")
    trees = [_tree(block, header) for block in blocks]
    return ModelText(header, said, trees, _categories(tail))


def _tree(block: str, header: Header) -> dict[str, str]:
    tree = _keys([line for line in block.split("\n") if line], set(_TREE))
    whole = " ".join([value for key, value in tree.items() if key in _WHOLE])
    others = " ".join([value for key, value in tree.items() if key not in _WHOLE and key != "cat_threshold"])
    sets = tree.get("cat_threshold", "")
    if not (_INTEGERS.fullmatch(whole) and _NUMBERS.fullmatch(others) and _SETS.fullmatch(sets)):
        raise ValueError("a tree holds something else than numbers")
    check_tree(tree, header)
    return tree


def _keys(lines: list[str], known: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition("=")
        if key not in known or key in found:
            raise ValueError(f"the line {key[:40]!r} is unknown, or stands twice")
        found[key] = value
    return found


def _lines(said: dict[str, str], order: tuple[str, ...]) -> str:
    return "".join(
        f"{key}={said[key]}\n" if key != "average_output" else f"{key}\n" for key in order if key in said
    )


def _categories(tail: str) -> list[list[Any]]:
    line = next((line for line in tail.split("\n") if line.startswith(_CATEGORIES)), f"{_CATEGORIES}null")
    found = json.loads(line.removeprefix(_CATEGORIES)) or []
    plain = isinstance(found, list) and all(isinstance(each, list) for each in found)
    if not plain or not all(isinstance(kind, str | int | float | bool) for kinds in found for kind in kinds):
        raise ValueError("the categories are no lists of plain values")
    return list(found)
