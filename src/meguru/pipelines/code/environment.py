"""Third-party code: counted by the project's lock file, else by the versions of the packages reached."""

from __future__ import annotations

import functools
import importlib.metadata
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from meguru.base import digests

LOCKS = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock")
_ROOT_MARKS = ("pyproject.toml", ".git", *LOCKS)
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "bs4": "beautifulsoup4",
}


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What a step's result may depend on besides its own code and inputs."""

    python: str
    lock: str = ""
    packages: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """The digest that goes into cache keys."""
        return digests.of_value(self)


def environment_of(entry: Path, packages: Iterable[str]) -> Environment:
    """Return the environment of the project that `entry` belongs to.

    A lock file in the project's root stands for all packages; without one the installed versions of
    `packages` (as they are imported) count. The minor version of Python always counts.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    lock = lock_file(entry)
    if lock is not None:
        return Environment(python=python, lock=f"{lock.name} {digests.of_file(lock)}")
    return Environment(python=python, packages={name: version_of(name) for name in sorted(set(packages))})


def lock_file(entry: Path) -> Path | None:
    """Return the lock file of the project: in the first folder above that looks like a project's root."""
    for folder in entry.absolute().parents:
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return next((folder / name for name in LOCKS if (folder / name).is_file()), None)
    return None


@functools.cache
def version_of(package: str) -> str:
    """Return the installed version of the distribution that brings an import name; empty if none does."""
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(package, package))
    except importlib.metadata.PackageNotFoundError:
        names = importlib.metadata.packages_distributions().get(package, [])
        return importlib.metadata.version(names[0]) if names else ""
