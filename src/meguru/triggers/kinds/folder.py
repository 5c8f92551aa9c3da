"""Wake when a file has arrived in a folder, and is complete."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

from meguru.base import digests
from meguru.base.source_secrets import Secrets
from meguru.datasets.sources.allowed_paths import resolved_path
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.kinds.listening import ByArrivals, Port
from meguru.triggers.kinds.polled import MAX_ENTRIES, PolledListener, PollResult, check_every

log = logging.getLogger(__name__)
UNFINISHED = ("*.tmp", "*.part", "*.partial", "*.crdownload", "*.swp", "*~")
"""What programs call files that they still write."""


class OnFolder(ByArrivals, frozen=True, kw_only=True):
    """``{"folder": "incoming", "glob": "*.csv"}``: each file that arrives or changes there, once it is whole.

    A file is whole when it was not changed for `quiet` seconds. `recursive` looks into folders within, where
    the pattern is of the path (``2026/*.csv``). One is known by its path and the digest of its content.
    """

    key: ClassVar[str] = "folder"
    arrives: ClassVar[str] = "file.arrived"

    folder: str
    glob: str = "*"
    recursive: bool = False
    quiet: float = 2.0
    every: float = 10.0

    def check(self, ctx: Context) -> None:
        """Refuse a folder that may not be looked at, or is none."""
        check_every(self.every)
        if not 0 <= self.quiet <= 3600:
            raise InvalidInput("quiet is 0 to 3600 seconds", field="on.quiet")
        if not resolved_path(ctx.ws, self.folder, "on.folder").is_dir():
            raise NotFound(f"there is no folder {self.folder!r}", field="on.folder")

    def listener(self, ws: Workspace, secrets: Secrets) -> FolderListener:
        """Return what watches the folder."""
        del secrets
        return FolderListener(self, resolved_path(ws, self.folder, "on.folder"))


class FolderListener:
    """Watches one folder: by the system's notices where watchfiles is installed, and by looking."""

    def __init__(self, kind: OnFolder, folder: Path) -> None:
        self._kind, self._folder = kind, folder
        self._seen: dict[str, tuple[list[int], float]] = {}
        self._waits = False

    async def run(self, port: Port) -> None:
        """Watch, and hand over what is whole."""
        self._changed = asyncio.Event()
        polled = PolledListener(of=self._kind, every=self._kind.every, poll=self._poll, wake_up=self._wake_up)
        watching = asyncio.ensure_future(self._watch())
        try:
            await polled.run(port)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        try:
            from watchfiles import awatch
        except ImportError:
            return
        try:
            async for _ in awatch(self._folder, recursive=self._kind.recursive, step=50, debounce=400):
                self._changed.set()
        except Exception:
            # Such as a limit of inotify. Polling goes on. Left in the task, the error would come up where
            # `run` awaits it, in place of the cancellation that is to end this listener.
            log.exception("changes of %s are seen by looking only", self._kind.folder)

    async def _wake_up(self) -> None:
        if self._waits:  # for what was seen, and is not known to be whole
            await asyncio.sleep(max(self._kind.quiet, 0.2))
            return
        await self._changed.wait()
        self._changed.clear()

    def _poll(self, ws: Workspace, position: dict[str, Any]) -> PollResult:
        del ws
        found = {path: [stat.st_size, stat.st_mtime_ns] for path, stat in self._files()}
        if not position:
            return PollResult(position={"files": found})
        known = dict(position["files"])
        kept = {path: known[path] for path in known if path in found}
        arrivals = []
        now = time.monotonic()
        for path, stat in found.items():
            if known.get(path) == stat:
                continue
            # Stable for `quiet` seconds by size and mtime, then hashed, then compared again: a writer that
            # goes on after a pause is noticed by one of these.
            before, since = self._seen.get(path, ([], now))
            if before != stat:
                self._seen[path] = (stat, now)
                since = now
            if now - since < self._kind.quiet or (digest := self._digest(path, stat)) is None:
                continue
            kept[path] = stat
            del self._seen[path]
            arrivals.append(self._arrival(path, stat, digest))
        self._seen = {path: seen for path, seen in self._seen.items() if path in found}
        self._waits = bool(self._seen)
        return PollResult(position={"files": kept}, arrivals=arrivals)

    def _files(self) -> list[tuple[str, os.stat_result]]:
        found: list[tuple[str, os.stat_result]] = []
        waiting = [(self._folder, "")]
        while waiting:
            folder, before = waiting.pop()
            with os.scandir(folder) as entries:
                for entry in entries:
                    path = f"{before}{entry.name}"
                    if entry.name.startswith(".") or not entry.name.isprintable():
                        continue
                    if entry.is_dir(follow_symlinks=False) and self._kind.recursive:
                        waiting.append((Path(entry.path), f"{path}/"))
                    elif entry.is_file(follow_symlinks=False) and self._is_wanted(path):
                        with contextlib.suppress(FileNotFoundError):  # it went away just now
                            found.append((path, entry.stat(follow_symlinks=False)))
            if len(found) + len(waiting) > MAX_ENTRIES:
                raise InvalidInput(
                    f"{self._kind.folder} has more than {MAX_ENTRIES:,} files",
                    hint="narrow the pattern, or tidy up",
                )
        return found

    def _is_wanted(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return fnmatchcase(path, self._kind.glob) and not any(fnmatchcase(name, each) for each in UNFINISHED)

    def _digest(self, path: str, stat: list[int]) -> str | None:
        """Return a file's digest; None if it changed while it was read, or is gone."""
        place = self._folder / path
        try:
            digest = digests.of_file(place)
            after = place.lstat()
        except OSError:
            return None
        return digest if [after.st_size, after.st_mtime_ns] == stat else None

    def _arrival(self, path: str, stat: list[int], digest: str) -> SourceArrival:
        data = {"source": self._kind.folder, "path": path, "size": stat[0], "digest": digest}
        return SourceArrival(key=f"{path}:{digest}", type="file.arrived", data=data)
