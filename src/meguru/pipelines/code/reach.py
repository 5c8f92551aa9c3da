"""Follow a step's names through the project: everything it reaches counts as its code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.pipelines.code.module import Module, Target, import_targets
from meguru.pipelines.code.normal import digest_of, normal, paths
from meguru.pipelines.code.project import Project


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A function, class, constant or import that a step reaches; `where` is ``file:line``."""

    name: str
    where: str
    digest: str


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """All code of the project that one step reaches, and the packages that it imports."""

    digest: str
    reached: list[Reached]
    packages: list[str]


def code_of(project: Project, function: str) -> Code:
    """Return the code that ``module:name`` reaches, transitively.

    Helpers in other modules, methods, base classes, decorators, defaults, closures made at module level,
    constants, what a decorator put into a registry that is read, and statements that act when a module is
    imported all count; third-party code counts through `Environment`.
    What is looked up by a computed name (``getattr(module, name)``) is not seen, unless the module itself
    is used as a value: then all of it counts.
    """
    module_name, _, name = function.partition(":")
    if project.module(module_name) is None:
        # A step from an installed package: its code is the package's, at the version in the environment.
        top = module_name.partition(".")[0]
        return Code(digest=digests.of_value(["package", function]), reached=[], packages=[top])
    walk = _Walk(project)
    walk.resolve(module_name, (name.partition(".")[0],))
    while walk.follow_registries():
        pass
    if not walk.found:
        raise InvalidInput(f"{function} can't be found in the project", where=str(project.entry))
    reached = [walk.found[key] for key in sorted(walk.found)]
    return Code(
        digest=digests.of_value([[one.name, one.digest] for one in reached]),
        reached=reached,
        packages=sorted(walk.packages),
    )


class _Walk:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.found: dict[str, Reached] = {}
        self.packages: set[str] = set()
        self._seen: set[tuple[str, tuple[str, ...]]] = set()
        self._imported_modules: set[str] = set()

    def resolve(self, module_name: str, path: tuple[str, ...]) -> None:
        """Follow a dotted path that starts in a module."""
        if (module_name, path) in self._seen:
            return
        self._seen.add((module_name, path))
        module = self.project.module(module_name)
        if module is None:
            self._outside(module_name, path)
            return
        self._import(module)
        if not path:
            for name in [*module.bindings, *module.imports]:
                self.resolve(module_name, (name,))
            return
        head, rest = path[0], path[1:]
        self._imported(module, head, rest)
        if head in module.bindings:
            self._binding(module, head)
        elif head not in module.imports:
            self._elsewhere(module, head, rest)

    def _import(self, module: Module) -> None:
        """Count what importing a module does, and what importing the modules does that it imports."""
        if module.name in self._imported_modules:
            return
        self._imported_modules.add(module.name)
        self._statements(module, f"{module.name} (on import)", module.effects)
        for name in module.imported:
            below = self.project.module(name)
            if below is not None:
                self._import(below)

    def follow_registries(self) -> bool:
        """Reach every definition whose decorator fills a reached container; False if there is none left."""
        containers = self._containers()
        grown = False
        for module in self.project.modules().values() if containers else ():
            for name, decorators in module.decorated.items():
                if f"{module.name}.{name}" in self.found:
                    continue
                if any(not containers.isdisjoint(self._fills(module, one)) for one in decorators):
                    self.resolve(module.name, (name,))
                    grown = True
        return grown

    def _containers(self) -> set[str]:
        """Return the reached names that hold something which can be added to."""
        return {
            f"{module.name}.{name}"
            for module in self.project.modules().values()
            for name in module.containers
            if f"{module.name}.{name}" in self.found
        }

    def _fills(self, module: Module, decorator: tuple[str, ...]) -> Iterable[str]:
        walk = _Walk(self.project)
        walk.resolve(module.name, decorator)
        return walk.found

    def _outside(self, name: str, path: tuple[str, ...]) -> None:
        """Go on below a folder without ``__init__.py``; what is not the project's at all is a package."""
        below = f"{name}.{path[0]}" if path else ""
        if below and (self.project.module(below) is not None or self.project.is_folder(below)):
            self.resolve(below, path[1:])
        else:
            self._external(name)

    def _imported(self, module: Module, head: str, rest: tuple[str, ...]) -> None:
        for target in module.imports.get(head, ()):
            if not self._follow(target, rest):
                text = f"{target[0]}.{target[1]}" if target[1] else target[0]
                self._add(
                    f"{module.name}.{head} (import)", module.path.name, digests.of_value(["import", text])
                )

    def _follow(self, target: Target, rest: tuple[str, ...]) -> bool:
        """Go where an import leads; False if that is outside the project."""
        module, name = target
        self.resolve(module, (name, *rest) if name else rest)
        return self.project.module(module) is not None or (
            name is not None and self.project.module(f"{module}.{name}") is not None
        )

    def _elsewhere(self, module: Module, head: str, rest: tuple[str, ...]) -> None:
        below = f"{module.name}.{head}"
        if module.source.package and self.project.module(below) is not None:
            self.resolve(below, rest)
            return
        for star in module.stars:
            if self.project.module(star) is None:
                self._external(star)
            self.resolve(star, (head, *rest))

    def _binding(self, module: Module, name: str) -> None:
        self._statements(module, f"{module.name}.{name}", module.bindings[name])

    def _statements(self, module: Module, key: str, statements: list[ast.stmt]) -> None:
        if not statements or key in self.found:
            return
        marks = module.marks()
        plain = [normal(statement, marks) for statement in statements]
        self._add(key, f"{module.path.name}:{statements[0].lineno}", digest_of(plain))
        for statement in plain:
            self._dependencies(module, statement)

    def _dependencies(self, module: Module, statement: ast.stmt) -> None:
        local: dict[str, Target] = {}
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                local |= import_targets(node, module.package)
        for name, (target, attribute) in local.items():
            if name == "*" or self.project.module(target) is None:
                self._external(target)
            elif attribute is not None:
                self._follow((target, attribute), ())
        for path in sorted(paths(statement)):
            if path[0] in local:
                self._follow(local[path[0]], path[1:])
            else:
                self.resolve(module.name, path)

    def _external(self, name: str) -> None:
        top = name.partition(".")[0]
        if top and top not in sys.stdlib_module_names and not self.project.is_folder(top):
            self.packages.add(top)

    def _add(self, name: str, where: str, digest: str) -> None:
        self.found[name] = Reached(name=name, where=where, digest=digest)
