"""What MLflow lets a key or a value be; a value that is too long is cut, as its server does."""

from __future__ import annotations

import posixpath
import re

from meguru.errors import InvalidInput

MAX_KEY, MAX_PARAM, MAX_TAG = 250, 6000, 8000
_KEY = re.compile(r"[\w./: -]*")


def check_key(kind: str, key: str, field: str = "key") -> str:
    """Return a key, or raise InvalidInput."""
    if len(key) > MAX_KEY:
        raise _bad(key, field, f"a {kind} name has at most {MAX_KEY} characters, not {len(key)}")
    if not key or not _KEY.fullmatch(key):
        raise _bad(
            key,
            field,
            f"a {kind} name has letters, digits, underscores (_), dashes (-), periods (.), spaces ( ), "
            "colon(:) and slashes (/)",
        )
    normal = posixpath.normpath(key)
    if normal != key or normal == "." or normal.startswith(("..", "/")):
        raise _bad(key, field, f"a {kind} name may not be read as another path (as {normal!r} here)")
    return key


def cut(value: str, most: int) -> str:
    """Return a value, without what is too much."""
    return value if len(value) <= most else value[:most]


def _bad(key: str, field: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"Invalid value \"{key[:300]}\" for parameter '{field}' supplied", why=why, field=field
    )
