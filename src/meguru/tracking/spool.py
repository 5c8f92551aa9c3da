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
"""Bytes that are read at once, and by which the file grows."""
ROTATE = 16 << 20
"""A file with so many acknowledged bytes is emptied as soon as all of it is acknowledged."""
MAX_BATCH = 5000
"""Points of a batch at most, unless one call logged more."""
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

    def __init__(self, folder: Path, held: int | None = None) -> None:
        self.folder = folder
        self.start = msgspec.json.decode((folder / "start").read_bytes(), type=Start)
        self.lock = threading.Lock()
        self._records = os.open(folder / "records", os.O_RDWR | os.O_CREAT, 0o600)
        self._sent = os.open(folder / "sent", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._held = held
        self._map: mmap.mmap | None = None
        self._size, self._process = 0, os.getpid()
        self._parts: dict[str, RunSpool] = {}
        self._is_part = False
        self.turn, self.acknowledged, self._pending = self._read_sent()
        self._end = self._find_end()

    @classmethod
    def create(cls, root: Path, start: Start) -> RunSpool:
        """Make a spool for a new run, locked by this process."""
        folder = root / new_id("spool")
        folder.mkdir(parents=True, mode=0o700)
        # The lock before `start`, without which a folder is no spool: another process that looks for
        # abandoned runs would find this one in between, take the lock, and end the run as one that died.
        held = _lock(folder, wait=True)
        _write_start(folder, start)
        return cls(folder, held)

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
            # Before it is sent: whoever sends it again, after a crash and with more records behind it by
            # then, must cut it at the same place. Its key says that, and the server carries out a key once.
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
        # In this order: a crash in between leaves more bytes acknowledged than there are, which `_read_sent`
        # mends. The other way round acknowledged records would be sent again, under the keys of a new turn.
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
        descriptors = (self._records, self._sent, self._held)
        # The system gives these numbers to the next files that the process opens: whoever still logs from
        # another thread is to get an error, not to write into one of those.
        self._records, self._sent, self._held = -1, -1, None
        for descriptor in descriptors:
            if descriptor is not None and descriptor >= 0:
                os.close(descriptor)

    def remove(self) -> None:
        """Forget it: everything is acknowledged."""
        # First what makes it a spool: once the lock is free, another process may open what is left.
        with suppress(OSError):
            (self.folder / "start").unlink()
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _become_part(self) -> None:
        """Go on in a forked process, with a file of its own."""
        self.close()
        if not self.folder.exists():
            raise Conflict("the run is over", why="the process that began it has ended it")
        folder = self.folder / "parts" / new_id("spool")
        folder.mkdir(parents=True, mode=0o700)
        _write_start(folder, self.start)
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
            # JSON holds no zero byte: the first one is where nothing was written yet, also in the middle of a
            # line that another process is just copying.
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
    """Yield the spools that no living process holds, each locked by this one now; the oldest first."""
    if not root.is_dir():
        return
    for folder in sorted(root.glob("spool-*")):
        # The lock before it is opened: to open the spool of a process that just gives space back (`rotate`)
        # would note that once more, and batches that are sent again would have other keys.
        held = _lock(folder)
        if held is None:
            continue
        try:
            spool = RunSpool(folder, held)
        except (OSError, msgspec.MsgspecError):  # begun and never used, or removed by its own process
            os.close(held)
            continue
        yield spool


def _write_start(folder: Path, start: Start) -> None:
    draft = folder / "draft"
    draft.write_bytes(_encode(start))
    draft.rename(folder / "start")


def _lock(folder: Path, *, wait: bool = False) -> int | None:
    """Return the descriptor that holds a spool's lock; None if another process has it.

    With `wait` the spool is a new one, and its lock file is made. `flock` belongs to the open file and not
    to the process: the system drops it when the last process that has this file open dies, however it dies;
    a child that was forked keeps it for its parent.
    """
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | (os.O_CREAT if wait else 0), 0o600)
    except OSError:
        return None
    if fcntl is None:
        return descriptor
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
