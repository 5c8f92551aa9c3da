"""The project: the entry file and every module of its own that it imports, found without importing any."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.base import digests
from meguru.compute.code.module import Module, parse
from meguru.compute.code.source_files import ProjectFiles
from meguru.compute.code.types import SourceFile
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    from meguru.compute.code.statement import StatementFacts


class ProjectSources(ProjectFiles):
    """The modules that belong to the author, reached from one entry file, and parsed."""

    def __init__(self, entry: Path) -> None:
        super().__init__(entry)
        self.facts: dict[str, StatementFacts] = {}
        self.touched: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
        self.data: dict[str, SourceFile] = {}
        self.absent: dict[str, set[str]] = {}
        self._stored: set[str] | None = None
        self._all: dict[str, Module] | None = None
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """Return a module of the project, parsed; None if `name` is no module or not the project's."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def modules(self) -> dict[str, Module]:
        """Return every module of the project that the entry file imports, directly or not, by name."""
        if self._all is not None:
            return self._all
        found: dict[str, Module] = {}
        todo = [self.entry_module]
        while todo:
            name = todo.pop()
            module = self.module(name)
            if module is None or name in found:
                continue
            found[name] = module
            todo += _parents(name)
            for beginning in module.computed:
                todo += self._below(beginning)
            for target in module.imported:
                todo += [target, *_parents(target)]
        self._all = found
        return found

    def beginning_with(self, text: str) -> list[str]:
        """Return the modules that a computed name may mean which begins like this; all for an empty text."""
        return [name for name in self.modules() if name.startswith(text)]

    def _below(self, text: str) -> list[str]:
        """Return the modules in the folder of a package; none unless the text names a package."""
        package, dot, start = text.rpartition(".")
        spec = self._spec(package) if dot and package else None
        places = list((spec and spec.submodule_search_locations) or [])
        return sorted(
            f"{package}.{path.stem}"
            for place in places
            for path in Path(place).glob("*.py")
            if path.stem.startswith(start) and path.stem.isidentifier() and path.stem != "__init__"
        )

    def stored_attributes(self) -> set[str]:
        """Return the names that some code of the project sets on an object, ``self`` aside."""
        if self._stored is None:
            self._stored = {name for module in self.modules().values() for name in module.stored}
        return self._stored

    def data_file(self, module: Module, text: str) -> SourceFile | None:
        """Return the file of the project that a text in a module names; what is not there is remembered."""
        path = self.data_path(module.source.path, text)
        if path is None:
            self.absent.setdefault(module.name, set()).add(text)
            return None
        name = path.relative_to(self.root.resolve()).as_posix()
        file = self.data.get(name) or SourceFile(module="", path=name, digest=digests.of_file(path))
        if all(one.source.path != name for one in self.modules().values()):
            self.data[name] = file
        return file

    def sources(self) -> list[SourceFile]:
        """Return what a snapshot of the project holds: its modules, then the data files that were reached."""
        found = self.modules()
        modules = [
            msgspec.structs.replace(
                found[name].source,
                outside=self._outside(found[name]),
                absent=sorted(self.absent.get(name, ())),
            )
            for name in sorted(found)
        ]
        return [*modules, *(self.data[name] for name in sorted(self.data))]

    def _outside(self, module: Module) -> list[str]:
        return sorted({name for name in module.imported if name and self.file(name) is None})

    def imports(self) -> list[str]:
        """Return the third-party modules that the project imports."""
        names = {name for module in self.modules().values() for name in module.loaded}
        outside = {name for name in names if self.module(name) is None and not self.is_folder(name)}
        return sorted(name for name in outside if name.partition(".")[0] not in sys.stdlib_module_names)

    def _read(self, name: str) -> Module | None:
        path = self.file(name)
        if path is None:
            return None
        return parse_file(name, path)


def parse_file(name: str, path: Path) -> Module:
    """Read one module; InvalidInput with file and line if it isn't Python."""
    data = path.read_bytes()
    package = path.name == "__init__.py"
    inside = name.replace(".", "/") + ("/__init__.py" if package else ".py")
    source = SourceFile(module=name, path=inside, digest=digests.of_bytes(data), package=package)
    try:
        return parse(ast.parse(data), name, path, source)
    except SyntaxError as error:
        raise InvalidInput(
            f"{path.name} is not valid Python", where=f"{path}:{error.lineno}", why=error.msg
        ) from error


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]
