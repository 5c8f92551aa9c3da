"""Values of the pipeline's body and parameters as plain JSON data, and back as what a step wants."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

import msgspec


def to_plain(value: Any) -> Any:
    """Return a value as JSON data; a path is its text. TypeError for what has no such form."""
    return msgspec.to_builtins(value, enc_hook=_text)


def from_plain(value: Any, kind: Any) -> Any:
    """Return JSON data as a value of a type; ValidationError if it is none, TypeError if nobody can tell."""
    return msgspec.convert(value, kind, dec_hook=_path)


def _text(value: Any) -> str:
    if isinstance(value, PurePath):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is not supported")


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"{kind.__name__} is not supported")
