"""The check of a Keras configuration: every object in it is of a class on our list."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from meguru.errors import TooLarge, UnsafeModel
from meguru.flavors.archives import malformed

MAX_DEPTH, MAX_NODES = 60, 500_000
MAX_NUMBER = 1 << 24
"""No size in a configuration may be beyond this."""
_REFUSED = frozenset(
    {
        "FlaxLayer",
        "HashedCrossing",
        "Hashing",
        "IndexLookup",
        "IntegerLookup",
        "JaxLayer",
        "Lambda",
        "Layer",
        "Pipeline",
        "StringLookup",
        "TFSMLayer",
        "TextVectorization",
        "TorchModuleWrapper",
        "Wrapper",
    }
)
"""Layers that hold code, call other libraries, or read files."""
_MODELS = frozenset(
    {
        ("keras", "Sequential"),
        ("keras", "Functional"),
        ("keras.models", "Sequential"),
        ("keras.models", "Functional"),
        ("keras.src.models.sequential", "Sequential"),
        ("keras.src.models.functional", "Functional"),
    }
)
_POLICIES = frozenset({("keras", "DTypePolicy"), ("keras.dtype_policies", "DTypePolicy")})
_VALUES = frozenset({"__keras_tensor__", "__tuple__", "__ellipsis__", "__slice__"})
_FAMILIES = ("layers", "initializers", "regularizers", "constraints", "random")


def audit(content: bytes, where: str = "") -> dict[str, Any]:
    """Return the configuration, after looking at every node of it.

    Raises
    ------
    UnsafeModel
        Naming the first class that is not on our list.
    TooLarge
        When it is nested, long or has numbers beyond all bounds.
    """
    try:
        said: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise malformed(where, f"its configuration is no JSON ({error})") from error
    if not isinstance(said, dict) or (said.get("module"), said.get("class_name")) not in _MODELS:
        raise _unknown(said.get("class_name") if isinstance(said, dict) else said, where)
    todo: list[tuple[Any, int]] = [(said, 0)]
    count = 0
    while todo:
        node, depth = todo.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            why = f"{MAX_DEPTH} levels and {MAX_NODES:,} values are allowed"
            raise TooLarge("the model's configuration is beyond all bounds", where=where, why=why)
        if isinstance(node, dict):
            _check_object(node, where)
            todo += [(each, depth + 1) for each in node.values()]
        elif isinstance(node, list):
            todo += [(each, depth + 1) for each in node]
        elif isinstance(node, int) and abs(node) > MAX_NUMBER:
            why = f"it says {node:,}"
            raise TooLarge("the model's configuration is beyond all bounds", where=where, why=why)
    return said


def _check_object(node: dict[str, Any], where: str) -> None:
    """Refuse an object that is not on our list; how a model was trained is left out first.

    Shared objects are numbered by their place in memory; those numbers are no sizes.
    """
    for name in ("shared_object_id", "compile_config"):
        # compile_config names losses and optimizers, which may be code, and are not needed to predict.
        node.pop(name, None)
    if "class_name" not in node:
        return
    name, module = node["class_name"], node.get("module")
    # A registered name is looked up before the module, so it could lead a class of our list to another one.
    if node.get("registered_name") not in ({None, name} if (module, name) in _MODELS else {None}):
        raise _unknown(node["registered_name"], where)
    if isinstance(name, str) and name in _VALUES and module is None:
        return
    if (module, name) not in _known():
        raise _unknown(f"{module}.{name}", where)


@lru_cache(maxsize=1)
def _known() -> frozenset[tuple[str, str]]:
    import keras

    found: set[tuple[str, str]] = set(_MODELS | _POLICIES)
    for family in _FAMILIES:
        for name, kind in vars(getattr(keras, family)).items():
            if isinstance(kind, type) and name not in _REFUSED and not name.startswith("_"):
                found.add((f"keras.{family}", name))
    return frozenset(found)


def _unknown(what: Any, where: str) -> UnsafeModel:
    shown = str(what)[:80]
    why = "a layer of somebody's own is code that would have to be loaded"
    if "Lambda" in shown or "lambda" in shown:
        why = "a lambda layer is Python code in the file, and runs when it is loaded"
    return UnsafeModel(
        f"the model holds {shown!r}, which is not on our list",
        where=where,
        why=why,
        hint="use Keras's own layers, or export the model: model.export('model.onnx', format='onnx')",
    )
