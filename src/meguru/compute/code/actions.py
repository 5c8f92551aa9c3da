"""What a module-level statement does besides binding a name: whom it calls, what that may change."""

from __future__ import annotations

import ast
import builtins
from typing import NamedTuple

from meguru.compute.code.names import dotted, same_scope

_CHANGING = {"setattr", "delattr", "exec", "eval", "next", "map", "filter"}
_HARMLESS = set(dir(builtins)) - _CHANGING
_READING = {
    "get",
    "keys",
    "values",
    "items",
    "copy",
    "index",
    "count",
    "join",
    "split",
    "rsplit",
    "strip",
    "lstrip",
    "rstrip",
    "format",
    "lower",
    "upper",
    "title",
    "startswith",
    "endswith",
    "replace",
    "encode",
    "decode",
    "partition",
    "rpartition",
    "union",
    "intersection",
    "difference",
    "issubset",
    "issuperset",
    "isdisjoint",
    "with_suffix",
    "with_name",
    "joinpath",
    "resolve",
    "absolute",
    "exists",
    "read_text",
    "read_bytes",
}
"""Methods that change nothing, of whatever object."""
_FIXED = (ast.Constant, ast.JoinedStr, ast.Compare, ast.Lambda)


class Acting(NamedTuple):
    """A statement that runs code when it binds `names`; `chains` are the dotted names that take part."""

    names: tuple[str, ...]
    chains: frozenset[tuple[str, ...]]


def acting_chains(statement: ast.stmt) -> frozenset[tuple[str, ...]]:
    """Return the functions that a statement calls when it is run, and what it passes to them."""
    found: set[tuple[str, ...]] = set()
    for node in _run_at_once(statement):
        found |= _of_call(node) if isinstance(node, ast.Call) else set()
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for decorator in statement.decorator_list:
            found |= {dotted(decorator)} if not isinstance(decorator, ast.Call) else set()
    if isinstance(statement, ast.ClassDef):
        found |= {dotted(base) for base in [*statement.bases, *(word.value for word in statement.keywords)]}
    return frozenset(found - {()})


def can_be_added_to(statement: ast.ClassDef) -> bool:
    """Tell whether a class keeps something for all: a registry, or a hook that hears of its subclasses."""
    if any(word.arg == "metaclass" for word in statement.keywords):
        return True
    for inner in statement.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init_subclass__":
            return True
        if isinstance(inner, ast.Assign) and not is_fixed(inner.value):
            return True
        if isinstance(inner, ast.AnnAssign) and isinstance(
            inner.value, ast.Dict | ast.List | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
        ):
            return True
    return False


def is_fixed(value: ast.AST | None) -> bool:
    """Tell whether the value of an expression can't be changed in place."""
    if value is None or isinstance(value, _FIXED):
        return True
    if isinstance(value, ast.Tuple):
        return all(is_fixed(item) for item in value.elts)
    if isinstance(value, ast.UnaryOp):
        return is_fixed(value.operand)
    if isinstance(value, ast.BinOp):
        return is_fixed(value.left) and is_fixed(value.right)
    return False


def _run_at_once(statement: ast.stmt) -> list[ast.AST]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [kw_default for kw_default in statement.args.kw_defaults if kw_default is not None]
        parts: list[ast.AST] = [*statement.decorator_list, *statement.args.defaults, *defaults]
    elif isinstance(statement, ast.ClassDef):
        inside = [node for inner in statement.body for node in _run_at_once(inner)]
        return [*inside, *(node for one in statement.decorator_list for node in same_scope(one))]
    else:
        parts = [statement]
    return [node for part in parts for node in same_scope(part)]


def _of_call(call: ast.Call) -> set[tuple[str, ...]]:
    chain = dotted(call.func)
    if len(chain) == 1 and chain[0] in _HARMLESS:
        return set()
    if chain and len(chain) > 1 and chain[-1] in _READING:
        return set()
    given = [*call.args, *(word.value for word in call.keywords)]
    if not chain:
        # What is called was made by another expression: whatever is named in it takes part.
        given.append(call.func)
    names = {dotted(node) for part in given for node in same_scope(part)}
    return {chain, *names} - {()}
