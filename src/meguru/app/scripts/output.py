"""What a script prints: passed on as it comes, and kept."""

from __future__ import annotations

import contextlib
import os
import pty
import threading
import time
import tty
from pathlib import Path

from meguru.compute.logs.files import read_ended
from meguru.compute.logs.mask import Masker, secrets_of
from meguru.compute.logs.records import head
from meguru.pipelines.logs.encoding import START, write

ARTIFACT = "meguru/output.log"
"""The artifact of a run that has what its script printed."""
_PIECE = 1 << 16


class Output:
    """Two streams of a child, each passed on to one of ours and written to a file with marks.

    A stream of ours that is a terminal is one for the child, too, so that its colours and progress bars stay.
    """

    def __init__(self, file: Path, targets: tuple[int, int]) -> None:
        self.file, self.began = file, time.time_ns() // 1000
        self._kept = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._ends = [self._pair(target) for target in targets]
        self._threads = [
            threading.Thread(
                target=self._pump, args=(ends[0], target, kind), name="script-output", daemon=True
            )
            for ends, target, kind in zip(self._ends, targets, (b"o", b"e"), strict=True)
        ]

    @property
    def given(self) -> tuple[int, int]:
        """The child's ends."""
        return self._ends[0][1], self._ends[1][1]

    def follow(self) -> None:
        """Pass on what comes; the child has its ends by now."""
        for end in self.given:
            os.close(end)
        for thread in self._threads:
            thread.start()

    def end(self, patience: float) -> None:
        """Wait until the streams are closed: processes that the script left may hold them for a while."""
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def text(self) -> str:
        """Return what was printed, without secrets, as logs are kept."""
        lines, _ = read_ended(self.file, self.began)
        return START + write(Masker(secrets_of(os.environ)).lines(lines))

    @staticmethod
    def _pair(target: int) -> tuple[int, int]:
        if not os.isatty(target):
            return os.pipe()
        ours, theirs = pty.openpty()
        tty.setraw(theirs)  # our own terminal does what is to be done
        with contextlib.suppress(OSError):
            import fcntl
            import termios

            size = fcntl.ioctl(target, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        return ours, theirs

    def _pump(self, source: int, target: int, kind: bytes) -> None:
        try:
            while data := _read(source):
                os.writev(self._kept, (head(kind, time.time_ns() // 1000, len(data)), data))
                left = memoryview(data)
                while left:
                    left = left[os.write(target, left) :]
        except OSError:
            return  # whoever reads us went away: the script hears of it when it writes
        finally:
            os.close(source)


def _read(source: int) -> bytes:
    try:
        return os.read(source, _PIECE)
    except OSError:  # the other end of a terminal was closed
        return b""
