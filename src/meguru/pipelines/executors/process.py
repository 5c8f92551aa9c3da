"""Run a step in a fresh process: the engine's side of the fork server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from meguru.pipelines.executors.base import Done, Ended, died
from meguru.pipelines.executors.work import Outcome, StepJob


class ForkServer:
    """Starts steps and tells when they end. Safe for many threads.

    The server starts with the first step, and again when it was killed. Closing this object, or the end
    of this process by whatever way, ends the server and every step that still runs.
    """

    fresh = True
    remote = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._waiting: dict[str, tuple[socket.socket, Path, Done]] = {}

    def start(self, name: str, job: StepJob, *, log: Path, preload: Iterable[str], done: Done) -> None:
        """Start one step; `done` is called from another thread when its process is gone."""
        result = Path(job.scratch) / "outcome.json"
        result.unlink(missing_ok=True)
        message = {
            "id": name,
            "job": msgspec.to_builtins(job),
            "result": str(result),
            "log": str(log),
            "preload": list(preload),
            # The server may be older than what this process set since.
            "env": _environment(),
            "cwd": os.getcwd(),  # noqa: PTH109 - a path as text
        }
        with self._lock:
            control = self._running()
            self._waiting[name] = (control, result, done)
            _send(control, message)

    def warm(self, modules: Iterable[str]) -> None:
        """Start the server now and let it import `modules`, so that the first step need not wait for it."""
        with self._lock:
            _send(self._running(), {"preload": list(modules)})

    def kill(self, name: str) -> None:
        """End a step and every process it started; its `done` is called as for any end."""
        with self._lock:
            if name in self._waiting:
                _send(self._waiting[name][0], {"kill": name})

    def close(self) -> None:
        """End the server."""
        with self._lock:
            process, control = self._process, self._control
            self._process = self._control = None
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # the listener closes it
        if process is not None:
            process.terminate()
            process.wait()

    def _running(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        if self._process is not None:
            self._process.wait()
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "meguru.pipelines.executors.forkserver", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=_environment(),
        )
        theirs.close()
        self._control = ours
        listener = threading.Thread(target=self._listen, args=(ours,), name="fork-server", daemon=True)
        listener.start()
        return ours

    def _listen(self, control: socket.socket) -> None:
        with contextlib.suppress(OSError), control, control.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                self._finish(message["id"], message.get("status"), message.get("refused", ""))
        with self._lock:
            if self._control is control:
                self._control = None
            left = [name for name, (used, _, _) in self._waiting.items() if used is control]
        for name in left:
            self._finish(name, None, "")

    def _finish(self, name: str, status: int | None, refused: str) -> None:
        with self._lock:
            waiting = self._waiting.pop(name, None)
        if waiting is not None:
            _, result, done = waiting
            done(_ended(result, status, refused))


def _send(control: socket.socket, message: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # the listener sees that the server is gone and tells who waits
        control.sendall(json.dumps(message).encode() + b"\n")


def _ended(result: Path, status: int | None, refused: str) -> Ended:
    if result.exists():
        return Ended(outcome=msgspec.json.decode(result.read_bytes(), type=Outcome))
    if refused:
        return died("no process could be started", refused)
    if status is None:
        return died("the fork server was killed", "its steps ended with it", lost=True)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(ValueError):
            name = signal.Signals(number).name
            hint = ": out of memory, or someone killed it" if number == signal.SIGKILL else ""
            return died(f"its process was killed by {name}{hint}")
        return died(f"its process was killed by signal {number}")
    code = os.WEXITSTATUS(status)
    return died(f"its process ended with code {code} before the step returned", "did it call os._exit?")


def _environment() -> dict[str, str]:
    """Give steps the cores there are, equal hash seeds, and threads that sleep while they wait."""
    cores = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    ours = {
        "OMP_NUM_THREADS": cores,
        "OPENBLAS_NUM_THREADS": cores,
        "MKL_NUM_THREADS": cores,
        "POLARS_MAX_THREADS": cores,
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONHASHSEED": "0",
    }
    return ours | {key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"}
