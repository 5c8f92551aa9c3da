"""What a run logs, on disk until it is acknowledged: written by the run, read by whoever sends it.

A spool is a folder. ``start`` tells how the run is started and where it belongs; ``records`` has one JSON
line a call, then zeros; ``sent`` has one line a batch, before (``b``) and after (``a``) it is sent, so that a
batch is sent again with the same key; ``files`` has what artifacts are made of; ``parts`` has a spool of each
process that was forked from the one that writes, and that sends them too. The process that writes holds a
lock on ``lock`` for as long as it lives.

Records are written through a mapping of the file: that is a copy of memory, costs no call of the system, and
gives no other thread its turn, but belongs to the system at once: a killed process loses nothing of it.
"""

from __future__ import annotations

import mmap
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from meguru.base.ids import new_id
from meguru.errors import Conflict

fcntl: Any = None  # there is none on Windows: processes can't tell each other's spools there
with suppress(ImportError):
    fcntl = import_module("fcntl")

CHUNK = GROWTH = 1 << 20
ROTATE = 16 << 20
MAX_BATCH = 5000
_encode = msgspec.json.Encoder().encode


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is started: the place and the project it belongs to, and the arguments of ``run.start``."""

    place: str
    project: str = ""
    arguments: dict[str, Any]


class SpoolBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Records that are sent together; `key` is the same however often they are."""

    key: str
    start: int
    end: int
    records: list[Any]


