"""The fork server: a process with one thread that has the data libraries imported and forks a child a step.

Run as ``python -P -m meguru.pipelines.executors.forkserver FD``; FD is a socket to the engine that carries
one JSON object a line. When the engine goes away, by whatever way, the children and their process groups
are killed and the server ends: no step outlives the process that owns its run.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_CHECK_SECONDS = 2.0


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, str] = {}
        self.parent = os.getppid()
        self.pid = os.getpid()
        self.libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        self.wake_read, self.wake_write = os.pipe()
        for end in (self.wake_read, self.wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._end)

    def serve(self) -> None:
        buffer = b""
        while True:
            watched: list[Any] = [self.control, self.wake_read]
            ready, _, _ = select.select(watched, [], [], _CHECK_SECONDS)
            if os.getppid() != self.parent:
                self._end()
            if self.wake_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake_read, 4096)
            self._reap()
            if self.control in ready:
                data = self.control.recv(1 << 16)
                if not data:
                    self._end()
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))

    def _obey(self, message: dict[str, Any]) -> None:
        for name in message.get("preload", ()):
            _preload(name)
        if "job" in message:
            self._fork(message)
        elif "kill" in message:
            for pid, name in self.children.items():
                if name == message["kill"]:
                    _kill_group(pid)

    def _fork(self, message: dict[str, Any]) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._tell({"id": message["id"], "refused": str(error)})
            return
        if pid == 0:
            self._become_child(message)
        with contextlib.suppress(OSError):  # the child does it too; whoever is first
            os.setpgid(pid, pid)
        self.children[pid] = message["id"]

    def _become_child(self, message: dict[str, Any]) -> NoReturn:
        status = 1
        try:
            os.setpgid(0, 0)
            if self.libc is not None:
                self.libc.prctl(_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != self.pid:
                os._exit(1)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.control.close()
            os.close(self.wake_read)
            os.close(self.wake_write)
            _redirect(message["log"])
            os.environ.clear()
            os.environ.update(message["env"])
            os.chdir(message["cwd"])
            from meguru.pipelines.executors import perform

            status = perform.main(message["job"], message["result"])
        except BaseException:  # noqa: BLE001 - the child must never return into the server's loop
            with contextlib.suppress(Exception):
                import traceback

                traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self.children.pop(pid, None)
            if name is not None:
                _kill_group(pid)  # what the step left running in the background ends with it
                self._tell({"id": name, "status": status})

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps(message).encode() + b"\n")

    def _end(self, *_: object) -> NoReturn:
        for pid in self.children:
            _kill_group(pid)
        os._exit(0)


def _redirect(log: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(null)
    os.close(out)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a killed step's last lines count


def _preload(name: str) -> None:
    if name not in sys.modules:
        with contextlib.suppress(Exception):  # the step that needs it will say what is wrong
            importlib.import_module(name)
        _settle()


def _settle() -> None:
    gc.collect()
    gc.freeze()  # children share these pages instead of copying them at their first collection


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Serve until the engine is gone."""
    from meguru.pipelines.executors import perform

    perform.warm()
    _settle()
    _Server(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
