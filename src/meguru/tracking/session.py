"""The inside of a run that a script tracks: what is logged goes to disk, and from there to its place."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from meguru.base import digests, refs
from meguru.base.cache import cache_folder
from meguru.base.ids import new_id
from meguru.errors import Busy, Conflict, MeguruError, TimedOut
from meguru.tracking import active, exits, heartbeat, runs
from meguru.tracking.captured import Captured
from meguru.tracking.heartbeat_sender import HeartbeatThread, is_refusal
from meguru.tracking.keys import check_keys, check_step, check_texts, number
from meguru.tracking.replay import send_abandoned
from meguru.tracking.sender import Sender, TrackingDoor
from meguru.tracking.spool import RunSpool, Start
from meguru.tracking.types import EndState, Run

log = logging.getLogger(__name__)
FLUSH_SECONDS = 1.0
FLUSH_POINTS = 5000
"""What is logged is sent after so long, or so many points."""
BEAT_SECONDS = 15.0
LEASE_SECONDS = 60.0
"""A heartbeat may be late or lost three times before the run counts as interrupted."""
EXIT_SECONDS = 30.0
"""So long the end of a run waits for a server that is away; then what it logged stays in its spool."""
CAPTURE_SECONDS = 15.0
MAX_RECORD_METRICS = 1000
"""Metrics of one record: what is read at once to be sent is whole records."""
_PLAIN = (float, int)


class RunSession:
    """One open run of this process.

    What is logged is written to a file of this machine before the call returns, and sent in batches by a
    thread. So it outlives this process, and a server that is away; what could not be sent is sent later, by
    this process or by another one, and each batch is kept once. A process that was forked from this one
    writes to a file of its own, which this one sends. Safe to use from several threads.

    Raises
    ------
    MeguruError
        If the run can't start because what it is given is wrong; a server that is away does not hinder it.
    """

    def __init__(
        self,
        open_place: Callable[[], TrackingDoor],
        start: dict[str, Any],
        *,
        strict: bool,
        spool: Path | None,
        place: str,
        surroundings: Callable[[], Callable[[], Captured]] | None,
    ) -> None:
        self.process, self.thread = os.getpid(), threading.get_ident()
        self.strict, self._place = strict, place
        self._root = spool or cache_folder("spool")
        self._others: Path | None = self._root
        self._steps: dict[str, int] = {}
        self.values: dict[str, float | None] = {}
        self._unsent, self.is_over, self.is_forsaken, self._is_child = 0, False, False, False
        self._ending = threading.Lock()
        self.ws = open_place()
        self._begin(start | {"lease": LEASE_SECONDS})
        active.add(self)
        exits.watch()
        _sessions.add(self)
        self._capturing = self._capture(surroundings) if surroundings is not None else None

    def _begin(self, start: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        start |= {"id": new_id("run"), "at": now.isoformat()}
        self._spool = RunSpool.create(
            self._root, Start(place=self._place, project=self.ws.project, arguments=start)
        )
        self._sender = Sender(self.ws, self._spool)
        try:
            self.info = self._sender.start()
        except (Busy, TimedOut) as error:
            if self.strict:
                self._give_up()
                raise
            log.warning("a run is kept on this machine until its server answers: %s", error)
            self.info = _provisional(start, now)
        except BaseException:
            self._give_up()
            raise
        self._pulse = HeartbeatThread(
            self._flush_quietly,
            lambda: heartbeat.beat(self.ws, run=self.info.id),
            flush_seconds=FLUSH_SECONDS,
            beat_seconds=BEAT_SECONDS,
        )
        self._pulse.start()

    @property
    def id(self) -> str:
        """The run's id."""
        return self.info.id

    def log(self, given: Mapping[str, float], step: int | None) -> None:
        """Log metric values at a step; without one, each metric's own next step."""
        try:
            steps, values = self._steps, {}
            with self._spool.lock:
                self._writing()  # under the lock, for `end` writes the last record under it
                for key, value in given.items():
                    plain = value if type(value) in _PLAIN else number(key, value)
                    if key not in steps:
                        check_keys("metric", (key,))
                        steps[key] = -1
                    at_step = steps[key] + 1 if step is None else check_step(step)
                    if at_step >= steps[key]:
                        self.values[key] = plain
                    steps[key] = at_step
                    values[key] = (plain, at_step)
                self._append(values)
        except (MeguruError, OSError, OverflowError) as error:
            self.tell(error)

    def texts(self, kind: str, texts: dict[str, str]) -> None:
        """Write params or tags."""
        try:
            check_texts(kind, texts)
            self._write(kind[0], texts)
            if self.strict and not self._is_child:
                self._sender.send()
                self._raise_refused()
        except (MeguruError, OSError) as error:
            self.tell(error)

    def keep(self, file: Path, name: str) -> None:
        """Keep a file as an artifact."""
        spool = self._writing()
        if self._is_child or getattr(self.ws, "is_remote", True):
            digest = digests.of_file(file)
            spool.store(file, digest)
        else:
            digest = self.ws.blobs.put_file(file)
        self._write("a", {"path": name, "digest": digest})
        if not self._is_child:
            self._pulse.hurry()

    def flush(self) -> None:
        """Send what is not sent yet; raise what stops it."""
        self._writing()
        if not self._is_child:
            self._sender.send()

    def end(self, state: EndState, error: str) -> None:
        """End the run, once; wait a while for a server that is away. A forked process ends nothing."""
        with self._ending:
            if self.is_over or self._is_child:
                return
            active.remove(self)
            if not active.all_open():
                exits.leave()
            try:
                if self._capturing is not None:
                    self._capturing.join(CAPTURE_SECONDS)
                self.is_over = True
                self._pulse.stop()
                at = datetime.now(UTC).isoformat()
                with self._spool.lock:
                    self._spool.append(("f", {"state": state, "error": error[-runs.MAX_ERROR :], "at": at}))
                self._send_all()
                self._raise_refused()
            except Exception as late:
                if self.strict:
                    raise
                kept = self._spool.folder
                log.warning("the run %s is kept in %s until it can be sent: %s", self.info.id, kept, late)
            finally:
                self.is_over = True  # also when the capture or the thread could not be waited for
                self.ws.close()

    def forsake(self) -> None:
        """Note that nobody can reach the run by its name any more: it ends when it is not the newest one.

        Python calls this wherever it is just then, so nothing is done here that could wait for a lock.
        """
        self.is_forsaken = True

    def tell(self, error: Exception) -> None:
        """Raise what could not be logged if the run is strict, else warn of it."""
        if self.strict:
            raise error
        why = getattr(error, "why", "")
        log.warning("not logged: %s%s", error, f": {why}" if why else "")

    def become_child(self) -> None:
        """Go on in a process that was forked; nothing of the threads and locks of the other one is here."""
        self._is_child = True
        self._ending, self._spool.lock = threading.Lock(), threading.Lock()

    def _writing(self) -> RunSpool:
        if self.is_over:
            raise Conflict(
                f"run {self.info.id} is over", why="it was ended here", hint="start another run: meguru.run()"
            )
        return self._spool

    def _append(self, values: dict[str, Any]) -> None:
        ms = time.time_ns() // 1_000_000
        if len(values) <= MAX_RECORD_METRICS:
            self._spool.append(("m", ms, values))
        else:
            items = list(values.items())
            for start in range(0, len(items), MAX_RECORD_METRICS):
                self._spool.append(("m", ms, dict(items[start : start + MAX_RECORD_METRICS])))
        self._unsent += len(values)
        if self._unsent >= FLUSH_POINTS and not self._is_child:
            self._unsent = 0
            self._pulse.hurry()

    def _write(self, kind: str, content: Any) -> None:
        with self._spool.lock:
            self._writing().append((kind, content))

    def _capture(self, surroundings: Callable[[], Callable[[], Captured]]) -> threading.Thread:
        thread = threading.Thread(target=self._keep_captured, args=(surroundings(),), name="run-capture")
        thread.start()
        return thread

    def _keep_captured(self, rest: Callable[[], Captured]) -> None:
        try:
            captured = rest()
            self._write("t", captured.tags)
            with tempfile.TemporaryDirectory(prefix="meguru-captured-") as folder:
                files = {
                    "system.json": msgspec.json.encode(captured.system),
                    "uncommitted.diff": captured.diff.encode(),
                }
                for name, content in files.items():
                    if content:
                        (Path(folder) / name).write_bytes(content)
                        self.keep(Path(folder) / name, f"meguru/{name}")
        except Exception as error:  # noqa: BLE001 - what surrounds a run is never worth the run
            log.warning("what surrounds a run could not be kept: %s", error)

    def _raise_refused(self) -> None:
        if self.strict and self._sender.refused:
            raise self._sender.refused[0]

    def _send_all(self) -> None:
        """Send everything, the end too; wait a while for a server that is away."""
        until = time.monotonic() + EXIT_SECONDS
        try:
            while True:
                try:
                    self._sender.send()
                    break
                except (Busy, TimedOut):
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.2)
        except Exception as error:
            if is_refusal(error):
                self._spool.refuse(str(error))
            self._spool.close()
            raise
        if self._sender.run is not None:
            self.info = self._sender.run
        self._spool.remove()

    def _flush_quietly(self) -> None:
        if self.is_forsaken and not self.is_over and active.newest() is not self:
            state, error = exits.outcome()
            threading.Thread(target=self.end, args=(state, error), name="run-end").start()
            return
        self.flush()
        if self._others is not None:
            root, self._others = self._others, None
            send_abandoned(self.ws, root, place=self._place)

    def _give_up(self) -> None:
        self._spool.remove()
        self.ws.close()


# Weak: a session that nobody names any more must be collected, for that is how a forsaken run is noticed.
_sessions: weakref.WeakSet[RunSession] = weakref.WeakSet()


def _forked() -> None:
    for session in list(_sessions):
        if not session.is_over:
            session.become_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _provisional(given: dict[str, Any], now: datetime) -> Run:
    return Run(
        ref=refs.make("run", given["id"]),
        id=given["id"],
        name=given["name"],
        experiment=given["experiment"],
        state="running",
        started_at=now,
        finished_at=None,
        created_by="",
        error="",
        lease=given["lease"],
        params=given["params"],
        tags=given["tags"],
    )