class RunSpool:
    """One run's spool; who appends or rotates holds `lock`, and one sender at a time does the rest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start = msgspec.json.decode((folder / "start").read_bytes(), type=Start)
        self.lock = threading.Lock()
        self._records = os.open(folder / "records", os.O_RDWR | os.O_CREAT, 0o600)
        self._sent = os.open(folder / "sent", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._held: int | None = None
        self._map: mmap.mmap | None = None
        self._size, self._process = 0, os.getpid()
        self._parts: dict[str, RunSpool] = {}
        self._is_part = False
        self.turn, self.acknowledged, self._pending = self._read_sent()
        self._end = self._find_end()

    @classmethod
    def create(cls, root: Path, start: Start) -> RunSpool:
        """Make a spool for a new run, held by this process."""
        folder = root / new_id("spool")
        folder.mkdir(parents=True, mode=0o700)
        draft = folder / "draft"
        draft.write_bytes(_encode(start))
        draft.rename(folder / "start")
        spool = cls(folder)
        spool.hold()
        return spool

    def hold(self) -> bool:
        """Hold the spool, unless a living process does."""
        self._held = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        if fcntl is None:
            return True
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._held)
            self._held = None
            return False
        return True

    def append(self, record: Any) -> None:
        """Write one record; it outlives this process from then on."""
        if os.getpid() != self._process:
            self._become_part()
        if self._is_part and not self.folder.exists():
            raise Conflict("the run is over", why="the process that began it has ended it")
        data = _encode(record) + b"\n"
        start, end = self._end, self._end + len(data)
        if end > self._size:
            self._grow(end)
        self._map[start:end] = data  # type: ignore[index]
        self._end = end

    def parts(self) -> list[RunSpool]:
        """Return what forked processes wrote beside it, as far as they have by now."""
        for folder in (self.folder / "parts").glob("spool-*"):
            if folder.name not in self._parts and (folder / "start").exists():
                self._parts[folder.name] = RunSpool(folder)
        for part in self._parts.values():
            part._end = part._find_end()  # noqa: SLF001 - one of these
        return list(self._parts.values())

    def waiting(self) -> int:
        """Return how many bytes are not acknowledged."""
        return self._end - self.acknowledged

    def next(self) -> SpoolBatch | None:
        """Return the batch that was begun, else the next one; None when all is acknowledged."""
        if self._pending is not None:
            start, end = self._pending
        else:
            start = self.acknowledged
            end = self._end_of_batch(start)
            if end == start:
                return None
            os.write(self._sent, f"b {start} {end}\n".encode())
            self._pending = start, end
        lines = os.pread(self._records, end - start, start).splitlines()
        records = [msgspec.json.decode(line) for line in lines]
        return SpoolBatch(
            key=f"{self.folder.name}.{self.turn}.{start}-{end}", start=start, end=end, records=records
        )

    def done(self, batch: SpoolBatch) -> None:
        """Note that a batch is acknowledged; when all is, the space may be used again."""
        os.write(self._sent, f"a {batch.end}\n".encode())
        self.acknowledged, self._pending = batch.end, None

    def rotate(self) -> None:
        """Give the space of acknowledged records back; the caller lets nobody append meanwhile."""
        if self.acknowledged < ROTATE or self.waiting():
            return
        self._unmap()
        os.ftruncate(self._records, 0)
        os.write(self._sent, b"t\n")
        self.turn, self.acknowledged, self._end = self.turn + 1, 0, 0

    def store(self, source: Path, digest: str) -> None:
        """Keep a copy of a file until it is sent."""
        target = self.folder / "files" / digest
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            draft = target.with_suffix(".draft")
            shutil.copyfile(source, draft)
            draft.rename(target)

    def file(self, digest: str) -> Path:
        """Return the copy of a file."""
        return self.folder / "files" / digest

    def refuse(self, why: str) -> None:
        """Note that the server won't have this run: it is kept, and not sent again by itself."""
        (self.folder / "refused").write_text(why, "utf-8")

    @property
    def refusal(self) -> str:
        """Why the server would not have it; empty if that did not happen."""
        path = self.folder / "refused"
        return path.read_text("utf-8") if path.exists() else ""

    def close(self) -> None:
        """Let go of it; what is on disk stays."""
        for part in self._parts.values():
            part.close()
        self._parts.clear()
        self._unmap()
        for descriptor in (self._records, self._sent, self._held):
            if descriptor is not None:
                os.close(descriptor)

    def remove(self) -> None:
        """Forget it: everything is acknowledged."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _become_part(self) -> None:
        """Go on in a forked process, with a file of its own."""
        self.close()
        if not self.folder.exists():
            raise Conflict("the run is over", why="the process that began it has ended it")
        folder = self.folder / "parts" / new_id("spool")
        folder.mkdir(parents=True, mode=0o700)
        (folder / "draft").write_bytes(_encode(self.start))
        (folder / "draft").rename(folder / "start")
        lock = self.lock
        self.__init__(folder)  # type: ignore[misc]
        self.lock, self._is_part = lock, True

    def _end_of_batch(self, start: int) -> int:
        """Return where a batch of whole lines ends; points go together, anything else goes alone."""
        last = self._end
        data = os.pread(self._records, min(CHUNK, last - start), start)
        while b"\n" not in data and start + len(data) < last:
            data = os.pread(self._records, min(2 * len(data), last - start), start)
        end, points = 0, 0
        for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
            if not line.startswith(b'["m"'):
                return start + (end or len(line))
            points += line.count(b":")
            if end and points > MAX_BATCH:
                break
            end += len(line)
        return start + end

    def _grow(self, end: int) -> None:
        self._unmap()
        size = os.fstat(self._records).st_size
        # Real zeros: a full disk is an error here, and not a signal that kills the process later.
        while size < end:
            size += os.pwrite(self._records, bytes(GROWTH), size)
        self._map, self._size = mmap.mmap(self._records, size), size

    def _unmap(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map, self._size = None, 0

    def _find_end(self) -> int:
        """Return where the last whole line ends that a process wrote, perhaps before it died."""
        place = end = self.acknowledged
        while data := os.pread(self._records, CHUNK, place):
            written = data.partition(b"\0")[0]
            if b"\n" in written:
                end = place + written.rfind(b"\n") + 1
            if len(written) < len(data):
                break
            place += len(data)
        return end

    def _read_sent(self) -> tuple[int, int, tuple[int, int] | None]:
        turn, acknowledged, pending = 0, 0, None
        data = (self.folder / "sent").read_bytes()
        for line in data[: data.rfind(b"\n") + 1].splitlines():
            mark, *numbers = line.split()
            if mark == b"b":
                pending = int(numbers[0]), int(numbers[1])
            elif mark == b"a":
                acknowledged, pending = int(numbers[0]), None
            else:
                turn, acknowledged, pending = turn + 1, 0, None
        if acknowledged > os.fstat(self._records).st_size:  # killed between the two steps of `rotate`
            os.write(self._sent, b"t\n")
            turn, acknowledged = turn + 1, 0
        return turn, acknowledged, pending


def abandoned(root: Path) -> Iterator[RunSpool]:
    """Return the spools that no living process holds, each held by this one now; the oldest first."""
    if not root.is_dir():
        return
    for folder in sorted(root.glob("spool-*")):
        try:
            spool = RunSpool(folder)
        except (OSError, msgspec.MsgspecError):  # begun and never used, or removed by its own process
            continue
        if spool.hold():
            yield spool
        else:
            spool.close()
