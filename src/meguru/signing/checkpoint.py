"""Checkpoints of a log: how long it was and the hash of its Merkle tree, at a moment, as a signed note.

Source: https://c2sp.org/tlog-checkpoint. The log is named by its origin; the moment is an extension line.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime

import msgspec

from meguru.base.timestamps import read_time, write_time
from meguru.errors import InvalidInput
from meguru.signing.keys import SigningKey
from meguru.signing.note import SignedNote, read_notes, sign_note

_TIME = "at "
_MIN_LINES, _HASH_BYTES = 3, 32


class TreeHead(msgspec.Struct, frozen=True, kw_only=True):
    """The first `size` entries of the log `origin` had this hash; signed `at` this moment."""

    origin: str
    size: int
    root: bytes
    at: datetime | None = None

    def signed(self, key: SigningKey) -> SignedNote:
        """Return the checkpoint, signed in the log's own name."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        if self.at is not None:
            lines.append(f"{_TIME}{write_time(self.at)}")
        return sign_note("".join(f"{line}\n" for line in lines), self.origin, key)


def read_checkpoint(note: SignedNote) -> TreeHead:
    """Return what a note says of a log; who signed it is another question (`SignedNote.is_signed_by`).

    Raises
    ------
    InvalidInput
        If it is no checkpoint.
    """
    lines = note.text.splitlines()
    where = f"line {note.line}"
    # isdigit() alone takes digits of other scripts, which int() reads too: another text of the same number.
    if len(lines) < _MIN_LINES or not (lines[1].isascii() and lines[1].isdigit()) or len(lines[1]) > 18:
        raise InvalidInput("this is no checkpoint of a log", where=where)
    try:
        root = base64.b64decode(lines[2], validate=True)
        told = [line.removeprefix(_TIME) for line in lines[3:] if line.startswith(_TIME)]
        at = read_time(told[0]) if told else None
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("this is no checkpoint of a log", where=where, why=str(error)) from error
    if len(root) != _HASH_BYTES or (at is not None and at.tzinfo is None):
        raise InvalidInput("this is no checkpoint of a log", where=where)
    return TreeHead(origin=lines[0], size=int(lines[1]), root=root, at=at)


def read_checkpoints(text: str) -> Iterator[tuple[SignedNote, TreeHead]]:
    """Yield the checkpoints of a file, each with its note.

    Raises
    ------
    InvalidInput
        Naming the line, when what stands there is none.
    """
    for note in read_notes(text):
        yield note, read_checkpoint(note)
