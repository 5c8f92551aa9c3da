"""Follow a step's names through the project: everything it reaches counts as its code."""

from __future__ import annotations

import ast
import builtins
import sys

from meguru.base import digests
from meguru.compute.code.module import ImportTarget, Module
from meguru.compute.code.offers import module_of
from meguru.compute.code.project import ProjectSources
from meguru.compute.code.registries import Registries
from meguru.compute.code.statement import StatementFacts, facts_of
from meguru.compute.code.types import Code, Reached
from meguru.errors import InvalidInput

_GIVEN = {*dir(builtins), "__file__", "__name__", "__doc__", "__package__", "__path__", "__spec__"}


def code_of(project: ProjectSources, function: str) -> Code:
    """Return the code that ``module:name`` reaches, transitively.

    Helpers in other modules, methods, base classes, decorators, defaults, closures made at module level,
    constants and what changes them, what a decorator put into a registry that is read, files of the project
    named by constant text, and statements that act when a module is imported all count; third-party code
    counts through `Environment`. Where names are looked up in a way that can't be followed (``eval``,
    ``globals()``, ``getattr(module, name)``, ``__getattr__``), the whole module counts.
    """
    module_name, _, name = function.partition(":")
    if project.module(module_name) is None:
        # A step from an installed package: its code is the package's, at the version in the environment.
        top = module_name.partition(".")[0]
        return Code(digest=digests.of_value(["package", function]), reached=[], packages=[top])
    walk = Walk(project)
    walk.resolve(module_name, (name.partition(".")[0],))
    while walk.registries.follow():  # what fills one registry may read another one
        pass
    if f"{module_name}.{name.partition('.')[0]}" not in walk.found:
        raise InvalidInput(f"{function} can't be found in the project", where=str(project.entry))
    reached = [walk.found[key] for key in sorted(walk.found)]
    # Neither places nor texts count: what moved to another line is the same code.
    return Code(
        digest=digests.of_value([[one.name, one.digest] for one in reached]),
        reached=reached,
        packages=sorted(walk.packages),
    )


