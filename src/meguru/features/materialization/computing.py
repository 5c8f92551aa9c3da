"""Compute the rows of a view in a subprocess, where a project's code can crash alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from meguru.compute.executors.variables import step_variables
from meguru.errors import InvalidInput, MeguruError, from_dict
from meguru.features.offline.cache import cached_rows
from meguru.features.offline.row_files import CachedRows
from meguru.features.types import PinnedView
from meguru.storage.blobs import BlobStore, open_store

POLL_SECONDS = 0.5
_MAX_SHOWN = 2_000


class ComputeTask(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told: which view, where the blobs are, and where rows are kept."""

    view: PinnedView
    blobs: str
    folder: str


def computed(blobs: BlobStore, view: PinnedView, folder: Path, proceed: Callable[[], None]) -> CachedRows:
    """Return the rows of a view; a project's code never runs in this process.

    Parameters
    ----------
    blobs, view, folder
        As of `cached_rows`.
    proceed
        Called again and again; when it raises, the other process is ended.

    Raises
    ------
    InvalidInput
        If they can't be computed, or the process ended without a word.
    """
    if view.code is not None:
        _in_a_process(ComputeTask(view=view, blobs=blobs.url, folder=str(folder)), proceed)
    return cached_rows(blobs, view, folder)


def _in_a_process(task: ComputeTask, proceed: Callable[[], None]) -> None:
    # A process group of its own, that what the code starts is not interrupted with the worker by a Ctrl-C.
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=step_variables(),
        start_new_session=True,
    ) as process:
        try:
            given: bytes | None = msgspec.json.encode(task)
            while True:
                try:
                    said, wrong = process.communicate(given, timeout=POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    given = None
                    proceed()
        except BaseException:
            process.kill()
            raise
    if process.returncode == 0:
        return
    try:
        raise from_dict(msgspec.json.decode(said, type=dict[str, str]))
    except msgspec.DecodeError:
        why = (
            wrong.decode("utf-8", "replace").strip()[-_MAX_SHOWN:]
            or f"its process ended with {process.returncode}"
        )
        raise InvalidInput(f"the code of {task.view.ref} ended its process", why=why) from None


def main() -> int:
    """Do what standard input says; write an error to standard output."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=ComputeTask)
    answer, sys.stdout = sys.stdout, sys.stderr  # what the code prints is no answer
    try:
        cached_rows(open_store(task.blobs), task.view, Path(task.folder))
    except MeguruError as error:
        answer.write(msgspec.json.encode(error.as_dict()).decode())
        answer.flush()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
