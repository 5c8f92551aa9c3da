"""Names of files inside a folder: relative, plain, and never able to leave it, on any system."""

from __future__ import annotations

import re

from meguru.errors import InvalidInput

MAX_PATH = 500
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\:]")


def check_path(path: str, *, field: str = "path") -> str:
    """Return `path` if it stays inside the folder it will be put in."""
    parts = path.split("/")
    is_plain = len(path) <= MAX_PATH and not _FORBIDDEN.search(path)
    if not is_plain or any(part in {"", ".", ".."} for part in parts):
        raise InvalidInput(
            f"{path[:120]!r} can't name a file inside a folder",
            why="it must be relative, with '/', and have no '..', no backslash, no ':' and no empty part",
            hint="use a name like 2013/01.csv",
            field=field,
        )
    return path
