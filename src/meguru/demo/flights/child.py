"""The demo's own server: a real `meguru up` in another process, which never outlives the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from meguru.errors import Conflict, MeguruError, TimedOut
from meguru.kernel.server_record import ServerRecord, find_server

LOG = "server.log"
STOP_SECONDS = 20
NOTICE_SECONDS = 2
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""The server, its steps and the demo share the cores: threads that spin while they wait would starve them."""


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
            env=os.environ | ONE_THREAD,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which then stops the server
        )
    try:
        yield _url(process, folder / LOG)
    finally:
        _stop(process)


def wait_for_end(folder: Path) -> None:
    """Wait while the server of a demo that was killed ends.

    Raises
    ------
    Conflict
        If a server goes on answering: then somebody uses it.
    """
    began = time.monotonic()
    while (server_record := find_server(folder)) is not None and time.monotonic() - began < STOP_SECONDS:
        if _answers(server_record) and time.monotonic() - began > NOTICE_SECONDS:
            raise Conflict(
                f"a server is running on {folder}",
                where=server_record.url,
                why=f"its process is {server_record.pid}",
                hint="stop it first, or choose another --workspace",
            )
        time.sleep(0.05)


def _answers(found: ServerRecord) -> bool:
    import httpx2

    try:
        return bool(httpx2.get(f"{found.url}/health", timeout=1).is_success)
    except httpx2.HTTPError:
        return False


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
