"""One parsed module: which statement binds each of its names, and what it imports."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meguru.pipelines.code.project import Source

Target = tuple[str, str | None]
"""What an import binds: a module, or a name of it."""

_MARKERS = {"meguru", "meguru.pipelines.authoring"}
_MARKS = {"step", "pipeline"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class Module:
    """The top level of one module.

    `imported` are modules it may load, `loaded` those it certainly does; `containers` are names of what can
    be added to later, `decorated` are definitions with the dotted names of their decorators.
    """

    name: str
    path: Path
    source: Source
    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, list[Target]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    effects: list[ast.stmt] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    containers: set[str] = field(default_factory=set)
    decorated: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The package that its relative imports start from."""
        return self.name if self.source.package else self.name.rpartition(".")[0]

    def marks(self) -> frozenset[str]:
        """Return how this module spells Meguru's own decorators, such as ``step`` or ``meguru.step``."""
        found: set[str] = set()
        for name, targets in self.imports.items():
            for module, attribute in targets:
                if module in _MARKERS and attribute in _MARKS:
                    found.add(name)
                elif module in _MARKERS and attribute is None:
                    found |= {f"{name}.{mark}" for mark in _MARKS}
        return frozenset(found)


def parse(tree: ast.Module, name: str, path: Path, source: Source) -> Module:
    """Sort the top-level statements of a module by the names that they bind."""
    module = Module(name, path, source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = imported_modules(node, module.package)
            module.imported += found
            module.loaded += found if isinstance(node, ast.Import) else found[:1]
    for position, statement in enumerate(tree.body):
        if (position == 0 and _is_text(statement)) or _is_main_guard(statement):
            continue
        _sort(module, statement)
    return module


def _sort(module: Module, statement: ast.stmt) -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        _add_imports(module, statement)
        return
    if isinstance(statement, _DEFINITIONS):
        module.bindings.setdefault(statement.name, []).append(statement)
        chains = [dotted(one.func if isinstance(one, ast.Call) else one) for one in statement.decorator_list]
        module.decorated[statement.name] = [chain for chain in chains if chain]
        return
    names = {
        node.id
        for node in _same_scope(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in _same_scope(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            _add_imports(module, node)
            names |= bound_names(node).keys()
        elif isinstance(node, _DEFINITIONS):
            names.add(node.name)
    if isinstance(getattr(statement, "value", None), ast.Call | ast.Dict | ast.List | ast.Set):
        module.containers |= names
    for name in names:
        module.bindings.setdefault(name, []).append(statement)
    if not names or _acts(statement):
        module.effects.append(statement)


def dotted(node: ast.AST) -> tuple[str, ...]:
    """Return ``a.b.c`` as its parts; empty if the node is something else."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else ()


def _acts(statement: ast.stmt) -> bool:
    """Tell whether a block does something besides binding names: calls, or writes into an object."""
    if not isinstance(statement, ast.For | ast.While | ast.With | ast.If | ast.Try):
        return False
    return any(
        (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        or (isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store))
        for node in _same_scope(statement)
    )


def _same_scope(statement: ast.stmt) -> list[ast.AST]:
    """Return the nodes below a statement, without the insides of functions and classes."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        found.append(node)
        if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
    return found


def _add_imports(module: Module, node: ast.Import | ast.ImportFrom) -> None:
    for name, target in import_targets(node, module.package).items():
        if name == "*":
            module.stars.append(target[0])
        else:
            module.imports.setdefault(name, []).append(target)


def import_targets(node: ast.Import | ast.ImportFrom, package: str) -> dict[str, Target]:
    """Return what each name bound by an import stands for."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (
                alias.name if alias.asname else alias.name.partition(".")[0],
                None,
            )
            for alias in node.names
        }
    base = _base(node, package)
    return {(alias.asname or alias.name): (base, alias.name) for alias in node.names}


def bound_names(node: ast.Import | ast.ImportFrom) -> dict[str, Target]:
    """Return the names that an import binds, star imports aside."""
    return {name: target for name, target in import_targets(node, "").items() if name != "*"}


def imported_modules(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """Return the modules that an import may load; a name imported from a package may be a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = _base(node, package)
    return [base, *(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")]


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - (node.level - 1)]
    return ".".join([*above, node.module] if node.module else above)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and any(
        isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test)
    )
