"""One parsed module: which statement binds each of its names, and what it imports."""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.compute.code.actions import Acting, acting_chains, can_be_added_to, is_fixed
from meguru.compute.code.names import dotted, import_by_name, same_scope

if TYPE_CHECKING:
    from meguru.compute.code.types import SourceFile

ImportTarget = tuple[str, str | None]
"""What an import binds: a module, or a name of it."""

_MARKERS = {"meguru", "meguru.pipelines.authoring"}
_OF_FEATURES = {"feature_view", "on_demand"}
_MARKS = {"step", "pipeline", *_OF_FEATURES}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class Module:
    """The top level of one module.

    `imported` are modules it may load, `loaded` those it certainly does, `computed` what the names begin with
    of modules that it loads by a computed name; `containers` are names of what can be changed later, `acting`
    are statements that run code when they bind a name, `rebound` are names that functions assign by
    ``global``, `stored` attributes that are set on anything but ``self``.
    """

    name: str
    path: Path
    source: SourceFile
    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, list[ImportTarget]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    effects: list[ast.stmt] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)
    containers: set[str] = field(default_factory=set)
    acting: list[Acting] = field(default_factory=list)
    rebound: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)

    @property
    def package(self) -> str:
        """The package that its relative imports start from."""
        return self.name if self.source.package else self.name.rpartition(".")[0]

    def marks(self, wanted: AbstractSet[str] = frozenset(_MARKS)) -> frozenset[str]:
        """Return how this module spells Meguru's own decorators, such as ``step`` or ``meguru.step``."""
        found: set[str] = set()
        for name, targets in self.imports.items():
            for module, attribute in targets:
                if module in _MARKERS and attribute in wanted:
                    found.add(name)
                elif module in _MARKERS and attribute is None:
                    found |= {f"{name}.{mark}" for mark in wanted}
        return frozenset(found)


def parse(tree: ast.Module, name: str, path: Path, source: SourceFile) -> Module:
    """Sort the top-level statements of a module by the names that they bind."""
    module = Module(name, path, source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = imported_modules(node, module.package)
            module.imported += found
            module.loaded += found if isinstance(node, ast.Import) else found[:1]
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if dotted(node)[:1] != ("self",):
                module.stored.add(node.attr)
        elif isinstance(node, ast.Global):
            module.rebound |= set(node.names)
        elif isinstance(node, ast.Call) and (wanted := import_by_name(node, module.package)) is not None:
            (module.imported if wanted.whole else module.computed).append(wanted.name)
    for position, statement in enumerate(tree.body):
        # A docstring changes nothing, and what stands behind a main guard is not run by an import.
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
        _note_action(module, statement, {statement.name})
        if _is_wrapped(module, statement) or (
            isinstance(statement, ast.ClassDef) and can_be_added_to(statement)
        ):
            module.containers.add(statement.name)
        return
    names = {
        node.id
        for node in same_scope(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in same_scope(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            _add_imports(module, node)
            names |= bound_names(node).keys()
        elif isinstance(node, _DEFINITIONS):
            names.add(node.name)
    if not is_fixed(getattr(statement, "value", None)):
        module.containers |= names
    if names:
        _note_action(module, statement, names)
    for name in names:
        module.bindings.setdefault(name, []).append(statement)
    if not names or _acts(statement):
        module.effects.append(statement)


def _is_wrapped(module: Module, statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Tell whether decorators may keep something; those that declare features don't: services name views."""
    ours = module.marks(_OF_FEATURES)
    spelled = {
        ".".join(dotted(one.func if isinstance(one, ast.Call) else one)) for one in statement.decorator_list
    }
    return not spelled <= ours


def _note_action(module: Module, statement: ast.stmt, names: set[str]) -> None:
    chains = acting_chains(statement)
    if chains:
        module.acting.append(Acting(tuple(sorted(names)), chains))


def _acts(statement: ast.stmt) -> bool:
    """Tell whether a block does something besides binding names: calls, or writes into an object."""
    if not isinstance(statement, ast.For | ast.While | ast.With | ast.If | ast.Try):
        return False
    return any(
        (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        or (isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store))
        for node in same_scope(statement)
    )


def _add_imports(module: Module, node: ast.Import | ast.ImportFrom) -> None:
    for name, target in import_targets(node, module.package).items():
        if name == "*":
            module.stars.append(target[0])
        else:
            module.imports.setdefault(name, []).append(target)


def import_targets(node: ast.Import | ast.ImportFrom, package: str) -> dict[str, ImportTarget]:
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


def bound_names(node: ast.Import | ast.ImportFrom) -> dict[str, ImportTarget]:
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
