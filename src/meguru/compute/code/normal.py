"""A statement in its normal form: comments, formatting and docstrings are gone, what it does is kept."""

from __future__ import annotations

import ast
import copy
import symtable

from meguru.base import digests
from meguru.compute.code.names import dotted

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def digest_of(statements: list[ast.stmt]) -> str:
    """Return the digest of what some statements do, given in normal form."""
    # A dump has no line numbers, and says nothing of brackets, quotes and other ways to write the same.
    return digests.of_value([ast.dump(statement) for statement in statements])


def normal(statement: ast.stmt, marks: frozenset[str]) -> ast.stmt:
    """Return a copy without docstrings and without the decorators in `marks`; neither changes a result.

    Annotations written as text are read, so that the types they name are followed.
    """
    made = copy.deepcopy(statement)  # the tree is the module's, and is read again by others
    for node in ast.walk(made):
        if isinstance(node, _DOCUMENTED):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            node.decorator_list = [one for one in node.decorator_list if _spelled(one) not in marks]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = _read(node.returns)
        elif isinstance(node, ast.arg):
            node.annotation = _read(node.annotation)
        elif isinstance(node, ast.AnnAssign):
            node.annotation = _read(node.annotation) or node.annotation
    return made


def _read(annotation: ast.expr | None) -> ast.expr | None:
    if not isinstance(annotation, ast.Constant) or not isinstance(annotation.value, str):
        return annotation
    try:
        return ast.parse(annotation.value.strip(), mode="eval").body
    except SyntaxError:
        return annotation


def _spelled(decorator: ast.expr) -> str:
    return ".".join(dotted(decorator.func if isinstance(decorator, ast.Call) else decorator))


def paths(statement: ast.stmt) -> set[tuple[str, ...]]:
    """Return the global names a statement reads, each with what follows: ``("helpers", "clean")``."""
    outside = _global_names(statement)
    found: set[tuple[str, ...]] = set()
    _collect(statement, outside, found)
    return found


def _collect(node: ast.AST, outside: set[str], found: set[tuple[str, ...]]) -> None:
    chain = dotted(node)
    if chain:
        if chain[0] in outside:
            found.add(chain)
        return
    for child in ast.iter_child_nodes(node):
        _collect(child, outside, found)


def _global_names(statement: ast.stmt) -> set[str]:
    """Ask Python's own symbol table which names a statement takes from outside, local imports included."""
    found: set[str] = set()
    # It takes source alone. To follow Python's rules of scope by hand (comprehensions, classes, `nonlocal`,
    # type parameters) would be wrong in the next version of Python.
    todo = [symtable.symtable(ast.unparse(statement), "<statement>", "exec")]
    while todo:
        table = todo.pop()
        at_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_global() or symbol.is_imported() or (at_top and symbol.is_referenced()):
                found.add(symbol.get_name())
        todo += table.get_children()
    return found
