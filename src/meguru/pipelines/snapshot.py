"""The registered source of a pipeline: modules kept as a tree, and importing exactly those."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from meguru.artifacts import trees
from meguru.pipelines.code import Project, Source
from meguru.storage.blobs import BlobStore


def upload(blobs: BlobStore, project: Project) -> str:
    """Store the project's modules, and its data files that steps reach; return the digest of their tree."""
    entries = []
    for module in project.modules().values():
        data = module.path.read_bytes()
        entries.append(trees.Entry(path=module.source.path, digest=blobs.put_bytes(data), size=len(data)))
    for name in project.data:
        digest = blobs.put_file(project.root / name)
        entries.append(trees.Entry(path=name, digest=digest, size=blobs.size(digest)))
    return trees.put_entries(blobs, entries)


class Finder:
    """Finds the modules of a project where they are kept, before Python looks anywhere else."""

    def __init__(self, files: dict[str, Path], folder: Path) -> None:
        self.files, self.folder = files, folder
        names = [name.split(".") for name in files]
        self._folders = {".".join(parts[:n]) for parts in names for n in range(1, len(parts))} - files.keys()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        """Return where a module is; None for whatever is not the project's."""
        del path, target
        file = self.files.get(name)
        if file is None:
            if name not in self._folders or name.partition(".")[0] == "meguru":
                return None
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(self.folder / name.replace(".", "/"))]
            return spec
        below = [str(file.parent)] if file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(name, file, submodule_search_locations=below)


def finder_of(folder: Path, sources: list[Source]) -> Finder:
    """Return the finder of an unpacked snapshot."""
    return Finder({source.module: folder / source.path for source in sources if source.module}, folder)


@contextlib.contextmanager
def importing(finder: Finder) -> Iterator[None]:
    """Import the project's modules afresh until the block ends; then what was loaded before is back."""
    before: dict[str, ModuleType] = {}
    for name in list(sys.modules):
        if name in finder.files:
            before[name] = sys.modules.pop(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in finder.files:
            sys.modules.pop(name, None)
        sys.modules.update(before)
