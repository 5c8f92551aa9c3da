"""Where the modules of a project are: found as Python would find them, and neither parsed nor imported."""

from __future__ import annotations

import functools
import site
import sys
from importlib.machinery import FileFinder, ModuleSpec, PathFinder
from pathlib import Path

from meguru.base import digests
from meguru.compute.code.types import SourceFile
from meguru.errors import UsageError, near_misses

MAX_DATA_FILE_BYTES = 64 << 20
"""Bytes of the largest data file that is followed."""
OWN = "meguru"
OWN_PROJECT = "meguru.demo"
"""Of our own package only the demo counts as a project; the rest is a library like any other."""


class ProjectFiles:
    """The files of an author's project, by module.

    A module belongs to the project unless it is part of Python, of an installed package or of Meguru.
    """

    def __init__(self, entry: Path) -> None:
        self.entry = entry.absolute()
        if not self.entry.is_file() or self.entry.suffix != ".py":
            near = near_misses(entry.name, (file.name for file in self.entry.parent.glob("*.py")))
            hint = f"did you mean {near[0]}?" if near else "write FILE.py:PIPELINE"
            raise UsageError(f"there is no Python file {entry}", where=str(entry), hint=hint)
        self.root, self.entry_module = _locate(self.entry)
        self._specs: dict[str, ModuleSpec | None] = {}
        for finder in sys.path_importer_cache.values():
            # `importlib.invalidate_caches` would first import a package that nobody else needs.
            if isinstance(finder, FileFinder):
                finder.invalidate_caches()

    def is_unchanged(self, source: SourceFile) -> bool:
        """Tell whether a file is what it was, and means what it meant."""
        if not source.module:
            path = self.root / source.path
            return path.is_file() and digests.of_file(path) == source.digest
        return (
            self.digest(source.module) == source.digest
            and not any(map(self.file, source.outside))
            and not any(self.data_path(source.path, name) for name in source.absent)
        )

    def data_path(self, module_path: str, text: str) -> Path | None:
        """Return the file of the project that a text in a module names, from there, the root or here."""
        return file_inside(text, [(self.root / module_path).parent, self.root, Path.cwd()], self.root)

    def digest(self, name: str) -> str:
        """Return the digest of a module's file as it is now; empty if it is gone or not the project's."""
        path = self.file(name)
        return digests.of_bytes(path.read_bytes()) if path is not None and path.is_file() else ""

    def file(self, name: str) -> Path | None:
        """Return the file of a project's module without reading it; None if it is not the project's."""
        first = name.partition(".")[0]
        if first == OWN and not self._is_ours(name, self.root):
            return None
        top = self._spec(first)
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

    def compiled(self, name: str) -> Path | None:
        """Return the file of a module of the project that is not Python source; None if it is no such."""
        spec = self._spec(name)
        if spec is None or not spec.origin or spec.origin.endswith(".py") or not spec.has_location:
            return None
        path = Path(spec.origin)
        return path if path.is_file() and self._is_ours(name, path) else None

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
        return not is_library(path)


def is_library(path: Path) -> bool:
    """Tell whether a file is part of Python or of an installed package."""
    # By the folders' names too: a virtual environment inside the project, or another one on the path.
    below = any(path.is_relative_to(folder) for folder in _library_folders())
    return below or bool({"site-packages", "dist-packages"} & set(path.parts))


def file_inside(text: str, folders: list[Path], root: Path) -> Path | None:
    """Return the file below `root` that a text names from one of some folders; None if there is none."""
    for folder in folders:
        try:
            path = (folder / text).resolve()
            fits = path.is_relative_to(root.resolve()) and path.is_file()
            if fits and path.stat().st_size <= MAX_DATA_FILE_BYTES and ".meguru" not in path.parts:
                return path
        except (OSError, ValueError):
            continue
    return None


def _locate(entry: Path) -> tuple[Path, str]:
    """Return the folder that imports start from, and the entry's dotted name."""
    folder, parts = entry.parent, [entry.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


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
    import sysconfig

    paths = sysconfig.get_paths()
    places = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")] + site.getsitepackages()
    return [Path(place) for place in dict.fromkeys(places)]
