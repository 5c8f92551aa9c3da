"""The engine's side: what its steps print is readable within a second or so, and kept when they end."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meguru.compute.logs.files import GrowingLog, read_ended
from meguru.compute.logs.lines import TimedLine
from meguru.compute.logs.mask import Masker, secrets_of
from meguru.compute.logs.records import head, moment
from meguru.errors import Busy
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.workspace import Workspace
from meguru.pipelines.logs import store
from meguru.pipelines.logs.encoding import START, write
from meguru.pipelines.logs.types import Log
from meguru.pipelines.step_kind import STEP_RUN

PACE_SECONDS = 1.0
PROGRESS_SECONDS = 5.0
_MAX_LIVE_BYTES = 1 << 20
"""Text of a running step that the database holds; all of it is in a blob when the step has ended."""
# Only the attempt itself, and whoever comes after its death, writes these rows; they carry no state.
_KEEP = InternalOperation(STEP_RUN, "keep_log", alone=False)


@dataclass
class _Open:
    log: Log
    growing: GrowingLog
    masker: Masker
    known: bool = False
    seq: int = 0
    sizes: deque[tuple[int, int]] = field(default_factory=deque)
    shown: float = 0.0
    pending: list[TimedLine] = field(default_factory=list)


class StepLogs:
    """The logs of one run's steps, for one thread.

    `open` when a step starts, `poll` as often as one likes, `close` when it has ended; `write` puts what
    was closed into the transaction that says that the step ended. Secrets are masked before anything is
    written: the values of this process's secret-looking environment variables, those of `environment`,
    and what looks like a secret.
    """

    def __init__(self, ws: Workspace, run: str, environment: Mapping[str, str] | None = None) -> None:
        self._ws, self._run = ws, run
        self._masker = Masker(secrets_of({**os.environ, **(environment or {})}))
        self._open: dict[str, _Open] = {}
        self._closed: list[_Open] = []
        self._next = time.monotonic() + PACE_SECONDS

    def open(self, step: str, attempt: int, path: Path) -> None:
        """Follow the file that a step prints to."""
        now = datetime.now(UTC)
        log = Log(step_run=f"{self._run}.{step}", attempt=attempt, run=self._run, step=step, begun_at=now)
        self._open[step] = _Open(log, GrowingLog(path, _micro(now)), self._masker.fresh())

    def poll(self) -> None:
        """Write what is new, in one transaction and at most once a second."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PACE_SECONDS
        for one in self._open.values():
            progress = now - one.shown >= PROGRESS_SECONDS
            lines = one.growing.look(progress=progress)
            one.shown = now if progress or lines else one.shown
            one.pending += one.masker.lines(lines)
        fresh = [one for one in self._open.values() if one.pending]
        if not fresh:
            return
        try:
            _KEEP.commit(self._ws, lambda ctx: self._add(ctx, fresh))
        except Busy:
            return  # no reason for a step to fail; the lines go with the next ones
        for one in fresh:
            one.known, one.seq, one.pending = True, one.seq + 1, []

    def add(self, step: str, text: str) -> None:
        """Add to the log of a step that has ended what became of it, whatever it printed itself."""
        data = self._masker.text(text).encode(errors="backslashreplace") + b"\n"
        path = self._open[step].growing.path
        with contextlib.suppress(OSError):  # the step may have removed its folder, or filled the disk
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab+") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    data = data if file.read(1) == b"\n" else b"\n" + data
                file.write(head(b"E", _micro(datetime.now(UTC)), len(data)) + data)

    def note(self, step: str, attempt: int, text: str) -> str:
        """Keep a log of a step that could not begin; return its digest."""
        now = datetime.now(UTC)
        lines = [(_micro(now) + n, "error", line) for n, line in enumerate(text.splitlines())]
        data = (START + write(self._masker.fresh().lines(lines))).encode()
        log = Log(
            step_run=f"{self._run}.{step}",
            attempt=attempt,
            run=self._run,
            step=step,
            begun_at=now,
            ended_at=now,
            blob=self._ws.blobs.put_bytes(data),
            lines=len(lines),
            size=len(data),
        )
        self._closed.append(_Open(log, GrowingLog(Path(os.devnull), 0), self._masker))
        return str(log.blob)

    def close(self, step: str) -> str | None:
        """Keep the log of a step that has ended; return its digest, None if nothing was printed."""
        one = self._open.pop(step)
        # Read once more from the start: what was shown live may have gaps, and progress bars half-way.
        lines, dropped = read_ended(one.growing.path, _micro(one.log.begun_at))
        if not lines and not one.known:
            return None
        text = START + write(self._masker.fresh().lines(lines))
        data = text.encode()
        digest = self._ws.blobs.put_bytes(data)
        one.log = msgspec.structs.replace(
            one.log,
            ended_at=datetime.now(UTC),
            blob=digest,
            lines=len(lines),
            size=len(data),
            dropped=dropped,
        )
        self._closed.append(one)
        return digest

    def write(self, ctx: Context) -> None:
        """Write the logs that were closed since the last `wrote`, in a transaction of the engine."""
        for one in self._closed:
            store.put(ctx.tx, one.log, known=one.known)
            if one.known:
                store.drop_chunks(ctx.tx, one.log)

    def wrote(self) -> None:
        """Take note that the transaction of `write` was committed."""
        self._closed.clear()

    def end(self) -> None:
        """Keep the logs of steps that were stopped with the run, whoever owns the run by now."""
        for step in list(self._open):
            self.close(step)
        if self._closed:
            _KEEP.commit(self._ws, self.write)
            self.wrote()

    @staticmethod
    def _add(ctx: Context, fresh: list[_Open]) -> None:
        for one in fresh:
            if not store.put(ctx.tx, one.log, known=one.known):
                continue  # whoever took the run over has ended this log
            text = write(one.pending)
            store.add_chunk(ctx.tx, one.log, one.seq, moment(one.pending[-1][0]), text)
            one.sizes.append((one.seq, len(text)))
            while len(one.sizes) > 1 and sum(size for _, size in one.sizes) > _MAX_LIVE_BYTES:
                one.sizes.popleft()
                store.drop_chunks(ctx.tx, one.log, before=one.sizes[0][0])


def end_orphaned_logs(ws: Workspace, run: str) -> None:
    """End the logs that a dead process left open: what of them was written is kept as any log."""
    with ws.read() as tx:
        left = store.unended(tx, [run])
    if left:
        _KEEP.commit(ws, lambda ctx: _end_orphaned(ctx, left))


def _end_orphaned(ctx: Context, left: list[Log]) -> None:
    for log in left:
        chunks = store.chunks(ctx.tx, log)
        data = (START + "".join(chunks)).encode()
        ended = msgspec.structs.replace(
            log,
            ended_at=datetime.now(UTC),
            blob=ctx.blobs.put_bytes(data),
            lines=data.count(b"\n") - 1,
            size=len(data),
        )
        if store.put(ctx.tx, ended, known=True):
            store.drop_chunks(ctx.tx, log)


def _micro(now: datetime) -> int:
    return int(now.timestamp() * 1_000_000)
