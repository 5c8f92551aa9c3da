"""Where the server of a workspace folder answers, so that commands run there can find it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FILE = "server.json"


class ServerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A server that said it was up; it may have died since."""

    url: str
    pid: int


def record_server(root: Path | None, url: str) -> None:
    """Write down where this process answers."""
    if root is not None:
        draft = root / f"{FILE}.{os.getpid()}"
        draft.write_bytes(msgspec.json.encode(ServerRecord(url=url, pid=os.getpid())))
        # Renamed: a command that reads meanwhile finds the old record or the new one, and no half of one.
        draft.replace(root / FILE)


def forget_server(root: Path | None) -> None:
    """Remove the record, if it is this process's."""
    server = find_server(root)
    if root is not None and server is not None and server.pid == os.getpid():
        (root / FILE).unlink(missing_ok=True)


def find_server(root: Path | None) -> ServerRecord | None:
    """Return the recorded server if its process still lives; None otherwise."""
    if root is None:
        return None
    try:
        record = msgspec.json.decode((root / FILE).read_bytes(), type=ServerRecord)
        os.kill(record.pid, 0)  # signal 0 is not sent: it only asks whether the process is there
    except (OSError, msgspec.MsgspecError):
        return None
    return record
