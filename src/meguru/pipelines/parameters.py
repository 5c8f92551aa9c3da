"""Typed parameters of a pipeline: their types as text, and values checked before anything starts."""

from __future__ import annotations

import ast
import enum
import inspect
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path, PosixPath
from typing import Any, Literal, get_args, get_origin

import msgspec

from meguru.base.names import identifier
from meguru.base.type_errors import as_invalid
from meguru.compute.dataset_param import Dataset
from meguru.compute.features_param import Features
from meguru.compute.graph import Graph, Parameter
from meguru.compute.plain import to_plain
from meguru.errors import InvalidInput, UsageError, near_misses

_SIMPLE: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "list": list,
    "dict": dict,
    "tuple": tuple,
    "set": set,
    "None": None,
    "Any": Any,
    "Path": str,
}
DATASET, FEATURES = "Dataset", "Features"
PINNED = {DATASET, FEATURES}
"""Types of what is given by reference, and pinned when a run starts."""
_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date such as 2024-03-31",
    "datetime": "a moment such as 2024-03-31T12:00:00Z",
    "time": "a time such as 12:00:00",
    "timedelta": "a time span such as PT1H30M",
    DATASET: "a dataset such as flights@latest",
    FEATURES: "features such as feature_service/delay@latest",
    "None": "null",
    "Any": "a value",
}
_NAMES = {kind: name for name, kind in _SIMPLE.items() if name != "Path"}
_NAMES |= {
    Dataset: DATASET,
    Features: FEATURES,
    Path: "Path",
    PosixPath: "Path",
    inspect.Parameter.empty: "Any",
    type(None): "None",
}


def describe(parameter: inspect.Parameter, annotation: Any, where: str) -> Parameter:
    """Make the data of one parameter of a pipeline function.

    Raises
    ------
    InvalidInput
        If its type can't be checked without the author's code, or its default is of another type.
    """
    text = to_text(annotation, f"{where}({parameter.name})")
    if parameter.default is inspect.Parameter.empty:
        return Parameter(name=parameter.name, type=text)
    default = convert_one(Parameter(name=parameter.name, type=text), parameter.default, where)
    return Parameter(name=parameter.name, type=text, required=False, default=default)


def convert(graph: Graph, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter as plain JSON data; text is read as the parameter's type.

    Raises
    ------
    UsageError
        Naming the parameter that is unknown, missing, or of the wrong type.
    """
    given = {identifier(name): value for name, value in given.items()}
    known = [parameter.name for parameter in graph.parameters]
    for name in given:
        if name not in known:
            close = near_misses(name, known)
            hint = (
                f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(known) or 'no parameters'}"
            )
            raise UsageError(f"pipeline {graph.name} has no parameter {name!r}", field=name, hint=hint)
    values: dict[str, Any] = {}
    for parameter in graph.parameters:
        if parameter.name in given:
            values[parameter.name] = convert_one(parameter, given[parameter.name], graph.name, UsageError)
        elif parameter.required:
            raise UsageError(
                f"pipeline {graph.name} needs the parameter {parameter.name!r}",
                why=f"it is {in_words(parameter.type)}",
                field=parameter.name,
                hint=f"give it: -p {parameter.name}=…",
            )
        else:
            values[parameter.name] = parameter.default
    return values


def convert_one(
    parameter: Parameter, value: Any, where: str, fault: type[InvalidInput] = InvalidInput
) -> Any:
    """Check one value against a parameter's type; return it as plain JSON data, or raise `fault`."""
    if parameter.type in PINNED:
        if isinstance(value, Dataset | Features):
            return value.ref
        if not isinstance(value, str) or not value:
            why = f"give {in_words(parameter.type)}"
            raise _refused(fault, parameter, value, where, why)
        return value
    kind = from_text(parameter.type)
    plain = value if isinstance(value, str) else to_plain(value)
    try:
        found = msgspec.convert(plain, kind, strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        found = _from_json(plain, kind)
        if found is _FAILED:
            why = as_invalid(error, where, kind).why
            raise _refused(fault, parameter, value, where, why) from error
    return msgspec.to_builtins(found)


_FAILED = object()


def _from_json(text: Any, kind: Any) -> Any:
    """Read ``[1, 2]`` or ``true`` typed on a command line."""
    if not isinstance(text, str):
        return _FAILED
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError:
        return _FAILED


def _refused(
    fault: type[InvalidInput], parameter: Parameter, value: Any, where: str, why: str
) -> InvalidInput:
    return fault(
        f"{where}: {parameter.name}={value!r} can't be used",
        why=why,
        field=parameter.name,
        hint=f"give {in_words(parameter.type)}",
    )


def in_words(type_: str) -> str:
    """Say a parameter's type as a person would, such as "a whole number"."""
    if type_.startswith("Literal["):
        *first, last = (repr(value) for value in get_args(from_text(type_)))
        return f"{', '.join(first)} or {last}" if first else last
    parts = [_WORDS.get(part) for part in type_.split(" | ")]
    if all(parts):
        return " or ".join(map(str, parts))
    return f"a value of the type {type_}, written as JSON"


def to_text(annotation: Any, where: str) -> str:
    """Spell a type as text that `from_text` reads back without the author's code."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        return " | ".join(to_text(part, where) for part in args)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        origin, args = Literal, tuple(member.value for member in annotation)
    if origin is Literal:
        return f"Literal[{', '.join(repr(value) for value in args)}]"
    if origin in _NAMES and args:
        parts = ", ".join("..." if part is Ellipsis else to_text(part, where) for part in args)
        return f"{_NAMES[origin]}[{parts}]"
    if origin is None and _hashable(annotation) and annotation in _NAMES:
        return _NAMES[annotation]
    raise InvalidInput(
        f"a pipeline parameter can't be a {getattr(annotation, '__name__', annotation)}",
        where=where,
        why="a parameter must be checked before any of your code runs",
        hint="str, int, float, bool, date, Path, Literal, Enum, Dataset, Features; lists, dicts of these",
    )


def _hashable(value: Any) -> bool:
    return getattr(value, "__hash__", None) is not None


def from_text(text: str) -> Any:
    """Read back what `to_text` wrote; only the types named in this module can come out.

    Raises
    ------
    InvalidInput
        If it is no such text: a graph may have been written by anybody.
    """
    try:
        return _build(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise InvalidInput(f"{text[:100]!r} is no type of a parameter", why=str(error)[:200]) from error


def _build(node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id in _SIMPLE:
        return _SIMPLE[node.id]
    if isinstance(node, ast.Constant) and (node.value is None or node.value is Ellipsis):
        return node.value
    if isinstance(node, ast.BinOp):
        return typing.Union[_build(node.left), _build(node.right)]  # noqa: UP007 - one side may be None
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "Literal":
            return Literal[tuple(ast.literal_eval(part) for part in parts)]
        return _SIMPLE[node.value.id][tuple(_build(part) for part in parts)]
    raise InvalidInput(f"{ast.unparse(node)!r} is no type of a parameter")
