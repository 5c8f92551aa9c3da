"""Third-party code: the installed versions of what a step reaches, and the project's lock file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from meguru.base import digests
from meguru.pipelines.code import installed
from meguru.pipelines.code.types import Environment

LOCKS = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock")
_ROOT_MARKS = ("pyproject.toml", ".git", *LOCKS)


def environment_of(entry: Path, packages: Iterable[str]) -> Environment:
    """Return the environment of the project that `entry` belongs to.

    The installed versions of `packages` (as they are imported) and of what these require count, and a lock
    file in the project's root as a whole. The minor version of Python always counts.
    """
    return Environment(python=_python(), lock=_lock(entry), packages=installed.behind(packages))


def is_current(entry: Path, known: Environment) -> bool:
    """Tell whether an environment is what it was: with the same versions, the same things are required."""
    return (
        known.python == _python()
        and known.lock == _lock(entry)
        and all(installed.version(name) == version for name, version in known.packages.items())
    )


def lock_file(entry: Path) -> Path | None:
    """Return the lock file of the project: in the first folder above that looks like a project's root."""
    for folder in entry.absolute().parents:
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return next((folder / name for name in LOCKS if (folder / name).is_file()), None)
    return None


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _lock(entry: Path) -> str:
    lock = lock_file(entry)
    return f"{lock.name} {digests.of_file(lock)}" if lock is not None else ""
