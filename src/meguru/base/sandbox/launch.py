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

_MAX_OUTPUT, _MAX_REPORT = 2000, 4096
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
    """How a confined process ended: its exit code, the end of its output, and what it was kept from."""

    code: int
    output: str
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
    output = folder.parent / f".{folder.name}.output"
    process, report = _starter.submit(
        _start, work, folder, output, [memory, max(1, int(seconds)), file], readable
    ).result()
    timed_out = False
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        # Its whole group: what the work started must not outlive it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kept_from = _read_report(report)
    return Confined(code=process.returncode, output=_end_of(output), kept_from=kept_from, timed_out=timed_out)


def _start(
    work: str, folder: Path, output: Path, limits: Sequence[int], readable: Sequence[Path]
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the process; return it, and the end of the pipe on which it reports what it is kept from."""
    read_end, write_end = os.pipe()
    given = [str(folder), work, *map(str, limits), str(os.getpid()), str(write_end), *map(str, readable)]
    try:
        with output.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-I", "-m", "meguru.base.sandbox.child", *given],
                cwd=folder,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                pass_fds=(write_end,),
            )
    except BaseException:
        os.close(read_end)
        raise
    finally:
        os.close(write_end)
    return process, read_end


def _end_of(output: Path) -> str:
    with output.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _MAX_OUTPUT))
        text = file.read().decode("utf-8", "replace").strip()
    output.unlink()
    return text


def _read_report(pipe: int) -> list[str]:
    """Return what a process that has ended was kept from; nothing if it died before it could say so."""
    # One read that does not block: whoever may still have the other end open must not hold us up.
    os.set_blocking(pipe, False)
    try:
        return [str(name) for name in json.loads(os.read(pipe, _MAX_REPORT))]
    except (OSError, ValueError):
        return []
    finally:
        os.close(pipe)
