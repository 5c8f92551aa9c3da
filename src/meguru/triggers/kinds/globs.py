"""Patterns of paths, where ``**`` goes through folders and ``*`` stays in one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a path is one of some patterns; ``train/`` stands for all that is in it."""
    return any(_compiled(each).fullmatch(path) for each in patterns)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    pattern = f"{pattern}**" if pattern.endswith("/") else pattern
    parts = re.split(r"(\*\*/|\*+|\?)", re.sub(r"\*{3,}", "**", pattern))
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(each, re.escape(each)) for each in parts), re.DOTALL)
