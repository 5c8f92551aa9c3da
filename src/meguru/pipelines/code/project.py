"""The project: the entry file and every module of its own that it imports, found without importing any."""

from __future__ import annotations

import ast
import functools
import importlib
import site
import sys
import sysconfig
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.pipelines.code.files import inside
from meguru.pipelines.code.module import Module, parse

if TYPE_CHECKING:
    from meguru.pipelines.code.statement import Facts

OWN = "meguru"
OWN_PROJECT = "meguru.demo"
"""Of our own package only the demo counts as a project; the rest is a library like any other."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a project, as it was when the pipeline was registered; `module` is empty for a data file.

    `outside` are names that it may import and that were not the project's then: a file that takes such a name
    later changes what the project is.
    """

    module: str
    path: str
    digest: str
    package: bool = False
    outside: list[str] = []


class Project:
    """The modules that belong to the author, reached from one entry file.

    A module belongs to the project unless it is part of Python, of an installed package or of Meguru.
    """

    def __init__(self, entry: Path) -> None:
        self.entry = entry.absolute()
        if not self.entry.is_file() or self.entry.suffix != ".py":
            raise InvalidInput(
                f"there is no Python file {entry}", where=str(entry), hint="write FILE.py:PIPELINE"
            )
        self.root, self.entry_module = _locate(self.entry)
        self.facts: dict[str, Facts] = {}
        self.touched: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
        self.data: dict[str, Source] = {}
        self._stored: set[str] | None = None
        self._all: dict[str, Module] | None = None
        self._modules: dict[str, Module | None] = {}
        self._specs: dict[str, ModuleSpec | None] = {}
        importlib.invalidate_caches()

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

    def data_file(self, module: Module, text: str) -> Source | None:
        """Return the file of the project that a text in a module names, from there, the root or here."""
        path = inside(text, [module.path.parent, self.root, Path.cwd()], self.root)
        if path is None:
            return None
        name = path.relative_to(self.root.resolve()).as_posix()
        if name not in self.data:
            self.data[name] = Source(module="", path=name, digest=digests.of_file(path))
        return self.data[name]

    def compiled(self, name: str) -> Path | None:
        """Return the file of a module of the project that is not Python source; None if it is no such."""
        spec = self._spec(name)
        if spec is None or not spec.origin or spec.origin.endswith(".py") or not spec.has_location:
            return None
        path = Path(spec.origin)
        return path if path.is_file() and self._is_ours(name, path) else None

    def sources(self) -> list[Source]:
        """Return what a snapshot of the project holds: its modules, then the data files that were reached."""
        found = self.modules()
        modules = [
            msgspec.structs.replace(found[name].source, outside=self._outside(found[name]))
            for name in sorted(found)
        ]
        return [*modules, *(self.data[name] for name in sorted(self.data))]

    def _outside(self, module: Module) -> list[str]:
        return sorted({name for name in module.imported if name and self.file(name) is None})

    def is_unchanged(self, source: Source) -> bool:
        """Tell whether a file is what it was, and means what it meant."""
        if not source.module:
            path = self.root / source.path
            return path.is_file() and digests.of_file(path) == source.digest
        return self.digest(source.module) == source.digest and not any(map(self.file, source.outside))

    def imports(self) -> list[str]:
        """Return the third-party modules that the project imports."""
        names = {name for module in self.modules().values() for name in module.loaded}
        outside = {name for name in names if self.module(name) is None and not self.is_folder(name)}
        return sorted(name for name in outside if name.partition(".")[0] not in sys.stdlib_module_names)

    def digest(self, name: str) -> str:
        """Return the digest of a module's file as it is now; empty if it is gone or not the project's."""
        path = self.file(name)
        return digests.of_bytes(path.read_bytes()) if path is not None and path.is_file() else ""

    def file(self, name: str) -> Path | None:
        """Return the file of a project's module without reading it; None if it is not the project's."""
        top = self._spec(name.partition(".")[0])
        if top is None or (top.origin and not self._is_ours(name, Path(top.origin))):
            return None
        spec = self._spec(name)
        if spec is None or not spec.origin or not spec.origin.endswith(".py"):
            return None
        path = Path(spec.origin)
        return path if self._is_ours(name, path) else None

    def is_folder(self, name: str) -> bool:
        """Tell whether `name` is a folder of the project without ``__init__.py``; imports go there too."""
        spec = self._spec(name)
        if spec is None or spec.origin or spec.submodule_search_locations is None:
            return False
        return any(self._is_ours(name, Path(place)) for place in spec.submodule_search_locations)

    def _read(self, name: str) -> Module | None:
        path = self.file(name)
        if path is None:
            return None
        return parse_file(name, path)

    def _spec(self, name: str) -> ModuleSpec | None:
        if name not in self._specs:
            self._specs[name] = self._find_spec(name)
        return self._specs[name]

    def _find_spec(self, name: str) -> ModuleSpec | None:
        parent, _, _ = name.rpartition(".")
        if not parent:
            return PathFinder.find_spec(name, [str(self.root)]) or _installed_spec(name)
        above = self._spec(parent)
        if above is None or above.submodule_search_locations is None:
            return None
        return PathFinder.find_spec(name, list(above.submodule_search_locations))

    def _is_ours(self, name: str, path: Path) -> bool:
        top = name.partition(".")[0]
        if top == OWN:
            return self.entry_module.startswith(OWN_PROJECT) and (name + ".").startswith(OWN_PROJECT + ".")
        if top == self.entry_module.partition(".")[0]:
            return True
        return not any(path.is_relative_to(folder) for folder in _library_folders()) and not {
            "site-packages",
            "dist-packages",
        } & set(path.parts)


def parse_file(name: str, path: Path) -> Module:
    """Read one module; InvalidInput with file and line if it isn't Python."""
    data = path.read_bytes()
    package = path.name == "__init__.py"
    inside = name.replace(".", "/") + ("/__init__.py" if package else ".py")
    source = Source(module=name, path=inside, digest=digests.of_bytes(data), package=package)
    try:
        return parse(ast.parse(data), name, path, source)
    except SyntaxError as error:
        raise InvalidInput(
            f"{path.name} is not valid Python", where=f"{path}:{error.lineno}", why=error.msg
        ) from error


def _locate(entry: Path) -> tuple[Path, str]:
    """Return the folder that imports start from, and the entry's dotted name."""
    folder, parts = entry.parent, [entry.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _installed_spec(name: str) -> ModuleSpec | None:
    if name in sys.stdlib_module_names:
        return None
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, None) if find else None
        if spec is not None:
            return spec
    return None


@functools.cache
def _library_folders() -> list[Path]:
    paths = sysconfig.get_paths()
    places = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")] + site.getsitepackages()
    return [Path(place) for place in dict.fromkeys(places)]
