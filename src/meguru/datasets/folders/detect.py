"""Detect whether what is to be added are tables, or files of any kind in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from meguru.datasets.folders.walk import LEFT_OUT
from meguru.datasets.paths import is_table
from meguru.datasets.types import Format
from meguru.errors import UsageError


def is_folder(given: Sequence[str | Path], format: Format | None) -> bool:
    """Tell whether a folder is to be kept file by file: if that was said, or it has files and no table.

    Raises
    ------
    UsageError
        If it was said of something else than one folder; or not, and there are tables beside other files.
    """
    one = given[0] if len(given) == 1 else None
    if format == "files":
        if one is not None and "://" not in str(one) and not Path(one).exists():
            raise UsageError(f"there is no folder {str(one)!r}", where=str(one), field="files")
        if one is None or not (Path(one).is_dir() or "://" in str(one)):
            hint = "name the folder; --include chooses some of its files"
            raise UsageError("files of any kind are added as one folder", hint=hint, field="files")
        return True
    if format is not None or one is None:
        return False
    table, other = _kinds(str(one))
    if table and other and "://" not in str(one):
        raise UsageError(
            f"{str(one)!r} holds tables and other files",
            why=f"{table!r} and {other!r}",
            hint="say --type files to keep each file as it is, or name the tables",
            field="files",
        )
    return bool(other) and not table


def _kinds(place: str) -> tuple[str, str]:
    """Return the name of some table in a folder, and of some other file; looks no further than needed."""
    table = other = ""
    for name in _names(place):
        if is_table(name):
            table = table or name
        else:
            other = other or name
        if table and other:
            break
    return table, other


def _names(place: str) -> Iterator[str]:
    if "://" in place and not Path(place).exists():
        from meguru.datasets.folders.bucket import first_names

        yield from (name for name in first_names(place) if name.rpartition("/")[2] not in LEFT_OUT)
        return
    for _, folders, files in os.walk(place):
        folders[:] = [folder for folder in folders if folder not in LEFT_OUT]
        yield from (name for name in files if name not in LEFT_OUT)
