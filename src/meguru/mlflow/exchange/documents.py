"""Small files of a hostile folder: never through a link, never more than a bounded number of bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from meguru.base.paths import check_foreign_path
from meguru.errors import InvalidInput, MeguruError
from meguru.mlflow.exchange.types import File

MAX_DOCUMENT = 1 << 20
MAX_TEXT = 1 << 20
MAX_DEPTH = 64
MAX_FILES = 1_000_000
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class DirectoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A name in a folder that is neither a link nor anything but a file or a folder."""

    name: str
    path: Path
    is_dir: bool
    size: int


def children(folder: Path) -> list[DirectoryEntry]:
    """Return what a folder holds, by name; links and devices are left out, no folder is an empty one."""
    try:
        with os.scandir(folder) as found:
            entries = [(each, each.stat(follow_symlinks=False)) for each in found]
    except OSError:
        return []
    return sorted(
        (
            DirectoryEntry(
                name=each.name, path=Path(each.path), is_dir=stat.S_ISDIR(status.st_mode), size=status.st_size
            )
            for each, status in entries
            if stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)
        ),
        key=lambda entry: entry.name,
    )


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder and no link to one."""
    return path.is_dir() and not path.is_symlink()


def opened(path: Path) -> BinaryIO:
    """Open a regular file for reading; refuse a link."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise InvalidInput(
            f"{path.name[:120]!r} can't be read", where=str(path), why=error.strerror or ""
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidInput(f"{path.name[:120]!r} is no file", where=str(path))
    return os.fdopen(descriptor, "rb")


def text(path: Path, most: int = MAX_TEXT) -> str:
    """Return a small file's text."""
    with opened(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InvalidInput(f"{path.name[:120]!r} is too large", where=str(path), why=f"at most {most} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name[:120]!r} is no UTF-8", where=str(path), why=str(error)) from error


def document(path: Path) -> dict[str, Any]:
    """Return a small YAML file that holds a mapping; it can make no objects."""
    import yaml

    from meguru.base.plain_yaml import load_yaml

    content = text(path, MAX_DOCUMENT)
    try:
        value = load_yaml(content)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidInput(f"{path.name!r} is no YAML", where=str(path), why=str(error)[:300]) from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{path.name!r} holds no mapping", where=str(path))
    return value


def texts(folder: Path, *, on_error: Any) -> dict[str, str]:
    """Return the files below a folder as texts by name; names may have slashes."""
    found: dict[str, str] = {}
    for file in walk(folder, on_error=on_error):
        try:
            found[file.path] = text(Path(file.place))
        except MeguruError as error:
            on_error(error)
    return found


def walk(folder: Path, *, on_error: Any) -> Iterator[File]:
    """Return the files below a folder, by path; links are told of, and not followed."""
    count = 0
    waiting = [("", folder, 0)]
    while waiting:
        prefix, place, depth = waiting.pop()
        if depth > MAX_DEPTH:
            on_error(InvalidInput(f"folders are nested deeper than {MAX_DEPTH}", where=str(place)))
            continue
        deeper = []
        for entry in children(place):
            path = f"{prefix}{entry.name}"
            if entry.is_dir:
                deeper.append((f"{path}/", entry.path, depth + 1))
                continue
            count += 1
            if count > MAX_FILES:
                on_error(InvalidInput(f"there are more than {MAX_FILES:,} files", where=str(folder)))
                return
            try:
                check_foreign_path(path)
            except MeguruError as error:
                on_error(error)
                continue
            yield File(path=path, size=entry.size, place=str(entry.path))
        report_links(place, on_error)
        waiting.extend(reversed(deeper))


def report_links(folder: Path, on_error: Any) -> None:
    """Tell of the links in a folder."""
    try:
        with os.scandir(folder) as found:
            names = sorted(each.name for each in found if each.is_symlink())
    except OSError:
        return
    for name in names[:100]:
        on_error(InvalidInput(f"{name[:120]!r} is a symbolic link, and was not followed", where=str(folder)))
