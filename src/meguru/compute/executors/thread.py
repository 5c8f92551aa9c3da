"""Run a step in a thread: of a process that is kept for each version of a project."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from meguru.base import digests
from meguru.base.ids import new_id
from meguru.compute.executors import process
from meguru.compute.executors.base import Ended, OnEnded, died
from meguru.compute.executors.sockets import limit_sending, send
from meguru.compute.executors.threadhost import IDLE, FromHost, ToHost
from meguru.compute.executors.work import StepJob

_Key = tuple[str, str, int]
_MAX_IDLE_HOSTS = 8
"""Helper processes that are kept; those that were used least recently go first."""


class _Host:
    """One process with threads, and the steps that run in it."""

    def __init__(self, key: _Key, socket_: socket.socket, folder: str) -> None:
        self.key, self.socket, self.folder = key, socket_, folder
        self.name = new_id("host")
        self.steps: dict[str, tuple[StepJob, OnEnded]] = {}
        self.killed: set[str] = set()
        self.sending = threading.Lock()
        self.over: queue.SimpleQueue[process.Exit] = queue.SimpleQueue()

    def hang_up(self) -> None:
        """Let it end by itself."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class Threads:
    """Runs steps in threads, about fifty times faster than in processes of their own.

    The threads are those of a helper process for each version of a project (and each environment and
    working folder), so two versions never meet, and a step that ends its process ends no worker. A thread
    can't be ended: to kill a step, its helper process is ended; other steps in it are reported as lost.
    When a helper process dies with several steps in it, each of them gets a process of its own the next
    time, so that the one to blame is found.
    """

    fresh = False
    remote = False

    def __init__(self, server: process.ForkServer | None = None) -> None:
        self._lock = threading.Lock()
        self._server = server or process.shared()
        self._hosts: dict[_Key, _Host] = {}
        self._where: dict[str, _Host] = {}
        self._suspects: set[str] = set()
        self._seen: dict[Any, Any] = {}
        self._seen_hash = 0

    def start(self, name: str, job: StepJob, *, log: Path, preload: Iterable[str], done: OnEnded) -> None:
        """Start one step in a thread of its version's process."""
        with self._lock:
            host = self._host_of(job, preload)
            host.steps[name] = (job, done)
            self._where[name] = host
        line = msgspec.json.encode(ToHost(name=name, job=job, log=str(log))) + b"\n"
        try:
            with host.sending:
                send(host.socket, line)
        except BlockingIOError:  # it reads nothing for minutes: one of its steps has stopped it
            self._server.kill(host.name)
        except OSError:
            pass  # its listener sees that it is gone

    def kill(self, name: str) -> None:
        """End the process in which a step runs."""
        with self._lock:
            host = self._where.get(name)
            if host is not None:
                host.killed.add(name)
                self._unlist(host)
        if host is not None:
            self._server.kill(host.name)

    def warm(self, modules: Iterable[str]) -> None:
        """Let the process that forks the helpers import `modules`."""
        self._server.warm(modules)

    def close(self) -> None:
        """End all helper processes."""
        with self._lock:
            hosts = {host.name: host for host in [*self._hosts.values(), *self._where.values()]}
            self._hosts.clear()
        for host in hosts.values():
            self._server.kill(host.name)

    def _host_of(self, job: StepJob, preload: Iterable[str]) -> _Host:
        key = (job.folder, os.getcwd(), self._environment())  # noqa: PTH109 - a path as text
        alone = _identity(job) in self._suspects
        host = None if alone else self._hosts.get(key)
        if host is None:
            host = self._open(key, preload)
            if not alone:
                self._hosts[key] = host
                self._end_idle()
        elif len(self._hosts) > 1:  # the most recently used are last
            self._hosts[key] = self._hosts.pop(key)
        return host

    def _environment(self) -> int:
        """Return a number that is another one when the environment has changed."""
        # Its own dict is compared at once; to decode each variable for each step takes longer than the step.
        now = getattr(os.environ, "_data", None) or dict(os.environ)
        if now != self._seen:
            self._seen = dict(now)
            self._seen_hash = hash(frozenset(self._seen.items()))
        return self._seen_hash

    def _open(self, key: _Key, preload: Iterable[str]) -> _Host:
        ours, theirs = socket.socketpair()
        limit_sending(ours, process.OBEY_SECONDS)
        host = _Host(key, ours, tempfile.mkdtemp(prefix="meguru-host-"))
        log = Path(host.folder) / "log.txt"
        with theirs:
            self._server.host(host.name, theirs.fileno(), log=log, preload=preload, over=host.over.put)
        threading.Thread(target=self._read_replies, args=(host,), name="thread-host", daemon=True).start()
        return host

    def _end_idle(self) -> None:
        idle = [host for host in self._hosts.values() if not host.steps]
        for host in idle[: max(0, len(self._hosts) - _MAX_IDLE_HOSTS)]:
            self._unlist(host)
            host.hang_up()

    def _read_replies(self, host: _Host) -> None:
        decode = msgspec.json.Decoder(FromHost).decode
        with contextlib.suppress(OSError, msgspec.DecodeError), host.socket.makefile("rb") as lines:
            for line in lines:
                found = decode(line)
                self._finish(host, found.name, Ended(outcome=found.outcome))
        # The socket is closed before the server has reaped the process: only that tells how it ended.
        status = host.over.get()
        with self._lock:
            self._unlist(host)
            left = dict(host.steps)
        for name, (job, _) in left.items():
            self._finish(host, name, self._end_of_lost(host, name, job, len(left), status))
        host.socket.close()
        for file in Path(host.folder).iterdir():
            file.unlink(missing_ok=True)
        Path(host.folder).rmdir()

    def _end_of_lost(self, host: _Host, name: str, job: StepJob, count: int, status: process.Exit) -> Ended:
        if name in host.killed:
            return died("it was ended", "with the process in which its thread ran")
        if host.killed:
            return died("another step that ran in the same process was ended", lost=True)
        if status.code == IDLE:
            return died("its process had just ended for want of work", lost=True)
        if count > 1 and status.status is not None:
            with self._lock:
                self._suspects.add(_identity(job))
            return died("its process died with several steps in it", "each runs alone next time", lost=True)
        return status.ended()

    def _finish(self, host: _Host, name: str, ended: Ended) -> None:
        with self._lock:
            found = host.steps.pop(name, None)
            self._where.pop(name, None)
            if found is not None and self._suspects and not ended.lost:
                self._suspects.discard(_identity(found[0]))
            if not host.steps and self._hosts.get(host.key) is not host:
                host.hang_up()  # nothing more will come for it
        if found is not None:
            found[1](ended)

    def _unlist(self, host: _Host) -> None:
        if self._hosts.get(host.key) is host:
            del self._hosts[host.key]


def _identity(job: StepJob) -> str:
    """Return what tells a step from others when it is started again."""
    return digests.of_value([job.function, job.folder, job.seed])
