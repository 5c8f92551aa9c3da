"""What a Ray task does on its node: fetch the step's source, run it in a fresh process, send what it says."""

from __future__ import annotations

import os
import queue
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from meguru.artifacts import trees
from meguru.base.cache import cache_folder
from meguru.compute.executors import process
from meguru.compute.executors.base import Ended, Executor
from meguru.compute.executors.work import Failure, StepJob, StepOutcome
from meguru.compute.step_metrics import FILE
from meguru.errors import MeguruError
from meguru.storage.blobs import open_store

_TELL_SECONDS = 1.0
_END_SECONDS = 10.0
_PIECE = 1 << 20
"""Bytes that are told at a time; each is an object in Ray's store."""
_members: dict[str, Executor] = {}


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a step since the last time: what it printed and measured; at last, how it ended."""

    log: bytes = b""
    metrics: bytes = b""
    ended: Ended | None = None


class ToRay(msgspec.Struct, frozen=True, kw_only=True):
    """Start a step, or end one."""

    name: str
    job: StepJob | None = None
    preload: list[str] = []


class FromRay(msgspec.Struct, frozen=True, kw_only=True):
    """News of a step; with an empty name: the cluster is there."""

    name: str
    said: Said = Said()


def perform(payload: bytes, preload: list[str]) -> Iterator[bytes]:
    """Do one step on this node; yield what it says, at least once.

    The step has a process of its own below this worker of Ray's, which is used again for other steps. If
    this worker is killed, so is the step.
    """
    job = msgspec.json.decode(payload, type=StepJob)
    with tempfile.TemporaryDirectory(prefix="meguru-step-") as folder:
        log, metrics = _GrowingFile(Path(folder) / "log.txt"), _GrowingFile(Path(folder) / FILE)
        ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        try:
            local = _here(job, folder)
        except (MeguruError, OSError) as error:
            yield _encode(Said(ended=_unreachable(job, error)))
            return
        member = _member(job)
        end: Ended | None = None
        try:
            # Within: a task that is cancelled may be interrupted at the moment when its step begins.
            member.start("step", local, log=log.path, preload=preload, done=ended.put)
            while end is None:
                try:
                    end = ended.get(timeout=_TELL_SECONDS)
                except queue.Empty:
                    said = Said(log=log.read(), metrics=metrics.read())
                    if said.log or said.metrics:
                        yield _encode(said)
        finally:
            if end is None:  # the task is cancelled
                member.kill("step")
                ended.get(timeout=_END_SECONDS)
        said = Said(log=log.read(), metrics=metrics.read())
        while _PIECE in {len(said.log), len(said.metrics)}:  # there may be more of it
            yield _encode(said)
            said = Said(log=log.read(), metrics=metrics.read())
        yield _encode(msgspec.structs.replace(said, ended=end))


def _here(job: StepJob, folder: str) -> StepJob:
    source = trees.fetch(open_store(job.blobs), job.snapshot, cache_folder("sources") / job.snapshot)
    return msgspec.structs.replace(job, folder=str(source), scratch=folder)


def _unreachable(job: StepJob, error: MeguruError | OSError) -> Ended:
    where = socket.gethostname()
    failure = Failure(
        type=type(error).__name__,
        message=f"the step's source can't be read on node {where}: {error}; every node must reach the blob "
        f"store {job.blobs.partition('?')[0]}, so use S3 or a folder that all nodes share",
        traceback="",
        explained=True,
    )
    return Ended(outcome=StepOutcome(failure=failure))


def _member(job: StepJob) -> Executor:
    kind = "env" if job.env else "process"
    if kind not in _members:
        if kind == "env":
            from meguru.compute.executors.env import Environments

            _members[kind] = Environments()
        else:
            # It sent the step here, and would send it round again.
            os.environ.pop("MEGURU_EXECUTOR", None)
            _members[kind] = process.ForkServer()
    return _members[kind]


class _GrowingFile:
    """A file that is read as it grows."""

    def __init__(self, path: Path) -> None:
        self.path, self._place = path, 0

    def read(self) -> bytes:
        """Return what is new, a piece of it if it is much."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._place)
                data = file.read(_PIECE)
        except FileNotFoundError:
            return b""
        self._place += len(data)
        return data


_encode = msgspec.json.encode
