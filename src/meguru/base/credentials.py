"""Tokens that `meguru login` was given, one for each server, in a file that only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FILE = "credentials.json"


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A token of one server, and whose it is."""

    token: str
    principal: str = ""

    def __repr__(self) -> str:
        return f"Credential(principal={self.principal!r})"


def credentials_file() -> Path:
    """Return where they are: ``meguru/credentials.json`` in ``XDG_CONFIG_HOME``, by default ``~/.config``."""
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "meguru" / FILE


def find(server: str) -> Credential | None:
    """Return what is kept for a server; None if nothing is, or the file can't be read."""
    return _read().get(server_of(server))


def save(server: str, credential: Credential | None) -> None:
    """Keep a server's token, in place of what was kept; None forgets it."""
    credentials = _read()
    credentials.pop(server_of(server), None)
    if credential is not None:
        credentials[server_of(server)] = credential
    path = credentials_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    # Closed to others from its first byte on; a reader sees the old file or the new one.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(credentials)))
    draft.replace(path)


def server_of(url: str) -> str:
    """Return the part of an address that says which server it is: without the project in it."""
    return url.partition("/projects/")[0].rstrip("/")


def _read() -> dict[str, Credential]:
    try:
        return msgspec.json.decode(credentials_file().read_bytes(), type=dict[str, Credential])
    except (OSError, msgspec.MsgspecError):
        return {}
