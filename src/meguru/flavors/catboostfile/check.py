"""The check of a CatBoost model in JSON before CatBoost reads it: its native code trusts places and sizes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

MAX_FEATURES, MAX_DEPTH, MAX_OUTPUTS, MAX_STEPS = 1_000_000, 16, 10_000, 512
"""The depth of a symmetric tree, and the longest way through one that is not."""
_PARTS = {"ctr_data", "features_info", "model_info", "oblivious_trees", "scale_and_bias", "trees"}
_CATEGORICAL = "categorical_features"
_KINDS = {_CATEGORICAL, "ctrs", "float_features"}
_TARGET_CTRS = {"Borders": 2, "Buckets": 1}
"""How many more numbers a row of the table has than there are targets to choose from."""
_PLAIN_CTRS = {"BinarizedTargetMeanValue": 3, "Counter": 2, "FeatureFreq": 2, "FloatTargetMeanValue": 3}
"""How many numbers a row of the table has."""


_SPLITS = {
    "FloatFeature": ("float_feature_index", "border"),
    "OneHotFeature": ("cat_feature_index", "value"),
    "OnlineCtr": ("ctr_target_border_idx", "border"),
}
"""Under which names a split tells its feature (or target) and its border."""
Split = tuple[str, int, float]
"""The kind of a split, its feature (or its target, for a statistic), and the border or value it splits at."""


class _Known(NamedTuple):
    """The borders of each numeric feature, and the values of each categorical one that is split by value."""

    floats: list[list[float]]
    kinds: list[list[int]]

    def bins(self) -> list[Split]:
        """Return the splits of the features, in the order in which CatBoost numbers them."""
        found = [("FloatFeature", place, each) for place, own in enumerate(self.floats) for each in own]
        return found + [
            ("OneHotFeature", place, each) for place, own in enumerate(self.kinds) for each in own
        ]


def check(model: Any) -> None:
    """Check a whole model; ValueError says what is wrong."""
    if not _keys(model, "model") <= _PARTS or ("trees" in model) == ("oblivious_trees" in model):
        raise ValueError("a model with parts that are unknown, such as texts or embeddings, or without trees")
    info = model.get("features_info")
    if not _keys(info, "features_info") <= _KINDS:
        raise ValueError("features of a kind that is not read: only numbers and categories are")
    scale, bias = _list(model.get("scale_and_bias"), "scale_and_bias")
    _number(scale)
    outputs = len(_numbers(bias, "bias"))
    if not 1 <= outputs <= MAX_OUTPUTS:
        raise ValueError("a strange number of outputs")
    known = _Known(
        [_borders(each, place) for place, each in enumerate(_list(info.get("float_features", []), "floats"))],
        [_values(each, place) for place, each in enumerate(_list(info.get(_CATEGORICAL, []), _CATEGORICAL))],
    )
    _check_places(info)
    tables = model.get("ctr_data", {})
    _check_tables(tables)
    bins = known.bins()
    for each in _list(info.get("ctrs", []), "ctrs"):
        bins += _ctr(each, tables, known)
    for tree in _list(model.get("oblivious_trees", []), "trees"):
        _check_symmetric(tree, bins, outputs)
    for tree in _list(model.get("trees", []), "trees"):
        _check_steps(tree, bins, outputs)


def _borders(feature: Any, place: int) -> list[float]:
    _keys(feature, "a feature")
    borders = _numbers(feature.get("borders", []), "borders")
    if _whole(feature.get("feature_index"), MAX_FEATURES) != place or borders != sorted(borders):
        raise ValueError("features out of order")
    return borders


def _values(feature: Any, place: int) -> list[int]:
    _keys(feature, "a feature")
    if _whole(feature.get("feature_index"), MAX_FEATURES) != place:
        raise ValueError("features out of order")
    values = _list(feature.get("values", []), "values")
    if not all(type(each) is int and -(2**31) <= each < 2**32 for each in values):
        raise ValueError("categories that are no hashes")
    texts = _list(feature.get("string_values", []), "string_values")
    if not all(isinstance(text, str) for text in texts) or len(texts) not in {0, len(values)}:
        raise ValueError("categories that are no texts")
    return values


def _check_places(info: dict[str, Any]) -> None:
    """Check that each feature has a column of its own, and no column is beyond their number."""
    found = [each for kind in ("float_features", "categorical_features") for each in info.get(kind, [])]
    places = [_whole(each.get("flat_feature_index"), MAX_FEATURES) for each in found]
    named = all(isinstance(each.get("feature_id", ""), str) for each in found)
    if sorted(places) != list(range(len(places))) or not named:
        raise ValueError("the features are not one for each column")


def _check_tables(tables: Any) -> None:
    _keys(tables, "ctr_data")
    for table in tables.values():
        _keys(table, "a table")
        width, cells = (
            _whole(table.get("hash_stride"), MAX_OUTPUTS + 2),
            _list(table.get("hash_map"), "hash_map"),
        )
        _whole(table.get("counter_denominator", 0), 2**31 - 1)
        if width < 2 or len(cells) % width:
            raise ValueError("a table of categories whose rows differ in length")
        hashes = cells[::width]
        if not all(isinstance(each, str) and each.isascii() and each.isdigit() for each in hashes):
            raise ValueError("a table of categories without hashes")
        if len(set(hashes)) != len(hashes) or any(int(each[:21]) >= 2**64 for each in hashes):
            raise ValueError("a table of categories with a hash twice, or beyond all")
        _numbers([cell for place, cell in enumerate(cells) if place % width], "a table of categories")


def _ctr(ctr: Any, tables: dict[str, Any], known: _Known) -> list[Split]:
    _keys(ctr, "a statistic of categories")
    table, kind = tables.get(ctr.get("identifier")), ctr.get("ctr_type")
    if table is None:
        raise ValueError("a statistic of categories without its table")
    target, width = _whole(ctr.get("target_border_idx", 0), MAX_OUTPUTS), table["hash_stride"]
    fits = kind in _PLAIN_CTRS and width == _PLAIN_CTRS[kind] and not target
    if not fits and not (kind in _TARGET_CTRS and target < width - _TARGET_CTRS[kind]):
        raise ValueError("a statistic of categories that its table does not have")
    for element in _list(ctr.get("elements"), "elements"):
        _check_element(element, known)
    for name in ("prior_denomerator", "prior_numerator", "scale", "shift"):
        _number(ctr.get(name))
    return [("OnlineCtr", target, border) for border in _numbers(ctr.get("borders"), "borders")]


def _check_element(element: Any, known: _Known) -> None:
    _keys(element, "an element")
    if "float_feature_index" in element:
        place = _whole(element["float_feature_index"], MAX_FEATURES)
        inside = place < len(known.floats) and _number(element.get("border")) in known.floats[place]
    else:
        place = _whole(element.get("cat_feature_index"), MAX_FEATURES)
        inside = place < len(known.kinds)
        inside = inside and ("value" not in element or element["value"] in known.kinds[place])
    if not inside:
        raise ValueError("a statistic of features that the model does not have")


def _check_symmetric(tree: Any, bins: list[Split], outputs: int) -> None:
    _keys(tree, "a tree")
    splits = _list(tree.get("splits") or [], "splits")
    if len(splits) > MAX_DEPTH:
        raise ValueError(f"a tree deeper than {MAX_DEPTH}")
    for split in splits:
        _check_split(split, bins)
    if len(_numbers(tree.get("leaf_values"), "leaf_values")) != outputs << len(splits):
        raise ValueError("a tree's leaves do not fit its splits")
    if len(_numbers(tree.get("leaf_weights", []), "leaf_weights")) not in {0, 1 << len(splits)}:
        raise ValueError("a tree's weights do not fit its splits")


def _check_steps(tree: Any, bins: list[Split], outputs: int) -> None:
    todo = [(tree, 0)]
    while todo:
        node, depth = todo.pop()
        found = _keys(node, "a tree")
        if depth > MAX_STEPS:
            raise ValueError(f"a tree deeper than {MAX_STEPS}")
        if "value" in found:
            value = node["value"] if isinstance(node["value"], list) else [node["value"]]
            if len(_numbers(value, "value")) != outputs:
                raise ValueError("a leaf has another number of values than the model outputs")
            continue
        _check_split(node.get("split"), bins)
        todo += [(node.get("left"), depth + 1), (node.get("right"), depth + 1)]


def _check_split(split: Any, bins: list[Split]) -> None:
    """Check that a split is the one that it says: CatBoost looks it up by its border and by its place."""
    _keys(split, "a split")
    place = _whole(split.get("split_index"), 1 << 31)
    kind = str(split.get("split_type"))
    feature, border = _SPLITS.get(kind, ("", ""))
    # CatBoost takes the place without a look at the list it points into, and the border for the comparison:
    # both must be one split.
    if place >= len(bins) or bins[place] != (kind, split.get(feature, 0), split.get(border)):
        raise ValueError("a tree splits where the model has no border")


def _keys(value: Any, what: str) -> set[str]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is missing or no object")  # noqa: TRY004 (a broken file, not our mistake)
    return set(value)


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{what} is missing or no list")  # noqa: TRY004 (the same)
    return value


def _numbers(value: Any, what: str) -> list[float]:
    return [_number(each) for each in _list(value, what)]


def _number(value: Any) -> float:
    if type(value) not in {int, float} or not math.isfinite(value):
        raise ValueError(f"{str(value)[:40]!r} is no finite number")
    return float(value)


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{str(value)[:40]!r} is no number of things up to {most:,}")
    return value
