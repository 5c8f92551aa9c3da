"""Run steps as tasks of a Ray cluster: an existing one, or one on this machine."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec

from meguru.base.settings import load_settings
from meguru.compute.executors.base import Ended, OnEnded, died
from meguru.compute.executors.raytask import FromRay, ToRay
from meguru.compute.executors.variables import step_variables
from meguru.compute.executors.work import Failure, StepJob, StepOutcome
from meguru.compute.step_metrics import FILE
from meguru.errors import MissingDependency

_RETRY_SECONDS = 2.0
_MAX_OUTPUT = 500


class _Step(msgspec.Struct, kw_only=True):
    job: StepJob
    preload: list[str]
    log: Path
    done: OnEnded
    is_sent: bool = False


class RayTasks:
    """Runs each step as a task of a Ray cluster, where it has a fresh process of its own.

    Ray only executes: what a run has done is known by our database alone. The cluster is reached through a
    driver process, because Ray ends its drivers when a cluster is lost. A step whose node or worker died is
    reported as lost, and so are all that ran when the head died; later steps wait until a head is there
    again, and fail when there was none for `MEGURU_RAY_WAIT` seconds.
    """

    fresh = True
    remote = True

    def __init__(self, address: str = "", wait: float = 0.0) -> None:
        settings = load_settings()
        self.address, self.wait = address or settings.ray, wait or settings.ray_wait
        self._lock = threading.RLock()
        self._steps: dict[str, _Step] = {}
        self._driver: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_there = False
        self._down_since: float | None = None

    def start(self, name: str, job: StepJob, *, log: Path, preload: Iterable[str], done: OnEnded) -> None:
        """Submit one step."""
        if importlib.util.find_spec("ray") is None:
            done(_missing())
            return
        with self._lock:
            if not self._steps:
                self._down_since = None
            self._steps[name] = _Step(job=job, preload=list(preload), log=log, done=done)
            if self._control is None:
                self._open()
            elif self._is_there:
                self._send(name)

    def kill(self, name: str) -> None:
        """Cancel a step's task and end its process."""
        with self._lock:
            step = self._steps.get(name)
            if step is not None and step.is_sent:
                self._write(ToRay(name=name))
                return
        self._finish(name, died("it was ended", "before it reached the cluster"))

    def warm(self, modules: Iterable[str]) -> None:
        """Connect now."""
        del modules
        with self._lock:
            if self._control is None and importlib.util.find_spec("ray") is not None:
                self._open()

    def close(self) -> None:
        """End all tasks, and the cluster if it is a local one."""
        with self._lock:
            driver, control, names = self._driver, self._control, list(self._steps)
            self._driver = self._control = None
            self._is_there, self._down_since = False, None
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # the listener closes it
        for name in names:
            self._finish(name, died("it was ended", "with the connection to the cluster"))
        if driver is not None:
            driver.wait()

    def _open(self) -> None:
        """Start a driver; what waits is sent when it is connected."""
        ours, theirs = socket.socketpair()
        said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the driver
        with theirs:
            self._driver = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "meguru.compute.executors.rayhost"),
                    *(str(theirs.fileno()), self.address, str(self.wait)),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                env=_environment(),
            )
        self._control = ours
        threading.Thread(
            target=self._listen, args=(ours, self._driver, said), name="ray", daemon=True
        ).start()

    def _listen(self, control: socket.socket, driver: subprocess.Popen[bytes], said: IO[bytes]) -> None:
        decode = msgspec.json.Decoder(FromRay).decode
        with contextlib.suppress(OSError, msgspec.DecodeError), control, control.makefile("rb") as lines:
            for line in lines:
                news = decode(line)
                if news.name:
                    self._hear(news)
                else:
                    self._greet(control)
        driver.wait()
        with said:
            self._lose(control, said)

    def _greet(self, control: socket.socket) -> None:
        """Take in that the cluster is there: send what waits."""
        with self._lock:
            if self._control is control:
                self._is_there, self._down_since = True, None
                for name in self._steps:
                    self._send(name)

    def _hear(self, news: FromRay) -> None:
        with self._lock:
            step = self._steps.get(news.name)
        if step is None:
            return
        for file, data in ((step.log, news.said.log), (Path(step.job.scratch) / FILE, news.said.metrics)):
            if data:
                with contextlib.suppress(OSError), file.open("ab") as kept:
                    kept.write(data)
        if news.said.ended is not None:
            self._finish(news.name, news.said.ended)

    def _lose(self, control: socket.socket, said: IO[bytes]) -> None:
        """Take in that the driver is gone, and with it all that was sent; try again for what waits."""
        with self._lock:
            if self._control is not control:
                return
            self._control, self._is_there = None, False
            if self._down_since is None:
                self._down_since = time.monotonic()
            is_over = time.monotonic() > self._down_since + self.wait
            sent = [name for name, step in self._steps.items() if step.is_sent]
            waiting = [name for name, step in self._steps.items() if not step.is_sent]
        # What was sent may have run, and is told as lost; what waits is kept for a cluster that comes back.
        for name in sent:
            self._finish(name, died(f"the Ray cluster {self.address} was lost", lost=True))
        for name in waiting if is_over else ():
            what = f"there was no Ray cluster at {self.address} for {self.wait:g} s"
            self._finish(name, died(what, _last_line(said), type="ClusterLost"))
        if waiting and not is_over:
            time.sleep(_RETRY_SECONDS)
            self._reopen()

    def _reopen(self) -> None:
        with self._lock:
            if self._control is None and self._steps:
                self._open()

    def _send(self, name: str) -> None:
        step = self._steps[name]
        step.is_sent = True
        self._write(ToRay(name=name, job=step.job, preload=step.preload))

    def _write(self, order: ToRay) -> None:
        with contextlib.suppress(OSError):  # the listener sees that the driver is gone
            if self._control is not None:
                self._control.sendall(msgspec.json.encode(order) + b"\n")

    def _finish(self, name: str, ended: Ended) -> None:
        with self._lock:
            step = self._steps.pop(name, None)
        if step is not None:
            step.done(ended)


def _environment() -> dict[str, str]:
    """Return what the driver, and the nodes of a local cluster, get from this process."""
    ours = {
        # Ray would copy the environment of `uv run`, with the whole working folder, to every worker.
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    return ours | {key: value for key, value in step_variables().items() if key != "MEGURU_EXECUTOR"}


def _last_line(said: IO[bytes]) -> str:
    said.seek(0, os.SEEK_END)
    said.seek(max(0, said.tell() - 10 * _MAX_OUTPUT))
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-_MAX_OUTPUT:] if lines else ""


def _missing() -> Ended:
    error = MissingDependency.of("ray", "ray")
    failure = Failure(
        type=type(error).__name__,
        message=f"{error}; {error.hint}",
        traceback="",
        explained=True,
        error=error.as_dict(),
    )
    return Ended(outcome=StepOutcome(failure=failure))
