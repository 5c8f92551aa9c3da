"""Who was erased, written so that it is known again and tells nobody: in the database, and in a file.

A database that is restored from a backup has forgotten what was erased after it was made. The file has not:
it stands outside of the workspace's folder, so that no restored copy replaces it. What both hold are marks:
keyed hashes of a column's name and a value. Who has the key and a guess can check the guess; so the key is a
file of its own, or is derived from the key that was set for all servers.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, insert, select

from meguru.artifacts.erasure.forms import folded
from meguru.artifacts.erasure.schema import erasure
from meguru.errors import Conflict
from meguru.storage.blobs.local import fsync_path

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

_INFO = b"meguru erasures 1"
_KEY, _LOG = "key", "erasures.log"
_BYTES = 16


class ErasureMarks(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure: for each column marks of the values; `key` tells which key made them."""

    id: str
    at: datetime
    key: str
    marks: dict[str, list[str]]


class ErasureLedger:
    """The file of a workspace's erasures, and the keys of its marks."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    @cached_property
    def folder(self) -> Path | None:
        """Where the file is; None on a database server for which nobody said where."""
        if said := self._ws.settings.erasures:
            return Path(said).absolute()
        root = self._ws.root
        return None if root is None else root.absolute().with_name(f"{root.absolute().name}-erasures")

    def entries(self) -> list[ErasureMarks]:
        """Return what the file has; a last line that a killed process cut short is none."""
        found = []
        if self.folder is not None:
            with suppress(FileNotFoundError):
                for line in (self.folder / _LOG).read_bytes().splitlines():
                    with suppress(msgspec.DecodeError):
                        found.append(msgspec.json.decode(line, type=ErasureMarks))
        return found

    def append(self, entries: Iterable[ErasureMarks]) -> None:
        """Write entries durably, before anything is said to be erased."""
        # A line break before each, too: behind a line that a crash cut short, the next one would be lost.
        lines = b"".join(b"\n" + msgspec.json.encode(entry) + b"\n" for entry in entries)
        if self.folder is None or not lines:
            return
        try:
            _make(self.folder)
            with os.fdopen(
                os.open(self.folder / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab"
            ) as log:
                log.write(lines)
                log.flush()
                os.fsync(log.fileno())
            fsync_path(self.folder)  # the name of a new file is an entry of its folder, synced on its own
        except OSError as error:
            raise Conflict(
                "what is erased can't be written beside the workspace",
                where=str(self.folder),
                why=error.strerror or "",
                hint="a restored backup would bring it back: say where it may be written (MEGURU_ERASURES)",
            ) from error

    def marks(self, who: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
        """Return the marks of values, made by the key in use."""
        key = self._own[1]
        return {
            column: sorted({mark(key, column, value) for value in values}) for column, values in who.items()
        }

    @property
    def key_id(self) -> str:
        """Which key is in use."""
        return self._own[0]

    @cached_property
    def keys(self) -> dict[str, bytes]:
        """The keys that are known, by id."""
        from meguru.kernel.secret_keys import keys_of

        found = []
        if self.folder is not None:
            with suppress(FileNotFoundError, ValueError):
                found.append(bytes.fromhex((self.folder / _KEY).read_text("ascii").strip()))
        found += [hmac.digest(each.encode(), _INFO, "sha256") for each in keys_of(self._ws)]
        return {hashlib.sha256(_INFO + key).hexdigest()[:_BYTES]: key for key in found}

    @cached_property
    def _own(self) -> tuple[str, bytes]:
        if self.folder is not None and not (self.folder / _KEY).exists():
            _make(self.folder)
            _write_key(self.folder / _KEY)
            self.__dict__.pop("keys", None)
        elif self.folder is None:
            from meguru.kernel.secret_keys import ensure_keys

            ensure_keys(self._ws)
            self.__dict__.pop("keys", None)
        for found in self.keys.items():
            return found
        where, hint = str(self.folder and self.folder / _KEY), "bring it back from where you keep it"
        raise Conflict(
            "the key of erasures can't be read", where=where, why="it is empty or cut off", hint=hint
        )


def mark(key: bytes, column: str, value: str) -> str:
    """Return the keyed hash of a value of a column, the same for all its forms."""
    text = f"{column}\0{folded(value)}".encode()
    return hashlib.blake2b(text, key=key, digest_size=_BYTES).hexdigest()


def known(tx: Connection) -> Iterator[ErasureMarks]:
    """Give the erasures that the database knows of."""
    mine = erasure.c
    for row in tx.execute(select(mine.id, mine.at, mine.person_hashes)):
        if row.person_hashes:
            yield ErasureMarks(id=row.id, at=row.at, **row.person_hashes)


def add(
    tx: Connection,
    entry: ErasureMarks,
    *,
    by: str,
    reason: str,
    found: list[dict[str, object]],
    models: list[str],
) -> None:
    """Write an erasure into the database."""
    tx.execute(
        insert(erasure).values(
            id=entry.id,
            at=entry.at,
            by=by,
            reason=reason,
            columns=sorted(entry.marks),
            person_hashes={"key": entry.key, "marks": entry.marks},
            rows=sum(int(str(each["rows"])) for each in found),
            found=found,
            models=models,
        )
    )


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of an erasure, which is of the whole workspace; None if there is none."""
    return "" if tx.execute(select(erasure.c.id).where(erasure.c.id == id)).first() else None


def owed(ws: Workspace) -> list[ErasureMarks]:
    """Return the erasures of the file that the database does not know: it was restored from a backup."""
    entries = ErasureLedger(ws).entries()
    if not entries:
        return []
    with ws.read() as tx:
        there = set(tx.execute(select(erasure.c.id)).scalars())
    return list({entry.id: entry for entry in entries if entry.id not in there}.values())


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def _write_key(path: Path) -> None:
    """Write a key, whole or not at all, and never over the one that another process wrote just now."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    # A link, and not a rename, which would replace the key of a process that was faster: what it has marked
    # with that key since would be known to nobody.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
