"""Finders of modules for Python processes that have nothing of Meguru yet: the standard library alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from importlib.util import spec_from_file_location

LIBRARIES = "MEGURU_STEP_LIBRARIES"
PROJECT = "MEGURU_STEP_PROJECT"
"""Names a file with the project's modules: ``{"folder": …, "files": {module: path in the folder}}``."""


class Finder:
    """Finds the modules of a project where they are kept, before Python looks anywhere else."""

    def __init__(self, files: dict[str, str], folder: str) -> None:
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
            spec.submodule_search_locations = [os.path.join(self.folder, *name.split("."))]  # noqa: PTH118
            return spec
        folder, base = os.path.split(file)
        below = [folder] if base == "__init__.py" else None
        return spec_from_file_location(name, file, submodule_search_locations=below)


class Libraries:
    """Finds some top-level modules, and the facts of their distributions, in the worker's installation."""

    def __init__(self, names: Sequence[str], distributions: Sequence[str], paths: list[str]) -> None:
        self.names, self.distributions, self.paths = set(names), set(distributions), paths

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        """Return where a module is; None for all that it does not serve."""
        del target
        return PathFinder.find_spec(name, self.paths) if path is None and name in self.names else None

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """Return the distribution that is asked for by its name, if it is served."""
        name = None if context is None else context.name
        if name is None or re.sub(r"[-_.]+", "-", name).lower() not in self.distributions:
            return []
        return MetadataPathFinder.find_distributions(DistributionFinder.Context(name=name, path=self.paths))


def libraries(given: str) -> tuple[Libraries, Libraries]:
    """Return the finders of what an environment borrows: Meguru, always; what it stands on, at last."""
    data = json.loads(given)
    paths = data["paths"]
    return Libraries(["meguru"], ["meguru"], paths), Libraries(data["names"], data["distributions"], paths)


def project(file: str) -> Finder:
    """Return the finder of the modules that a file names."""
    with open(file, encoding="utf-8") as kept:  # noqa: PTH123 - pathlib costs more than all of this
        data = json.load(kept)
    files = {name: os.path.join(data["folder"], path) for name, path in data["files"].items()}  # noqa: PTH118
    return Finder(files, data["folder"])
