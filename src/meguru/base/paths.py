"""Names of files inside a folder: relative, plain, and never able to leave it, on any system."""

from __future__ import annotations

import re

from meguru.errors import InvalidInput

MAX_PATH = 500
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")
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


def check_foreign_path(path: str, *, field: str = "path") -> str:
    """Return `path` if it stays inside a folder of a system like this one.

    For files that others named: a colon and a backslash are letters of theirs. A backslash must not lead out
    of the folder where it separates.
    """
    parts = re.split(r"[/\\]", path)
    is_plain = len(path) <= MAX_PATH and not _UNSEEN.search(path) and not path.startswith(("/", "\\"))
    if not is_plain or "" in path.split("/") or not {".", ".."}.isdisjoint(parts):
        raise InvalidInput(
            f"{path[:120]!r} can't name a file inside a folder",
            why=f"it must be relative, of up to {MAX_PATH} characters, and have no '..' and no empty part",
            field=field,
        )
    return path
