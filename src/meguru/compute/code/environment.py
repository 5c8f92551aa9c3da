"""Third-party code: the installed versions of what a step reaches, and the project's lock file."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from meguru.base import digests
from meguru.compute.code import installed
from meguru.compute.code.types import Environment

LOCKS = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock")
_OWN = "own "
_ROOT_MARKS = ("pyproject.toml", ".git", *LOCKS)


def environment_of(entry: Path, packages: Iterable[str]) -> Environment:
    """Return the environment of the project that `entry` belongs to.

    The installed versions of `packages` (as they are imported) and of what these require count, and a lock
    file in the project's root as a whole. The minor version of Python always counts.
    """
    return Environment(python=_python(), lock=_lock(entry), packages=installed.behind(packages))


def own_environment(lock: Path, path: str, packages: Iterable[str]) -> Environment:
    """Return the environment that a lock file of a step's own describes, called `path` by its author.

    What the step reaches and the lock file does not name counts with the version that the worker has.
    """
    text = lock.read_text("utf-8").lower()
    borrowed = {
        name: version for name, version in installed.behind(packages).items() if not _names(text, name)
    }
    return Environment(python=_python(), lock=_own_lock(lock, path), packages=borrowed)


def is_current(entry: Path, known: Environment) -> bool:
    """Tell whether an environment is what it was: with the same versions, the same things are required."""
    if known.lock.startswith(_OWN):
        path = known.lock.removeprefix(_OWN).rpartition(" ")[0]
        lock = find_own(entry, path)
        now = "" if lock is None else _own_lock(lock, path)
    else:
        now = _lock(entry)
    return (
        known.python == _python()
        and known.lock == now
        and all(installed.version(name) == version for name, version in known.packages.items())
    )


def lock_file(entry: Path) -> Path | None:
    """Return the lock file of the project: in the first folder above that looks like a project's root."""
    for folder in entry.absolute().parents:
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return next((folder / name for name in LOCKS if (folder / name).is_file()), None)
    return None


def find_own(entry: Path, path: str) -> Path | None:
    """Return the lock file `path` of a step: beside the entry file, or in a folder above in the project."""
    for folder in entry.absolute().parents:
        if (folder / path).is_file():
            return folder / path
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            break
    return None


def _own_lock(lock: Path, path: str) -> str:
    return f"{_OWN}{path} {digests.of_file(lock)}"


def _names(text: str, distribution: str) -> bool:
    spelled = re.escape(distribution).replace(r"\-", "[-_.]+")
    return re.search(rf"(?<![\w.-]){spelled}(?![\w.-])", text) is not None


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _lock(entry: Path) -> str:
    lock = lock_file(entry)
    return f"{lock.name} {digests.of_file(lock)}" if lock is not None else ""
