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

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.pipelines.code.module import Module, parse

OWN = "meguru"
OWN_PROJECT = "meguru.demo"
"""Of our own package only the demo counts as a project; the rest is a library like any other."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One module of a project, as it was when the pipeline was registered."""

    module: str
    path: str
    digest: str
    package: bool = False


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
        found: dict[str, Module] = {}
        todo = [self.entry_module]
        while todo:
            name = todo.pop()
            module = self.module(name)
            if module is None or name in found:
                continue
            found[name] = module
            todo += _parents(name)
            for target in module.imported:
                todo += [target, *_parents(target)]
        return found

    def sources(self) -> list[Source]:
        """Return what a snapshot of the project holds."""
        found = self.modules()
        return [found[name].source for name in sorted(found)]

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
