"""Patterns of paths, where ``**`` goes through folders and ``*`` stays in one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a path is one of some patterns; ``train/`` stands for all that is in it."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


_ANY_FOLDERS = "(?:[^/]+/)*?"
_WILDCARDS = {"**/": _ANY_FOLDERS, "**": ".*?", "*": "[^/]*?", "?": "[^/]"}


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the expression of a pattern, which must not backtrack for long: a stranger chooses the paths.

    What stands between two wildcards can be taken where it first occurs (an atomic group), as the second
    wildcard covers the rest. Else each wildcard would multiply the time by the length of the path.
    """
    pattern = f"{pattern}**" if pattern.endswith("/") else pattern
    # Parts begin with a wildcard for folders, and their pieces with one for the characters of a name.
    parts: list[list[str]] = [[""]]
    for word in re.split(r"(\*\*/|\*+|\?)", re.sub(r"\*{3,}", "**", pattern)):
        regex = _WILDCARDS.get(word) or re.escape(word)
        if word.startswith("**"):
            parts.append([regex])
        elif word == "*":
            parts[-1].append(regex)
        else:
            parts[-1][-1] += regex
    joined = [_joined(part) for part in parts]
    for n, following in enumerate(parts[1:]):
        # ``**/`` covers the rest only from the beginning of a folder's name.
        at_folder = joined[n].endswith("/") or parts[n] == [_ANY_FOLDERS]
        if at_folder or not following[0].startswith(_ANY_FOLDERS):
            joined[n] = f"(?>{joined[n]})"
    return re.compile("".join(joined), re.DOTALL)


def _joined(pieces: list[str]) -> str:
    first, *others = pieces
    if not others:
        return first
    return first + "".join(f"(?>{each})" for each in others[:-1]) + others[-1]
