"""Where a project's workspace is: in this folder or in one above it, as git looks for ``.git``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

FOLDER, DATABASE, PROJECT = ".meguru", "meguru.db", "meguru.toml"


def find_workspace(start: Path | None = None) -> str:
    """Return the workspace folder of the project that `start` (default: the current folder) belongs to.

    That is the nearest folder, upwards, with a workspace or a ``meguru.toml``. Without one it is ``.meguru``
    in the current folder, which need not be there.
    """
    try:
        here = start or Path.cwd()
        for folder in _upwards(here):
            if (folder / FOLDER / DATABASE).exists() or (folder / PROJECT).is_file():
                return FOLDER if folder == here and start is None else str(folder / FOLDER)
    except OSError:  # the current folder was removed, or one above can't be looked into
        return FOLDER
    return FOLDER if start is None else str(start / FOLDER)


def _upwards(here: Path) -> Iterator[Path]:
    """Yield a folder and those above it that are this user's, on the same file system.

    Another user could put a workspace above ours, such as in ``/tmp``: what opens it would run its jobs.
    """
    yield here
    first = here.stat()
    for folder in here.parents:
        found = folder.stat()
        if found.st_dev != first.st_dev:
            return
        if not hasattr(os, "geteuid") or found.st_uid == os.geteuid():
            yield folder
