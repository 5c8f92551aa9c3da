"""What a name may look like."""

from __future__ import annotations

import re

from meguru.errors import InvalidInput

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")


def check_name(kind: str, name: str, *, field: str = "name") -> str:
    """Return `name` if it may name a `kind`: 1 to 100 of ``a-z 0-9 - _ .``."""
    if _NAME.fullmatch(name):
        return name
    suggestion = re.sub(r"[^a-z0-9_.-]+", "-", name.lower()).strip("-._")[:100]
    raise InvalidInput(
        f"{name[:120]!r} can't name a {kind}",
        why="a name is 1 to 100 lowercase letters, digits, '-', '_' or '.', a letter or digit first",
        hint=f"use {suggestion!r}" if suggestion else "",
        field=field,
    )
