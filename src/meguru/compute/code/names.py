"""Names as they are spelled in source: dotted chains, and modules that are loaded by a name."""

from __future__ import annotations

import ast
from typing import NamedTuple

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOADERS = {"import_module", "__import__", "resolve_name", "run_module"}


def dotted(node: ast.AST) -> tuple[str, ...]:
    """Return ``a.b.c`` as its parts; ``getattr(a, "b")`` is ``a.b``; empty if the node is something else."""
    attributes: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        elif _is_constant_getattr(node):
            attributes.append(node.args[1].value)  # type: ignore[attr-defined]
            node = node.args[0]  # type: ignore[attr-defined]
        else:
            break
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else ()


def _is_constant_getattr(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and len(node.args) == 2
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    )


def same_scope(statement: ast.AST) -> list[ast.AST]:
    """Return a node and what is below it, without the insides of functions and classes."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        found.append(node)
        if not isinstance(node, _SCOPES):
            todo.extend(ast.iter_child_nodes(node))
    return found


class Loaded(NamedTuple):
    """A module loaded by a name; if that is not `whole`, `name` is only what it begins with."""

    name: str
    whole: bool


def import_by_name(call: ast.Call, package: str) -> Loaded | None:
    """Return what ``import_module("a.b")`` and its like load; None if the call is none of them."""
    chain = dotted(call.func)
    if not chain or chain[-1] not in _LOADERS or not call.args:
        return None
    text, whole = beginning(call.args[0])
    if text.startswith("."):
        bare = text.lstrip(".")
        parts = package.split(".")
        above = parts[: len(parts) - (len(text) - len(bare) - 1)]
        text = ".".join([*above, bare]) if bare else ".".join(above) + "."
    return Loaded(text, whole)


def beginning(node: ast.AST) -> tuple[str, bool]:
    """Return the constant text that a string expression begins with, and whether it is all of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value, True
    if isinstance(node, ast.JoinedStr) and node.values:
        return beginning(node.values[0])[0], False
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        left, whole = beginning(node.left)
        if whole and isinstance(node.op, ast.Mod):
            return left.partition("%")[0], False
        right, both = beginning(node.right)
        return (left + right, both) if whole else (left, False)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return beginning(node.func.value)[0].partition("{")[0], False
    return "", False
