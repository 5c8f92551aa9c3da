"""While a step runs: watch the files that it opens, and say at its end what it used."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from meguru.base.cache import cache_folder
from meguru.compute.executors.work import StepJob
from meguru.compute.inherited import watch
from meguru.compute.inherited.watch import FileWatch
from meguru.compute.reads import native
from meguru.compute.reads.argument_paths import existing_paths, texts_in
from meguru.compute.reads.collect import Before, collect
from meguru.compute.reads.types import FileUse

FILE = "reads.jsonl"
_of_imports: list[FileWatch] = []


class NoRecorder:
    """Notes nothing."""

    @contextlib.contextmanager
    def importing(self) -> Iterator[None]:
        """Note what is read in this block as the modules' doing."""
        yield

    @contextlib.contextmanager
    def calling(self, given: Iterable[Any]) -> Iterator[None]:
        """Note what is read in this block as the step's doing; `given` are its arguments."""
        del given
        yield

    def files(self) -> list[FileUse]:
        """Return what was used; call it when the step has ended."""
        return []


class ReadRecorder(NoRecorder):
    """What one step reads. `base` is the folder that relative paths are kept from.

    With `alone` the process does this step only: what all its threads, and the processes that it starts, open
    is noted too. What modules of the project read while they are imported counts for every step of a process.
    """

    def __init__(self, job: StepJob, base: str, *, alone: bool) -> None:
        self.base, self.alone = base, alone
        ignored = _ignored(job)
        file = str(Path(job.scratch).absolute() / FILE) if alone else ""
        self.watch = FileWatch(ignored, file)
        if alone or not _of_imports:
            _of_imports[:] = [self.watch if alone else FileWatch(ignored)]
        self._before = Before({})
        self._given: list[Any] = []

    @contextlib.contextmanager
    def importing(self) -> Iterator[None]:
        """Note what is read in this block for every step of this process."""
        with _watching(_of_imports[0]):
            yield
        native.note_readers()

    @contextlib.contextmanager
    def calling(self, given: Iterable[Any]) -> Iterator[None]:
        """Note what is read in this block, and what the arguments name."""
        self._given = list(given)
        self._before = Before(self._named())
        with _watching(self.watch):
            yield

    def files(self) -> list[FileUse]:
        """Return what was used; if that can't be told, the result must not be taken again."""
        try:
            self._before.now_also(self._named())
            if self.alone:
                self.watch.absorb()
            return collect([*_of_imports, self.watch], self._before, self.base)
        except Exception as error:  # noqa: BLE001 - the step's own work is done
            return [
                FileUse(path="(unknown)", why=f"what it read can't be told: {type(error).__name__}: {error}")
            ]

    def _named(self) -> dict[str, bool]:
        found = existing_paths(texts_in(self._given), self.base)
        return {path: folder for path, folder in found.items() if not path.startswith(self.watch.ignored)}


@contextlib.contextmanager
def recording_reads(job: StepJob, base: str, *, alone: bool) -> Iterator[ReadRecorder]:
    """Watch one step until the block ends."""
    watch.install()
    native.note_readers()
    recorder = ReadRecorder(job, base, alone=alone)
    if not alone:
        yield recorder
        return
    watch.watch_all(recorder.watch)
    os.environ[watch.READS] = recorder.watch.file
    yield recorder


@contextlib.contextmanager
def _watching(found: FileWatch) -> Iterator[None]:
    token = watch.of_thread.set(found)
    try:
        yield
    finally:
        watch.of_thread.reset(token)


def _ignored(job: StepJob) -> tuple[str, ...]:
    own = [job.folder, job.scratch, str(cache_folder("sources").parent)]
    blobs = job.blobs.partition("?")[0].removeprefix("file://")
    if "://" not in blobs:
        own.append(blobs)
    return (*watch.libraries(), *(os.path.abspath(place) + os.sep for place in own))  # noqa: PTH100
