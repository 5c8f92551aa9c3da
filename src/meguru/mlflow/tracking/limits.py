"""What MLflow lets a key or a value be; a value that is too long is cut, as its server does."""

from __future__ import annotations

import posixpath
import re

import msgspec

from meguru.errors import InvalidInput

MAX_KEY, MAX_PARAM, MAX_TAG = 250, 6000, 8000
_PLAIN = re.compile(r"[\w -]{1,250}")
_KEY = re.compile(r"[\w./: -]*")


def check_key(kind: str, key: str, field: str = "key") -> str:
    """Return a key, or raise InvalidInput in MLflow's words."""
    if not key:
        raise InvalidInput(f"Missing value for required parameter '{field}'", field=field)
    if len(key) > MAX_KEY:
        shown = {"metric": "Metric name", "param": "Param key"}.get(kind, "key")
        raise InvalidInput(f"'{shown}' exceeds the maximum length of {MAX_KEY} characters", field=field)
    if not _KEY.fullmatch(key):
        raise _bad(
            key,
            field,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), "
            "colon(:) and slashes (/)",
        )
    if not _is_own_path(key):
        normal = posixpath.normpath(key)
        raise _bad(
            key,
            field,
            "Names may be treated as files in certain cases, and must not resolve to other names when "
            f"treated as such. This name would resolve to {normal!r}",
        )
    return key


def is_key(key: str) -> bool:
    """Tell whether `check_key` lets a key pass."""
    plain = _PLAIN.fullmatch(key) is not None
    return plain or (0 < len(key) <= MAX_KEY and _KEY.fullmatch(key) is not None and _is_own_path(key))


def check_length(name: str, value: str, most: int) -> None:
    """Raise InvalidInput if a value has too many characters."""
    if len(value) > most:
        raise InvalidInput(f"'{name}' exceeds the maximum length of {most} characters", field=name)


def cut(value: str, most: int) -> str:
    """Return a value, without what is too much."""
    return value if len(value) <= most else value[:most]


def _is_own_path(key: str) -> bool:
    normal = posixpath.normpath(key)
    return normal == key and normal != "." and not normal.startswith(("..", "/"))


def _bad(key: str, field: str, why: str) -> InvalidInput:
    shown = msgspec.json.encode(key).decode()
    return InvalidInput(f"Invalid value {shown} for parameter '{field}' supplied: {why}", field=field)
