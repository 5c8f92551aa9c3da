"""The server's side of a model host: starts the process on first use, bounds it, restarts it with backoff."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from meguru.base.settings import load_settings
from meguru.compute.executors import environments
from meguru.errors import Busy, InvalidInput, TimedOut
from meguru.modelhost import bootstrap, manifest, wire

log = logging.getLogger(__name__)
BACKOFF = (0.0, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before a host is restarted, by how many times in a row it died without an answer."""
_START_SECONDS = 60.0
_MAX_TAIL = 4000
_MAX_FILE = 256 << 20
_PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
_FIXED_VARIABLES = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
    ),
    "PYTHONHASHSEED": "0",
    "JOBLIB_MULTIPROCESSING": "0",
    "HOME": "/nonexistent",
}
_spawner = ThreadPoolExecutor(1, thread_name_prefix="model-hosts")
"""Starts all hosts. The kernel's parent-death signal comes when the thread that forked ends, not its process:
a host that a request's thread had started would die with that request."""


class HostFailed(Exception):
    """The model's code raised something; the message is what."""


class ModelHost:
    """The process of one model's code. Safe for many threads: one is answered after the other.

    The process is started by the first question. It is ended when this object is closed or collected, when
    this process ends in whatever way, on a timeout, and when it breaks the protocol.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float | None = None,
        memory: int | None = None,
        answer: int | None = None,
    ) -> None:
        settings = load_settings()
        self.folder = folder
        self.seconds = settings.host_seconds if seconds is None else seconds
        self.memory = settings.host_memory if memory is None else memory
        self.answer = settings.host_answer if answer is None else answer
        self.network = settings.host_network
        self.kept_from: list[str] = []
        self._lock = threading.Lock()
        self._running: _HostProcess | None = None
        self._failures, self._not_before = 0, 0.0

    @property
    def pid(self) -> int | None:
        """The id of the process, if there is one."""
        return self._running.process.pid if self._running else None

    def ask(self, data: Any) -> Any:
        """Return the raw answer for rows.

        Raises
        ------
        HostFailed
            When the model's code raised something, or its answer is longer than one may be.
        InvalidInput
            When the code can't be loaded.
        Busy
            When the process died; the same request may work again.
        TimedOut
            When the answer took too long; the process is ended.
        """
        message = wire.pack_rows(data)
        with self._lock:
            if self._running is not None and self._running.process.poll() is not None:
                self._end_after_failure("nobody asked it")
            running = self._running or self._start()
            try:
                running.wire.settimeout(self.seconds)
                wire.send(running.wire, *message)
                head, body = wire.receive(running.wire, self.answer, self.seconds)
                if head.kind == "error":
                    raise HostFailed(head.error)
                answer = wire.unpack_answer(head, body)
            except HostFailed:
                # The code ran and raised: the process is well, and keeps what it has loaded.
                self._failures = 0
                raise
            except TimeoutError as error:
                # The answer may still come, and would be taken for that of the next question.
                self._end_after_failure("it took too long")
                why = f"it was ended after {self.seconds:g} s, and is started anew"
                raise TimedOut("the model's code did not answer in time", why=why) from error
            except wire.AnswerTooLong as error:
                # Whoever wrote round the code that says so in the process; the same rows would get the same.
                self._end_after_failure(str(error))
                raise HostFailed(str(error)) from error
            except (wire.BrokenWire, OSError) as error:
                told = self._end_after_failure(str(error))
                raise Busy("the model's process died", why=told, hint="try again") from error
            except BaseException as error:
                # Such as memory that ran out on this side: what is left of the answer is still in the socket.
                self._end_after_failure(f"asking it was broken off by {type(error).__name__}")
                raise
            self._failures = 0
            return answer

    def close(self) -> None:
        """End the process; the next question would start it again."""
        with self._lock:
            if self._running is not None:
                self._running.end()
                self._running = None

    def _start(self) -> _HostProcess:
        now = time.monotonic()
        if now < self._not_before:
            why = f"it died {self._failures} times in a row"
            raise Busy("the model's process is not started yet", why=why, hint="try again in a moment")
        running = _HostProcess(self)
        try:
            head, _ = wire.receive(running.wire, seconds=_START_SECONDS)
        except (wire.BrokenWire, TimeoutError, OSError) as error:
            self._running = running
            raise Busy(
                "the model's process can't be started", why=self._end_after_failure(str(error))
            ) from error
        if head.kind != "ready":
            running.end()
            hint = "what it imports must be in its environment, and its files among its files"
            raise InvalidInput("the model's code can't be loaded", why=head.error, hint=hint)
        self.kept_from = head.kept_from
        self._running = running
        return running

    def _end_after_failure(self, why: str) -> str:
        """End the process; say what is known of its end."""
        # Taken out first: whatever goes wrong below, nobody asks this process again.
        running, self._running = self._running, None
        told = running.end() if running else ""
        self._failures += 1
        self._not_before = time.monotonic() + BACKOFF[min(self._failures - 1, len(BACKOFF) - 1)]
        log.warning("the host of %s ended: %s; %s", self.folder.name, why, told)
        return "; ".join(filter(None, (why, told)))


class _HostProcess:
    """One process with its socket, its folder, and the end of what it printed."""

    def __init__(self, host: ModelHost) -> None:
        # First: what fails oftenest, and longest, is the environment; nothing is to be cleared away yet.
        command, variables = _command(host.folder)
        self.place = Path(tempfile.mkdtemp(prefix="meguru-host-"))
        self.wire, theirs = socket.socketpair()
        try:
            with theirs:
                self.process = self._started(host, command, variables, theirs)
        except BaseException:
            self.wire.close()
            shutil.rmtree(self.place, ignore_errors=True)
            raise
        self._tail = bytearray()
        output = threading.Thread(
            target=_read_output, args=(self.process.stdout, self._tail), name="model-host-output", daemon=True
        )
        output.start()
        # Ends the process also when nobody calls close(): on garbage collection and at the interpreter's
        # exit. It must not refer to this object, or that would never be collected.
        self._finalizer = weakref.finalize(self, _clean_up, self.process, self.wire, self.place)

    def _started(
        self, host: ModelHost, command: Sequence[str], variables: Mapping[str, str], theirs: socket.socket
    ) -> subprocess.Popen[bytes]:
        work = self.place / "work"
        work.mkdir()
        said = {
            "wire": theirs.fileno(),
            "model": str(host.folder.absolute()),
            "folder": str(work),
            "memory": host.memory,
            "answer": host.answer,
            "file": _MAX_FILE,
            "network": host.network,
            "parent": os.getpid(),
        }
        whole = [*command, json.dumps(said)]
        return _spawner.submit(_popen, whole, variables, theirs.fileno(), work).result()

    def end(self) -> str:
        """End the process; return how it ended, with the end of what it printed."""
        self._finalizer()
        code = self.process.returncode
        how = f"killed by {signal.Signals(-code).name}" if code and code < 0 else f"code {code}"
        said = bytes(self._tail).decode("utf-8", "replace").strip()[-500:]
        return f"it ended: {how}" + (f"; it said: {said}" if said else "")


def _read_output(output: Any, tail: bytearray) -> None:
    """Keep the end of what a process prints; it must not wait for a reader."""
    with output:
        # Read always: a pipe that is full stops the process at its next print.
        while chunk := output.read1(65536):
            tail += chunk
            del tail[:-_MAX_TAIL]


def _command(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return how the process is started: by the Python of the model's environment, built if need be.

    One more argument follows: what the process is told of its model, as JSON.
    """
    lock = manifest.read(folder).lock
    variables = {
        name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ
    } | _FIXED_VARIABLES
    python = sys.executable
    if lock:
        python = str(environments.build_from(folder / manifest.ENVIRONMENT, lock))
        variables[bootstrap.VARIABLE] = environments.libraries()
    return [python, "-I", bootstrap.__file__], variables


def _popen(
    command: Sequence[str], variables: Mapping[str, str], descriptor: int, folder: Path
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        pass_fds=[descriptor],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A process group of its own, so that what the model's code has started is killed with it.
        start_new_session=True,
    )


def _clean_up(process: subprocess.Popen[bytes], wire_end: socket.socket, place: Path) -> None:
    with contextlib.suppress(OSError):
        wire_end.close()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    shutil.rmtree(place, ignore_errors=True)
