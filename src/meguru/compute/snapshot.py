"""The registered source of a pipeline: modules kept as a tree, and importing exactly those."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from meguru.artifacts import trees
from meguru.compute.code import ProjectSources, SourceFile
from meguru.compute.inherited.finders import Finder
from meguru.storage.blobs import BlobStore


def upload(blobs: BlobStore, project: ProjectSources) -> str:
    """Store the project's modules, and its data files that steps reach; return the digest of their tree."""
    entries = []
    for module in project.modules().values():
        data = module.path.read_bytes()
        entries.append(trees.TreeEntry(path=module.source.path, digest=blobs.put_bytes(data), size=len(data)))
    for name in project.data:
        digest = blobs.put_file(project.root / name)
        entries.append(trees.TreeEntry(path=name, digest=digest, size=blobs.size(digest)))
    return trees.put_entries(blobs, entries)


def finder_of(folder: Path, sources: list[SourceFile]) -> Finder:
    """Return the finder of an unpacked snapshot."""
    files = {source.module: str(folder / source.path) for source in sources if source.module}
    return Finder(files, str(folder))


@contextlib.contextmanager
def importing(finder: Finder) -> Iterator[None]:
    """Import the project's modules afresh until the block ends; then what was loaded before is back."""
    # Several pipelines may be traced in one process (a server, a notebook), each with a module `helpers`.
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
