"""Files of the machine: one, those of a folder, or those of a pattern."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from meguru.base.paths import check_path
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.listing import before_pattern, is_pattern, read_listed
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, Unreachable, UsageError

UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")
"""So end names of files that programs still write."""


class LocalFiles:
    """``exports/*.csv``, ``exports/2026/``: a file that was not touched is not read again.

    One is known by its size, the moment of its last change and its inode.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        if spec.query or spec.watermark:
            raise UsageError("a query and a watermark are of a database, not of files", field="query")
        self._spec, self._context = spec, context
        self._given = spec.address.removeprefix("file://")

    def check(self) -> None:
        """Refuse a place that may not be read."""
        self._root()

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the files; each is called by its place below the part of the address without a pattern."""
        del key
        root = self._root()
        files = {check_path(path, field="files"): file for path, file in self._found(root)}
        if not files:
            raise InvalidInput(f"there is no file {self._given!r}", why=f"in {root}", field="files")
        there = {path: _mark(file) for path, file in files.items()}

        def fetch(path: str, place: Path) -> None:
            try:
                shutil.copyfile(files[path], place)
                # Compared after the copy: a program that writes meanwhile leaves half a file.
                after = _mark(files[path])
            except OSError as error:
                raise Unreachable(f"{path!r} can't be read", why=str(error)) from error
            if after != there[path]:
                raise Unreachable(f"{path!r} was changed while it was read", hint="wait until it is whole")

        return read_listed(self._spec, self._context, since, sink, there, fetch)

    def _root(self) -> Path:
        return self._context.place(before_pattern(self._given) or ".", "source.from")

    def _found(self, root: Path) -> list[tuple[str, Path]]:
        if root.is_file():
            return [(root.name, root)]
        pattern = (
            self._given.removeprefix(before_pattern(self._given)).lstrip("/")
            if is_pattern(self._given)
            else "**/*"
        )
        found = []
        for file in sorted(root.glob(pattern)):
            inside = file.resolve().is_relative_to(root)  # a link may lead anywhere
            if (
                file.is_file()
                and inside
                and not file.name.startswith(".")
                and not file.name.endswith(UNFINISHED)
            ):
                found.append((file.relative_to(root).as_posix(), file))
        return found


def _mark(file: Path) -> str:
    try:
        stat: os.stat_result = file.stat()
    except OSError as error:
        raise Unreachable(f"{file.name!r} can't be read", why=str(error)) from error
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ino}"
