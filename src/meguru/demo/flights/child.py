"""The demo's own server: a real `meguru up` in another process, which never outlives the demo."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from meguru.errors import MeguruError, TimedOut

LOG = "server.log"
STOP_SECONDS = 20


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve a workspace until the block ends; gives the server's URL.

    The server stops by itself when its standard input ends, so also when this process is killed.
    """
    command = [sys.executable, "-m", "meguru", "up", "--port", "0", "--exit-with-parent", "--json"]
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [*command, "--workspace", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which then stops the server
        )
    try:
        yield _url(process, folder / LOG)
    finally:
        _stop(process)


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    line = process.stdout.readline() if process.stdout else b""
    try:
        said: dict[str, str] = msgspec.json.decode(line, type=dict[str, str])
        return said["url"]
    except (msgspec.MsgspecError, KeyError):
        lines = log.read_text("utf-8", "replace").splitlines()
        raise MeguruError(
            "the server did not start", where=str(log), why=lines[-1] if lines else line.decode()[:200]
        ) from None


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise TimedOut(f"the server did not stop within {STOP_SECONDS} s and was killed") from None
