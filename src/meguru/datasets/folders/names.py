"""Which names of files can stand in a version: those that every system can write down, each once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from meguru.base.paths import MAX_PATH, check_path
from meguru.errors import InvalidInput

_PLAIN = re.compile(r"[A-Za-z0-9_\-() +,=@][A-Za-z0-9_\-.() +,=@]*")
_SHOWN = 3


def why_refused(path: str) -> str:
    """Tell why a file can't be called so; empty if it can."""
    if len(path) <= MAX_PATH and all(map(is_plain, path.split("/"))):
        return ""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    try:
        check_path(path)
    except InvalidInput as error:
        return "its path is too long" if len(path) > MAX_PATH else error.why
    return ""


def is_plain(name: str) -> bool:
    """Tell whether a part of a path is of letters that are nowhere a question; others need a look."""
    return _PLAIN.fullmatch(name) is not None


def check_distinct(paths: Sequence[str]) -> None:
    """Refuse files that would be one file on a system which does not tell their names apart.

    Raises
    ------
    InvalidInput
        If names differ only by case or by how their letters are composed, or one is a file and a folder.
    """
    seen: dict[str, str] = {}
    for path in paths:
        # macOS and Windows take names for one that differ by case or by composed letters (NFC, NFD).
        other = seen.setdefault(case_folded(path), path)
        if other is not path:
            why = f"{other!r} and {path!r} are one file where case or the form of letters does not count"
            raise InvalidInput("two files have the same name", why=why, hint="rename one", field="files")
    for key in {path.rpartition("/")[0] for path in seen}:
        parent = key
        while parent:
            if parent in seen:
                raise InvalidInput(
                    f"{seen[parent]!r} is a file, and a folder too", hint="rename one", field="files"
                )
            parent = parent.rpartition("/")[0]


def case_folded(path: str) -> str:
    """Return what is the same for names that some system takes for one."""
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def chosen(path: str, include: Iterable[str], exclude: Iterable[str] = ()) -> bool:
    """Tell whether a file is meant by patterns; one without ``/`` is about the file's own name."""
    include = list(include)
    return (not include or _matches(path, include)) and not _matches(path, exclude)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    own = path.rpartition("/")[2]
    return any(
        fnmatchcase(path if "/" in pattern else own, pattern)
        or (pattern.endswith("/") and path.startswith(pattern))
        for pattern in patterns
    )


def summary_of_refusals(refused: Sequence[tuple[str, str]]) -> str:
    """Say which files were refused and why: the first few of them."""
    told = "; ".join(f"{path[:100]!r}: {why}" for path, why in refused[:_SHOWN])
    return told + (f"; and {len(refused) - _SHOWN:,} more" if len(refused) > _SHOWN else "")
