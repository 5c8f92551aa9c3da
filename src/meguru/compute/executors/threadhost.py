"""The process in which the thread steps of one version of a project run, each in a thread of its own.

It is forked from the fork server, imports the project's modules once, and ends when the engine hangs up or
when it had nothing to do for a while.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

import msgspec

from meguru.compute.executors import perform
from meguru.compute.executors.work import StepJob, StepOutcome
from meguru.compute.logs import streams
from meguru.compute.materializers import ValueStore
from meguru.compute.meters import ThreadMeter
from meguru.compute.reads.recording import recording_reads
from meguru.storage.blobs import BlobStore, open_store

IDLE = 75
"""The code with which a host ends that had nothing to do."""
_IDLE_SECONDS = 300.0
_COPIED = 1 << 20
"""Bytes of what went past Python that are copied into the log of a step, at most."""


class ToHost(msgspec.Struct, frozen=True, kw_only=True):
    """One step for a host."""

    name: str
    job: StepJob
    log: str


class FromHost(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one step."""

    name: str
    outcome: StepOutcome


class _Log:
    """What one step prints; the file is made by the first text."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.start = 0
        self._fd = -1
        self._streams: dict[bytes, TextIO] = {}
        self._lock = threading.Lock()
        self._closed = False

    def write(self, text: str, kind: bytes) -> None:
        with self._lock:
            if self._closed:
                return  # its step ended and left a thread
            if kind not in self._streams:
                self._streams[kind] = streams.marked(self._open(), kind)
            self._streams[kind].write(text)

    def raw(self, data: bytes) -> None:
        with self._lock:
            for stream in self._streams.values():
                stream.flush()
            os.write(self._open(), data)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for stream in self._streams.values():
                with contextlib.suppress(OSError):
                    stream.flush()
            if self._fd >= 0:
                os.close(self._fd)

    def _open(self) -> int:
        if self._fd < 0:
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self._fd


_log: contextvars.ContextVar[_Log | None] = contextvars.ContextVar("meguru_step_log", default=None)


class _Router:
    """Stands for stdout or stderr: each thread's text goes to the log of its step."""

    def __init__(self, below: TextIO, kind: bytes) -> None:
        self._below, self._kind = below, kind

    def write(self, text: str) -> int:
        log = _log.get()
        if log is None:
            return self._below.write(text)
        log.write(text, self._kind)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._below.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)


class _Host:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.sending = threading.Lock()
        self.running: dict[str, _Log] = {}
        self.stores: dict[str, BlobStore] = {}
        self.is_open = False
        self.base = os.getcwd()  # noqa: PTH109 - a path as text

    def serve(self) -> None:
        buffer = b""
        decode = msgspec.json.Decoder(ToHost).decode
        self.control.settimeout(_IDLE_SECONDS)
        while True:
            try:
                data = self.control.recv(1 << 16)
            except TimeoutError:
                if self.running:
                    continue
                os._exit(IDLE)
            if not data:
                os._exit(0)
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                self.start(decode(line))

    def start(self, step: ToHost) -> None:
        if not self.is_open:
            perform.open_sources(step.job)
            self.is_open = True
        if step.job.blobs not in self.stores:
            self.stores[step.job.blobs] = open_store(step.job.blobs)
        log = _Log(step.log)
        log.start = _raw_size()
        self.running[step.name] = log
        threading.Thread(target=self.work, args=(step, log), name=step.name, daemon=True).start()

    def work(self, step: ToHost, log: _Log) -> None:
        _log.set(log)
        line = self.outcome(step)
        # A step may have closed or replaced the streams; its end must be told in any case.
        with contextlib.suppress(Exception):
            self.copy_raw(log)
        with contextlib.suppress(Exception):
            log.close()
        self.running.pop(step.name, None)
        with self.sending, contextlib.suppress(OSError):
            self.control.sendall(line)

    def outcome(self, step: ToHost) -> bytes:
        """Do a step; return the line that tells of it."""
        try:
            place = ValueStore(self.stores[step.job.blobs], Path(step.job.scratch))
            meter = ThreadMeter()
            with recording_reads(step.job, self.base, alone=False) as read:
                outcome = perform.carry_out(step.job, place, read)
            return _line(step, msgspec.structs.replace(outcome, used=meter.read()))
        except BaseException as error:  # noqa: BLE001 - a thread that ends silently leaves its run waiting
            return _line(step, StepOutcome(failure=perform.describe(error, step.job)))

    @staticmethod
    def copy_raw(log: _Log) -> None:
        """Add what went past Python (C code, child processes) while the step ran; its thread is unknown."""
        sys.stdout.flush()
        sys.stderr.flush()
        size = _raw_size()
        if size > log.start:
            with contextlib.suppress(OSError), Path("/proc/self/fd/1").open("rb") as file:
                file.seek(max(log.start, size - _COPIED))
                log.raw(file.read(_COPIED))


def _line(step: ToHost, outcome: StepOutcome) -> bytes:
    return msgspec.json.encode(FromHost(name=step.name, outcome=outcome)) + b"\n"


def _raw_size() -> int:
    try:
        return os.fstat(1).st_size
    except OSError:  # a step closed it
        return 0


def serve(control: socket.socket) -> None:
    """Run steps until the engine hangs up."""
    sys.stdout, sys.stderr = _Router(sys.stdout, b"o"), _Router(sys.stderr, b"e")
    # By default Python begins a thread with an empty context: what it prints would be of no step.
    threading.Thread.start = _started  # type: ignore[method-assign]
    _Host(control).serve()


_start = threading.Thread.start


def _started(self: threading.Thread) -> None:
    """Start a thread whose output goes where that of its parent goes."""
    context, run = contextvars.copy_context(), self.run
    self.run = lambda: context.run(run)  # type: ignore[method-assign]
    _start(self)