class Walk:
    """One walk through the project; what it comes by is in `found`."""

    def __init__(self, project: ProjectSources) -> None:
        self.project = project
        self.found: dict[str, Reached] = {}
        self.packages: set[str] = set()
        self.subclasses = False
        self.registries = Registries(self)
        self._seen: set[tuple[str, tuple[str, ...]]] = set()
        self._imported_modules: set[str] = set()
        self._todo: list[tuple[str, tuple[str, ...]]] = []
        self._busy = False

    def resolve(self, module_name: str, path: tuple[str, ...]) -> None:
        """Follow a dotted path that starts in a module; without a path, everything in the module."""
        # Recursion as deep as a project's longest chain of calls would end in RecursionError.
        self._todo.append((module_name, path))
        if self._busy:
            return
        self._busy = True
        try:
            while self._todo:
                self._resolve(*self._todo.pop())
        finally:
            self._busy = False

    def _resolve(self, module_name: str, path: tuple[str, ...]) -> None:
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
        known = head in module.bindings or head in module.imports
        self._imported(module, head, rest)
        if head in module.bindings:
            self._statements(module, f"{module.name}.{head}", module.bindings[head])
        known = self._elsewhere(module, head, rest) or known
        if head in module.rebound or "__getattr__" in module.bindings or not (known or head in _GIVEN):
            # Set by a function, or made when it is asked for: whatever this module has may be meant.
            self.resolve(module_name, ())

    def _import(self, module: Module) -> None:
        """Count what importing a module does, and what importing the modules does that it imports."""
        # One function of a module can't be had without importing all of it.
        todo = [module]
        while todo:
            one = todo.pop()
            if one.name in self._imported_modules:
                continue
            self._imported_modules.add(one.name)
            self._statements(one, f"{one.name} (on import)", one.effects)
            todo += [below for name in one.imported if (below := self.project.module(name)) is not None]

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
                self.add(
                    f"{module.name}.{head} (import)",
                    where=module.source.path,
                    digest=digests.of_value(["import", text]),
                    kind="import",
                    text=text,
                )

    def _follow(self, target: ImportTarget, rest: tuple[str, ...]) -> bool:
        """Go where an import leads; False if that is outside the project."""
        module, name = target
        self.resolve(module, (name, *rest) if name else rest)
        return self.project.module(module) is not None or (
            name is not None and self.project.module(f"{module}.{name}") is not None
        )

    def _elsewhere(self, module: Module, head: str, rest: tuple[str, ...]) -> bool:
        """Look below a package and into star imports, which may bind it too; tell if it may be there."""
        below, may = f"{module.name}.{head}", False
        if module.source.package and self.project.module(below) is not None:
            self.resolve(below, rest)
            may = True
        for star in module.stars:
            source = self.project.module(star)
            if source is None:
                self._external(star)
                may = True
            elif offers(self.project, source, head):
                self.resolve(star, (head, *rest))
                may = True
        return may

    def _statements(self, module: Module, key: str, statements: list[ast.stmt]) -> None:
        if not statements or key in self.found:
            return
        facts = self.project.facts.get(key)
        if facts is None:
            facts = self.project.facts[key] = facts_of(module, statements)
        self.add(
            key,
            where=f"{module.source.path}:{statements[0].lineno}",
            digest=facts.digest,
            kind="import" if key.endswith("(on import)") else facts.kind,
            text=facts.text,
        )
        self._dependencies(module, facts)

    def _dependencies(self, module: Module, facts: StatementFacts) -> None:
        local = dict.fromkeys(name for name, _ in facts.local)
        for name, (target, attribute) in facts.local:
            if name == "*" or self.project.module(target) is None:
                self._external(target)
            if attribute not in {None, "*"}:
                self._follow((target, attribute), ())
        for path in facts.paths:
            for name, place in facts.local:
                if name == path[0]:
                    self._follow(place, path[1:])
            if path[0] not in local or path[0] in module.bindings or path[0] in module.imports:
                self.resolve(module.name, path)
        if facts.whole:
            self.resolve(module.name, ())
        self._by_other_ways(module, facts)
        self._files(module, facts.files)

    def _by_other_ways(self, module: Module, facts: StatementFacts) -> None:
        """Follow what is loaded by a name that is text."""
        for loaded in facts.loaded:
            for name in [loaded.name] if loaded.whole else self.project.beginning_with(loaded.name):
                self.resolve(name, ())
        for name in self.project.beginning_with(module.package + ".") if facts.folder else ():
            self.resolve(name, ())
        for name in facts.components:
            self._component(name)
        self.subclasses = self.subclasses or facts.subclasses

    def _component(self, name: str) -> None:
        """Count the package that ``meguru.component(name)`` comes from: it is imported without its name."""
        module = module_of(name)
        if module:
            self.resolve(module, ())

    def _files(self, module: Module, names: list[str]) -> None:
        for name in names:
            file = self.project.data_file(module, name)
            if file is not None:
                self.add(f"file {file.path}", where=file.path, digest=file.digest, kind="file")

    def _external(self, name: str) -> None:
        # What is not Python source can't be followed: its bytes count as a whole.
        compiled = self.project.compiled(name)
        if compiled is not None:
            self.add(f"{name} (compiled)", where=compiled.name, digest=digests.of_file(compiled), kind="file")
            return
        top = name.partition(".")[0]
        if top and top not in sys.stdlib_module_names and not self.project.is_folder(top):
            self.packages.add(top)

    def add(self, name: str, *, where: str, digest: str, kind: str, text: str = "") -> None:
        """Count something as reached."""
        self.found[name] = Reached(name=name, where=where, digest=digest, kind=kind, text=text)


def offers(project: ProjectSources, module: Module, name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Tell whether ``from module import *`` may bring a name."""
    if name in module.bindings or name in module.imports or "__getattr__" in module.bindings:
        return True
    for star in module.stars:
        below = project.module(star)
        if star not in seen and (below is None or offers(project, below, name, seen | {module.name})):
            return True
    return False
