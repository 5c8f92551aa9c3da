"""Run a step in a fresh process: the engine's side of the fork server."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from meguru.base import parents
from meguru.base.settings import PREFIX
from meguru.compute.executors import orphans
from meguru.compute.executors.base import Ended, OnEnded, died
from meguru.compute.executors.sockets import limit_sending, received_lines, send
from meguru.compute.executors.variables import environment
from meguru.compute.executors.work import StepJob, StepOutcome
from meguru.compute.inherited.variables import without


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How a process ended: what ``waitpid`` said, None if nobody could ask; or why it did not start."""

    status: int | None = None
    refused: str = ""
    over: int = 0
    limit: int = 0
    stopped: bool = False

    @property
    def code(self) -> int | None:
        """The code that it ended with, if it ended by itself."""
        return os.WEXITSTATUS(self.status) if self.status is not None and os.WIFEXITED(self.status) else None

    def ended(self) -> Ended:
        """Say it of a step that left no outcome."""
        if self.refused:
            return died("no process could be started", self.refused)
        if self.stopped:
            return died(
                "the fork server was stopped (SIGSTOP), and ended for it",
                "its steps ended with it",
                lost=True,
            )
        if self.status is None:
            return died("the fork server was killed", "its steps ended with it", lost=True)
        if self.over:
            text = f"it used more than its {_size(self.limit)} of memory"
            return died(text, f"{_size(self.over)} when it was ended", type="MemoryLimit")
        if os.WIFSIGNALED(self.status):
            return died(f"its process was killed by {_signal(os.WTERMSIG(self.status))}")
        return died(
            f"its process ended with code {self.code} before the step returned", "did it call os._exit?"
        )


_PROJECT = f"{PREFIX}PROJECT"
"""What a step opens, logs and registers is of its run's project, whatever that of this process is."""
_OnExit = Callable[[Exit], None]
OBEY_SECONDS = 10.0
"""Seconds in which a server must obey before it is killed: a step may have stopped it (SIGSTOP)."""
_LOOKS = 5
"""How often a server must be seen stopped, one after the other in that time, until it is killed."""
PROGRAM = (sys.executable, "-P", "-m", "meguru.compute.executors.forkserver")


