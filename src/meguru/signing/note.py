"""Signed notes: lines of text, and below them who signed them.

Such a note is read by other tools too (Go's ``sumdb/note``, the witnesses of transparency logs). Source:
https://c2sp.org/signed-note. Only Ed25519 signatures are written; those of other kinds are passed over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator

import msgspec

from meguru.errors import InvalidInput
from meguru.signing.keys import PublicKey, SigningKey

_MARK = "— "
_ED25519 = b"\x01"
_ID_BYTES, _MAX_SIGNATURES = 4, 100


class NoteSignature(msgspec.Struct, frozen=True):
    """One line of signature: the signer's name, the key's short id, and what it signed."""

    name: str
    key: bytes
    sig: bytes


class SignedNote(msgspec.Struct, frozen=True, kw_only=True):
    """A text, which ends with a newline, and its signatures; `line` is where it begins in its file."""

    text: str
    signatures: list[NoteSignature]
    line: int = 1

    def is_signed_by(self, name: str, key: PublicKey) -> bool:
        """Return whether the key of this signer signed the text."""
        # The short id only chooses which signatures to try: two keys may have one, and it proves nothing.
        short = key_id(name, key)
        mine = [
            signature for signature in self.signatures if signature.name == name and signature.key == short
        ]
        return any(key.verifies(signature.sig, self.text.encode()) for signature in mine)

    @property
    def written(self) -> str:
        """The note as it stands in a file."""
        lines = [
            f"{_MARK}{signature.name} {base64.b64encode(signature.key + signature.sig).decode()}\n"
            for signature in self.signatures
        ]
        return f"{self.text}\n{''.join(lines)}"


def key_id(name: str, key: PublicKey) -> bytes:
    """Return the four bytes that tell which key of a signer a signature is of."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:_ID_BYTES]


def sign_note(text: str, name: str, key: SigningKey) -> SignedNote:
    """Return a text under the signature of one key."""
    if not text.endswith("\n") or "\n\n" in text:
        message = "what is signed is lines, the last one too, and none is empty"
        raise ValueError(message)
    return SignedNote(
        text=text, signatures=[NoteSignature(name, key_id(name, key.public), key.sign(text.encode()))]
    )


def read_notes(text: str) -> Iterator[SignedNote]:
    """Yield the notes of a file: one below the other, with an empty line or none between them.

    Raises
    ------
    InvalidInput
        Naming the line, when what stands there is no whole note.
    """
    lines, place = text.split("\n"), 0
    while place < len(lines):
        if not lines[place]:
            place += 1
            continue
        start = place
        while place < len(lines) and lines[place]:
            place += 1
        end, place = place, place + 1
        signatures = []
        # A line that the file ends with, without a newline, was not written as a whole.
        while place < len(lines) - 1 and lines[place].startswith(_MARK):
            signatures.append(_read_signature(lines[place], place + 1))
            place += 1
        if not signatures or len(signatures) > _MAX_SIGNATURES:
            raise InvalidInput("this is no signed note", where=f"line {start + 1}", why="nobody signed it")
        yield SignedNote(
            text="".join(f"{each}\n" for each in lines[start:end]), signatures=signatures, line=start + 1
        )


def _read_signature(line: str, number: int) -> NoteSignature:
    name, _, body = line.removeprefix(_MARK).partition(" ")
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not name or "+" in name or len(raw) <= _ID_BYTES:
        raise InvalidInput("this is no signature of a note", where=f"line {number}")
    return NoteSignature(name, raw[:_ID_BYTES], raw[_ID_BYTES:])
