"""Data files that code names by constant text: ``Path(__file__).parent / "limits.json"``."""

from __future__ import annotations

import ast

_MAX_LENGTH = 200
_JOINING = {"join", "joinpath", "Path", "PurePath", "PosixPath"}
_WRITING = ("write", "save", "to_", "dump", "sink", "mkdir", "unlink", "touch", "rename", "replace", "remove")
_MODE = 4


def file_names(statement: ast.stmt) -> set[str]:
    """Return constant texts that may name a file which is read: alone or put together from folders.

    A text that is given to what writes (``open(…, "w")``, ``to_csv``, ``write_text``) names an output.
    """
    found: set[str] = set()
    written = _written(statement)
    for node in ast.walk(statement):
        if id(node) in written:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found |= _ends(_divided(node))
        elif isinstance(node, ast.Call) and _called(node) in _JOINING:
            found |= _ends([_text(argument) for argument in node.args])
    return {text for text in found if _may_be_a_file(text)}


def _written(statement: ast.stmt) -> set[int]:
    """Return the nodes that only say where something is written to."""
    found: set[int] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and _writes(node):
            places: list[ast.AST] = [*node.args[:1], *(word.value for word in node.keywords)]
            if isinstance(node.func, ast.Attribute):
                places.append(node.func.value)
            found |= {id(below) for place in places for below in _of_path(place)}
    return found


def _writes(call: ast.Call) -> bool:
    name = _called(call)
    if name == "open":
        modes = [*call.args[:2], *(word.value for word in call.keywords if word.arg == "mode")]
        return any(set(_text(mode)) & set("wax") and len(_text(mode)) <= _MODE for mode in modes)
    return name.startswith(_WRITING)


def _of_path(node: ast.AST) -> list[ast.AST]:
    """Return what a path is put together from; another call may read, and is not a part of it."""
    if isinstance(node, ast.Call) and _called(node) not in _JOINING:
        return []
    return [node, *(below for child in ast.iter_child_nodes(node) for below in _of_path(child))]


def _may_be_a_file(text: str) -> bool:
    name = text.rpartition("/")[2]
    return (
        0 < len(text) <= _MAX_LENGTH
        and "." in name.strip(".")
        and text.isprintable()
        and not text.startswith("/")
        and "://" not in text
    )


def _divided(node: ast.AST) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [*_divided(node.left), *_divided(node.right)]
    return [_text(node)]


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _ends(parts: list[str]) -> set[str]:
    """Join the constant parts at the end."""
    found, joined = set(), ""
    for part in reversed(parts):
        if not part:
            break
        joined = f"{part}/{joined}" if joined else part
        found.add(joined)
    return found


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
