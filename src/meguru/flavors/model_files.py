"""Read the file of a model in its folder: no path out of it, no symbolic link, a bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meguru.errors import InvalidInput, NotFound, TooLarge


def named_file(folder: Path, name: Any) -> Path:
    """Return the file in `folder` that MLmodel names.

    Raises
    ------
    InvalidInput
        When there is none, or the name leads elsewhere.
    """
    path = folder / str(name)
    if path.parent != folder or path.is_symlink() or not path.is_file():
        raise InvalidInput("MLmodel names no model file that is there", where=str(folder / "MLmodel"))
    return path


def read_bounded(path: Path, most: int) -> bytes:
    """Return the bytes of a file; TooLarge when there are more than `most`, NotFound when there is none."""
    if not path.is_file():
        raise NotFound(f"there is no file {path.name!r}", where=str(path))
    if path.stat().st_size > most:
        why = f"it has {path.stat().st_size:,} bytes; {most:,} are allowed"
        raise TooLarge("the model file is too large", where=str(path), why=why)
    return path.read_bytes()
