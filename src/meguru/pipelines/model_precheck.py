"""Say before a run what could not be stored after it: the estimators that steps put into a `Model`.

The source of a step is read for ``Model(estimator=…)``, and what makes the estimator is looked up among the
names of its module. Where that can't be followed nothing is said: only what is certain is refused.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

from meguru.errors import InvalidInput
from meguru.flavors.model import Model
from meguru.flavors.unsupported import HINT, why_unsupported

_MAX_DEPTH = 12


def check_steps(functions: Iterable[Any]) -> None:
    """Refuse steps that would train what can't be stored.

    Raises
    ------
    InvalidInput
        Naming the type, and file and line at which it is made.
    """
    for function in functions:
        if isinstance(function, FunctionType) and "Model" in function.__code__.co_names:
            _check(function)


def _check(function: FunctionType) -> None:
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return
    assigned = _assigned(tree)
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or _found(call.func, function) is not Model:
            continue
        for made in [keyword.value for keyword in call.keywords if keyword.arg == "estimator"]:
            for node, kind in _types(made, function, assigned, 0):
                if why := why_unsupported(kind):
                    raise InvalidInput(
                        f"a {kind.__name__} can't be stored as a model",
                        where=f"{function.__code__.co_filename}:{first + node.lineno - 1}",
                        why=why,
                        hint=HINT,
                    )


def _assigned(tree: ast.AST) -> dict[str, ast.expr | None]:
    """Return what each name is assigned; None for one that is assigned more than once."""
    found: dict[str, ast.expr | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            found[name] = None if name in found else node.value
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, None)
    return found


def _types(
    made: ast.expr, function: FunctionType, assigned: dict[str, ast.expr | None], depth: int
) -> Iterator[tuple[ast.expr, type]]:
    """Yield the classes of an estimator and of its parts, each with where it is made."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(made, ast.Name):
        value = assigned.get(made.id)
        if value is not None:
            yield from _types(value, function, assigned, depth + 1)
    elif isinstance(made, ast.List | ast.Tuple):
        for part in made.elts:
            yield from _types(part, function, assigned, depth + 1)
    elif isinstance(made, ast.Call):
        kind = _found(made.func, function)
        if isinstance(kind, type):
            yield made, kind
        elif isinstance(made.func, ast.Attribute) and made.func.attr == "fit":
            yield from _types(made.func.value, function, assigned, depth + 1)  # it returns what was fitted
            return
        if _holds_parts(kind):
            for part in [*made.args, *(keyword.value for keyword in made.keywords)]:
                yield from _types(part, function, assigned, depth + 1)


def _holds_parts(kind: Any) -> bool:
    """Say whether what is made holds what it is made of, as pipelines and searches of scikit-learn do."""
    return (getattr(kind, "__module__", "") or "").startswith("sklearn.")


def _found(named: ast.expr, function: FunctionType) -> Any:
    """Return what a dotted name means in the module of a function; None if that can't be told."""
    parts: list[str] = []
    while isinstance(named, ast.Attribute):
        parts.append(named.attr)
        named = named.value
    if not isinstance(named, ast.Name):
        return None
    found = function.__globals__.get(named.id)
    for part in reversed(parts):
        found = getattr(found, part, None)
    return found
