"""Start a confined process and wait for it; it is ended when its time is over."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

_SAID = 2000
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "HOME": "/nonexistent",
    "JOBLIB_MULTIPROCESSING": "0",
}
_starter = ThreadPoolExecutor(1, thread_name_prefix="sandbox")
"""Such a process ends with the thread that started it: one that lives as long as this process."""


class Confined(msgspec.Struct, frozen=True, kw_only=True):
    """How a confined process ended: its exit code, the end of what it said, and what it was kept from."""

    code: int
    said: str
    kept_from: list[str]
    timed_out: bool = False


def confined(
    work: str,
    folder: Path,
    *,
    seconds: float = 120.0,
    memory: int = 4 << 30,
    file: int = 2 << 30,
    readable: Sequence[Path] = (),
) -> Confined:
    """Do `work` (``module:function``) on a folder, in a process that sees only it and Python.

    The process gets an empty environment, bounds for memory, time and files, and where the kernel lets it no
    network and no other files than those that are `readable`. The folder is the caller's: what is in it
    afterwards is to be distrusted.
    """
    said = folder.parent / f".{folder.name}.said"
    process = _starter.submit(
        _start, work, folder, said, [memory, max(1, int(seconds)), file], readable
    ).result()
    timed_out = False
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return Confined(
        code=process.returncode,
        said=_end_of(said),
        kept_from=_kept_from(folder / "confined.json"),
        timed_out=timed_out,
    )


def _start(
    work: str, folder: Path, said: Path, limits: Sequence[int], readable: Sequence[Path]
) -> subprocess.Popen[bytes]:
    given = [str(folder), work, *map(str, limits), str(os.getpid()), *map(str, readable)]
    with said.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "meguru.base.sandbox.child", *given],
            cwd=folder,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def _end_of(said: Path) -> str:
    with said.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _SAID))
        text = file.read().decode("utf-8", "replace").strip()
    said.unlink()
    return text


def _kept_from(path: Path) -> list[str]:
    with contextlib.suppress(OSError, ValueError):
        return [str(one) for one in json.loads(path.read_text())]
    return []
