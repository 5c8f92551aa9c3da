"""At a step's end: what is kept of the files that it used."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from meguru.compute.inherited import watch
from meguru.compute.inherited.watch import MIXED, READ, FileWatch, Mark
from meguru.compute.reads import content
from meguru.compute.reads.types import FileUse

MAX_FILES = 500
"""Entries that are kept of one step; folders take the place of the files in them when there are more."""


class Before:
    """The files and folders that a step's arguments name, as they were when it began."""

    def __init__(self, named: dict[str, bool]) -> None:
        self.files = {path: watch.signature(path) for path, folder in named.items() if not folder}
        self.folders = {path: content.quick_digest(path) for path, folder in named.items() if folder}

    def now_also(self, found: dict[str, bool]) -> None:
        """Take in what the arguments name by now: what was not there before, the step has made."""
        self.made = [path for path in found if path not in self.files and path not in self.folders]


def collect(watches: Iterable[FileWatch], before: Before, base: str) -> list[FileUse]:
    """Return the files whose content the result may depend on."""
    marks: dict[str, Mark] = {}
    listed: dict[str, str] = {}
    for one in watches:
        marks |= one.marks
        listed |= one.listed
    found = {one.path: one for one in _named(before, marks, base)}
    trees = [os.path.join(base, one.path) + os.sep for one in found.values() if one.how in {"tree", "dated"}]  # noqa: PTH118
    covered = tuple(trees)
    for path, mark in marks.items():
        if mark.how in {READ, MIXED} and not path.startswith(covered):
            use = _of_mark(path, mark, base)
            if use is not None:
                found[use.path] = use
    for path, digest in listed.items():
        if digest and not (path + os.sep).startswith(covered):
            shown = _shown(path, base)
            found.setdefault(shown, FileUse(path=shown, how="listed", digest=digest))
    return [_writable(one) for one in _few(list(found.values()), base)]


def _writable(one: FileUse) -> FileUse:
    try:
        one.path.encode()
    except UnicodeEncodeError:  # Linux allows any bytes in a name; no record of ours can hold them
        shown = one.path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        return FileUse(path=shown, why="its name is no UTF-8, so it can't be looked at again")
    return one


def merge_files(several: Iterable[list[FileUse]]) -> list[FileUse]:
    """Return the files of all calls of a mapped step."""
    found: dict[str, FileUse] = {}
    for files in several:
        for one in files:
            known = found.setdefault(one.path, one)
            if known != one and not known.why:
                found[one.path] = (
                    FileUse(path=one.path, why="it changed between two calls") if _differ(known, one) else one
                )
    return _few(list(found.values()), os.getcwd())  # noqa: PTH109


def _differ(one: FileUse, other: FileUse) -> bool:
    return bool(other.why) or (one.how == other.how and one.digest != other.digest)


def _named(before: Before, marks: dict[str, Mark], base: str) -> Iterator[FileUse]:
    """Yield what the arguments name: what changed meanwhile, or was not there, is the step's own work."""
    for path in before.made:
        yield FileUse(path=_shown(path, base), how="written")
    for path, was in before.files.items():
        mark = marks.get(path)
        if mark is not None and mark.how in {READ, MIXED}:
            continue
        is_own = mark is not None or watch.signature(path) != was
        shown = _shown(path, base)
        yield FileUse(path=shown, how="written") if is_own else content.of_file(path, shown) or _lost(shown)
    for path, look in before.folders.items():
        shown = _shown(path, base)
        is_own = content.quick_digest(path) != look
        yield FileUse(path=shown, how="written") if is_own else content.of_tree(path, shown)


def _of_mark(path: str, mark: Mark, base: str) -> FileUse | None:
    shown = _shown(path, base)
    if mark.how == MIXED:
        return FileUse(path=shown, why="the step reads it and changes it")
    now = watch.signature(path)
    if now is None and path.startswith(_temporary()):
        return None
    if now != tuple(mark[1:]):
        return FileUse(path=shown, why="it changed while the step ran")
    return content.of_file(path, shown) or _lost(shown)


def _lost(shown: str) -> FileUse:
    return FileUse(path=shown, why="it was gone when the step had ended")


def _temporary() -> str:
    import tempfile

    return tempfile.gettempdir() + os.sep


def _shown(path: str, base: str) -> str:
    return os.path.relpath(path, base) if path.startswith(base.rstrip(os.sep) + os.sep) else path


def _few(found: list[FileUse], base: str) -> list[FileUse]:
    """Put folders in the place of the deepest files until there are few enough."""
    while len(found) > MAX_FILES:
        plain = [one for one in found if not one.why]
        deepest = max((one.path.count(os.sep) for one in plain), default=0)
        if len(plain) < len(found):
            return [_too_many(found)]
        above = {os.path.dirname(one.path) for one in plain if one.path.count(os.sep) == deepest}  # noqa: PTH120
        if not all(path.count(os.sep) > path.startswith(os.sep) for path in above):  # no folder of data alone
            return [_too_many(found)]
        trees = [content.of_tree(os.path.join(base, path), path) for path in sorted(above)]  # noqa: PTH118
        below = tuple(path + os.sep for path in above)
        found = [one for one in plain if one.path not in above and not one.path.startswith(below)] + trees
    return sorted(found, key=lambda one: one.path)


def _too_many(found: list[FileUse]) -> FileUse:
    first = next((one for one in found if one.why), found[0])
    why = (
        first.why
        or f"with {len(found) - 1:,} more: too many to be compared; give their folder as a parameter"
    )
    return FileUse(path=first.path, why=why)
