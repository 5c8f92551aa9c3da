"""The fork server: a process with one thread that has the data libraries imported and forks a child a step.

Run as ``python -P -m meguru.compute.executors.forkserver FD NEWS``; FD is a socket to the engine that
carries one JSON object a line, NEWS a pipe on which children tell that their step is done. When the engine
goes away, by whatever way, the children and their process groups are killed and the server ends: no step
outlives the process that owns its run.

One child is always forked ahead and waits for its step, so that a step need not wait for the fork.
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
from pathlib import Path
from typing import Any, NoReturn

from meguru.compute.executors import forkchild, memory, orphans, watchdog
from meguru.compute.reads import native

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_CHECK_SECONDS = 2.0
"""How often it is looked whether the engine lives, where no signal tells of its death."""
_MEMORY_SECONDS = 0.1
"""How often memory is measured while a step has a limit: at 1 GB/s, 100 MB come between two looks."""
inherited: dict[str, str] = {}
"""Variables that every step gets, whatever the engine says."""


class _Server:
    def __init__(self, control: socket.socket, news: int) -> None:
        self.control, self.news = control, news
        self.children: dict[int, str] = {}
        self.spare: tuple[int, int] | None = None  # its pid, and the pipe that its step comes through
        self.descriptors: list[int] = []
        self.limits: dict[int, int] = {}
        self.over: dict[int, int] = {}
        self.parent = os.getppid()
        self.pid = os.getpid()
        self.mark = os.environ.get(orphans.VARIABLE, "")
        self.watchdog, self.alive = watchdog.start(self.mark) if self.mark else (0, -1)
        self.libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        # What a step leaves behind when it ends becomes a child of this process, which then can end it.
        self._prctl(_SUBREAPER, 1)
        # The self-pipe trick: SIGCHLD writes a byte, so that `select` returns when a child ends. The handler
        # does nothing, but without one the signal would be ignored and no byte be written.
        self.wake_read, self.wake_write = os.pipe()
        for end in (self.wake_read, self.wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._shut_down)

    def serve(self) -> None:
        buffer = b""
        while True:
            watched: list[Any] = [self.control, self.wake_read]
            ready, _, _ = select.select(watched, [], [], _MEMORY_SECONDS if self.limits else _CHECK_SECONDS)
            # The engine may have died though its socket lives on in one of its children.
            if os.getppid() != self.parent:
                self._shut_down()
            if self.wake_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake_read, 4096)
            self._reap()
            self._check_memory()
            if self.control in ready:
                try:
                    data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 16)
                except OSError:  # the engine was killed before it read what it was told
                    data = b""
                if not data:
                    self._shut_down()
                self.descriptors += descriptors
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._handle(json.loads(line))
                if lines and self.spare is None:
                    self._fork_ahead()

    def _handle(self, message: dict[str, Any]) -> None:
        for name in message.get("preload", ()):
            self._preload(name)
        if "id" in message:
            self._start(message)
        elif "kill" in message:
            for pid, name in self.children.items():
                if name == message["kill"]:
                    _kill_group(pid)

    def _start(self, message: dict[str, Any]) -> None:
        host = self.descriptors.pop(0) if message.get("host") else None
        try:
            pid = self._give_to_spare(message) if host is None else None
            pid = pid or self._fork(message, host)
        except OSError as error:
            self._report({"id": message["id"], "refused": str(error)})
            return
        finally:
            if host is not None:
                os.close(host)
        self.children[pid] = message["id"]
        if message.get("memory"):
            self.limits[pid] = message["memory"]

    def _give_to_spare(self, message: dict[str, Any]) -> int | None:
        """Give a step to the child that was forked ahead; None if there is none."""
        if self.spare is None:
            return None
        pid, pipe = self.spare
        self.spare = None
        try:
            with os.fdopen(pipe, "wb") as file:
                file.write(json.dumps(message).encode())
        except OSError:  # it was killed meanwhile
            return None
        return pid

    def _fork_ahead(self) -> None:
        # To fork a process with large libraries copies their page tables, which takes longer than many a
        # step: it is done while nobody waits for it.
        read, write = os.pipe()
        try:
            self.spare = (self._fork({"later": read}, write), write)
        except OSError:  # the step that needs it will say so
            os.close(write)
        finally:
            os.close(read)

    def _fork(self, message: dict[str, Any], descriptor: int | None = None) -> int:
        pid = os.fork()
        if pid == 0:
            self._become_child(message, descriptor)
        with contextlib.suppress(OSError):  # the child does it too; whoever is first
            os.setpgid(pid, pid)
        return pid

    def _become_child(self, message: dict[str, Any], descriptor: int | None) -> NoReturn:
        status = 1
        try:
            # A group of its own: whatever the step starts is ended with one signal.
            os.setpgid(0, 0)
            # If this server is killed, the kernel kills the step, unless it died before this call: see below.
            self._prctl(_DEATH_SIGNAL, signal.SIGKILL)
            # Daemons of the step stay below it, and come to the server, which ends them, when it is gone.
            self._prctl(_SUBREAPER, 1)
            if os.getppid() != self.pid:
                os._exit(1)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.control.close()
            if self.alive >= 0:  # the watchdog must see it closed when the server is gone
                os.close(self.alive)
            for end in (self.wake_read, self.wake_write, *(self.spare or ())[1:]):
                os.close(end)
            if "later" in message:
                os.close(descriptor or 0)
                message, descriptor = forkchild.receive_step(message["later"]), None
            variables = inherited | {orphans.VARIABLE: self.mark}
            status = forkchild.do_step(message, descriptor, variables)
            sys.stdout.flush()
            sys.stderr.flush()
            if descriptor is None and memory.is_small():  # its pages are given back while the next one starts
                os.write(self.news, f"{message['id']}\n".encode())
        except BaseException:  # noqa: BLE001 - the child must never return into the server's loop
            with contextlib.suppress(Exception):
                import traceback

                traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _prctl(self, option: int, value: int) -> None:
        if self.libc is not None:
            self.libc.prctl(option, value)

    def _reap(self) -> None:
        # Signals that come together are one: all children that have ended are taken at each.
        ended = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            ended = True
            if self.spare is not None and pid == self.spare[0]:
                os.close(self.spare[1])
                self.spare = None
            name = self.children.pop(pid, None)
            self.limits.pop(pid, None)
            if name is not None:
                _kill_group(pid)  # what the step left running in the background ends with it
                self._report({"id": name, "status": status, "over": self.over.pop(pid, 0)})
        if ended:
            self._kill_daemons()

    def _kill_daemons(self) -> None:
        """End what left its step's process group and outlived the step: it is this process's child now."""
        ours = self.children.keys() | {self.watchdog} | ({self.spare[0]} if self.spare else set())
        with contextlib.suppress(OSError):
            for pid in map(
                int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()
            ):
                if pid not in ours:
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
                    _kill_group(pid)

    def _check_memory(self) -> None:
        processes = memory.processes() if self.limits else {}
        for pid, limit in self.limits.items():
            if pid not in self.over and (used := memory.over(pid, limit, processes)):
                self.over[pid] = used
                _kill_group(pid)

    def _preload(self, name: str) -> None:
        if name in sys.modules:
            return
        with contextlib.suppress(Exception):  # the step that needs it will say what is wrong
            importlib.import_module(name)
        native.note_readers()  # each child would do it anew: for the readers of polars it takes 1.2 ms
        _freeze_heap()
        if self.spare is not None:  # it was forked without the module
            os.close(self.spare[1])
            self.spare = None

    def _report(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps(message).encode() + b"\n")

    def _shut_down(self, *_: object) -> NoReturn:
        for pid in [*self.children, *(self.spare or ())[:1]]:
            _kill_group(pid)
        if self.mark:
            orphans.end(self.mark)  # daemons of steps left their groups
        os._exit(0)


def _freeze_heap() -> None:
    gc.collect()  # what is garbage now would be copied by the first collection in each child
    gc.freeze()  # children share these pages instead of copying them at their first collection


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Serve until the engine is gone."""
    from meguru.compute.executors import perform

    perform.warm_up()
    _freeze_heap()
    _Server(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])).serve()


if __name__ == "__main__":
    main()