class ForkServer:
    """Starts steps, each in a process of its own, and tells when they end.

    The server starts with the first step, and again when it was killed. Closing this object, or the end
    of this process by whatever way, ends the server and every step that still runs. `program` is how it is
    started, `variables` are added to its environment, though not to that of the steps.
    """

    fresh = True
    remote = False

    def __init__(self, program: Sequence[str] = PROGRAM, variables: Mapping[str, str] | None = None) -> None:
        self._program, self._variables = list(program), dict(variables or {})
        # Taken before `_lock`, and alone while something is written to a server's socket: that may block, and
        # whoever hears of ends, or ends a server, must not wait for it.
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._waiting: dict[str, tuple[socket.socket, int, _OnExit]] = {}
        self._numbers = itertools.count(1)
        self._numbered: dict[str, str] = {}
        self._swept = False

    def start(self, name: str, job: StepJob, *, log: Path, preload: Iterable[str], done: OnEnded) -> None:
        """Start one step; `done` is called from another thread when its process is gone, or about to go."""
        result = Path(job.scratch) / "outcome.json"
        result.unlink(missing_ok=True)
        message = {
            "job": job,
            "result": str(result),
            "memory": job.memory,
        }

        def over(how: Exit) -> None:
            outcome = _outcome(result)
            done(how.ended() if outcome is None else Ended(outcome=outcome))

        env = environment(job.cpu, job.devices)
        env |= parents.variables(job.parent, env) | {_PROJECT: job.project}
        self._send(name, message, log, preload, over, env=env, limit=job.memory)

    def host(
        self,
        name: str,
        descriptor: int,
        *,
        log: Path,
        preload: Iterable[str],
        over: _OnExit,
    ) -> None:
        """Fork a process that takes thread steps from the socket `descriptor`; `over` hears of its end."""
        self._send(name, {"host": name}, log, preload, over, descriptors=[descriptor])

    def _send(
        self,
        name: str,
        message: dict[str, Any],
        log: Path,
        preload: Iterable[str],
        over: _OnExit,
        *,
        env: dict[str, str] | None = None,
        limit: int = 0,
        descriptors: Iterable[int] = (),
    ) -> None:
        # A step's process may be seen to end after its step is done, and another of that name has begun.
        number = f"{name}.{next(self._numbers)}"
        message |= {
            "id": number,
            "log": str(log),
            "preload": list(preload),
            # The server may be older than what this process set since.
            "env": env or environment(),
            "cwd": os.getcwd(),  # noqa: PTH109 - a path as text
        }
        with self._sending:
            with self._lock:
                control = self._running()
                # Before it is sent: a step that is over at once is reported from another thread.
                self._waiting[number] = (control, limit, over)
                self._numbered[name] = number
            self._tell(control, message, descriptors)

    def warm(self, modules: Iterable[str]) -> None:
        """Start the server now and let it import `modules`, so that the first step need not wait for it."""
        with self._sending:
            with self._lock:
                control = self._running()
            self._tell(control, {"preload": list(modules)})

    def kill(self, name: str) -> None:
        """End a step and every process it started; its `done` is called as for any end."""
        with self._sending:
            with self._lock:
                number = self._numbered.get(name, "")
                if number not in self._waiting:
                    return
                control = self._waiting[number][0]
            self._tell(control, {"kill": number})
        insist = threading.Timer(OBEY_SECONDS, self._kill_if_stuck, (number, control))
        insist.daemon = True
        insist.start()

    def _kill_if_stuck(self, number: str, control: socket.socket) -> None:
        """End the server if it has not ended a step: a step may have stopped it."""
        with self._lock:
            stuck = number in self._waiting and self._waiting[number][0] is control is self._control
            if stuck and self._process is not None:
                self._process.kill()

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
            try:
                process.wait(OBEY_SECONDS)
            except subprocess.TimeoutExpired:  # a step may have stopped it
                process.kill()
                process.wait()

    def _running(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        if self._process is not None:
            self._process.wait()
        if not self._swept:
            self._swept = True
            orphans.end_of_dead_engines()
        ours, theirs = socket.socketpair()
        news, tell = os.pipe()
        mark = orphans.mark()
        self._process = subprocess.Popen(
            [*self._program, str(theirs.fileno()), str(tell)],
            pass_fds=[theirs.fileno(), tell],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C goes to the engine alone, which ends its steps
            env=without(environment()) | self._variables | {orphans.VARIABLE: mark},
        )
        # Our copies of its ends, else we would never see them closed when it is gone.
        theirs.close()
        os.close(tell)
        # A server that is stopped reads nothing: once the socket is full, nothing can be written any more.
        limit_sending(ours, OBEY_SECONDS)
        self._control = ours
        threading.Thread(target=self._read_done_pipe, args=(news,), name="steps-done", daemon=True).start()
        listener = threading.Thread(
            target=self._read_control, args=(ours, self._process, mark), name="fork-server", daemon=True
        )
        listener.start()
        return ours

    def _tell(self, control: socket.socket, message: dict[str, Any], descriptors: Iterable[int] = ()) -> None:
        """Send a message; a server that does not read it is killed: half of it may have been sent."""
        with self._lock:
            process = self._process if self._control is control else None
        data = msgspec.json.encode(message) + b"\n"
        try:
            send(control, data, descriptors, is_stuck=lambda: process is None or _is_stopped(process.pid))
        except BlockingIOError:
            if process is not None:
                process.kill()
        except OSError:
            pass  # the listener sees that the server is gone and tells who waits

    def _read_control(self, control: socket.socket, process: subprocess.Popen[bytes], mark: str) -> None:
        looks, stopped = 0, False
        for lines in received_lines(control, quiet=OBEY_SECONDS / _LOOKS):
            for line in lines:
                message = json.loads(line)
                self._finish(message.pop("id"), **message)
            # A step may have stopped the server, whose steps would be waited for for ever.
            looks = looks + 1 if not lines and _is_stopped(process.pid) else 0
            if looks == _LOOKS:
                stopped = True
                process.kill()
        control.close()
        # Whatever still waits for this server will hear nothing any more. A newer one may run by now.
        with self._lock:
            if self._control is control:
                self._control = None
            left = [number for number, (used, _, _) in self._waiting.items() if used is control]
        orphans.end(mark)  # if the server was killed, it could not do so itself
        for number in left:
            self._finish(number, stopped=stopped)

    def _read_done_pipe(self, news: int) -> None:
        """Take in that a step is done, from its process itself, while that gives its memory back."""
        with os.fdopen(news, "rb") as lines:
            for line in lines:
                self._finish(line.decode().strip(), status=0)

    def _finish(self, number: str, **how: Any) -> None:
        # Told twice of most steps, by their process and by the server that reaps it: the first one counts.
        with self._lock:
            waiting = self._waiting.pop(number, None)
            name = number.rpartition(".")[0]
            if self._numbered.get(name) == number:
                del self._numbered[name]
        if waiting is not None:
            _, limit, over = waiting
            over(Exit(limit=limit, **how))


def _is_stopped(pid: int) -> bool:
    """Tell whether a child of this process is stopped just now."""
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    return False


def _outcome(result: Path) -> StepOutcome | None:
    try:
        return msgspec.json.decode(result.read_bytes(), type=StepOutcome)
    except (OSError, msgspec.MsgspecError):
        # There is none, or the step's own code wrote into the file. Whatever it is, it ends this step alone:
        # an error here would end the thread that all the server's steps report to.
        return None


def _signal(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return name + (": out of memory, or someone killed it" if number == signal.SIGKILL else "")


def _size(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


_shared: list[ForkServer] = []
_shared_lock = threading.Lock()


def shared() -> ForkServer:
    """Return the fork server of this process."""
    with _shared_lock:
        if not _shared:
            _shared.append(ForkServer())
        return _shared[0]
