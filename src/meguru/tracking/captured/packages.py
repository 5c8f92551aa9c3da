"""The installed packages, read off the names of their folders, and the project's lock file."""

from __future__ import annotations

import sys
from pathlib import Path

from meguru.base import digests

LOCKS = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock", "conda-lock.yml")
_ROOT_MARKS = ("pyproject.toml", ".git", *LOCKS)
MAX_PACKAGES = 10_000


def installed() -> dict[str, str]:
    """Return the versions of the packages on the path; the first of a name counts, as for an import."""
    found: dict[str, str] = {}
    for place in sys.path:
        try:
            names = sorted(entry.name for entry in Path(place or ".").iterdir())
        except OSError:
            continue
        for entry in names:
            if entry.endswith((".dist-info", ".egg-info")) and "-" in entry and len(found) < MAX_PACKAGES:
                name, _, version = entry.rpartition(".")[0].partition("-")
                found.setdefault(name.replace("_", "-").lower(), version.partition("-py")[0])
    return found


def lock_of(folder: Path) -> tuple[str, str]:
    """Return the name and the digest of the lock file of the project that a folder is in; empty if none."""
    for place in (folder, *folder.parents):
        for name in LOCKS:
            if (place / name).is_file():
                return name, digests.of_file(place / name)
        if any((place / mark).exists() for mark in _ROOT_MARKS):
            break
    return "", ""
