"""Files that a command writes where its user says."""

from __future__ import annotations

from pathlib import Path

from meguru.errors import UsageError


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8.

    Raises
    ------
    UsageError
        If it can't be written there.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.write_bytes(data)
    except OSError as error:
        why = error.strerror or str(error)
        hint = "name a file in a folder that is there"
        raise UsageError(f"{path} can't be written", where=str(path), why=why, hint=hint) from None
