"""Files that a command writes where its user says."""

from __future__ import annotations

from pathlib import Path

from meguru.errors import UsageError


def write_file(path: Path, content: str | bytes, *, over: bool = True) -> None:
    """Write a file, text as UTF-8; over one that is there only if `over` says so.

    Raises
    ------
    UsageError
        If it can't be written there.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        with path.open("wb" if over else "xb") as file:
            file.write(data)
    except FileExistsError:
        hint = "name another file with --out, or write over this one with --force"
        raise UsageError(f"{path} is there already", where=str(path), hint=hint) from None
    except OSError as error:
        why = error.strerror or str(error)
        hint = "name a file in a folder that is there"
        raise UsageError(f"{path} can't be written", where=str(path), why=why, hint=hint) from None
