"""The form of an encrypted blob: a head that names the wrapped key, then chunks, each sealed by itself.

A chunk is sealed by AES-256-GCM with the blob's own key, which is derived from a data key and a random salt
of the blob. The nonce is the chunk's number; its place, and whether it is the last one, are bound to it, so
that chunks can't be left out, cut off, moved or taken from another blob. The head is bound by the salt alone,
so a data key is wrapped by another key without encrypting anything anew.

References: V. T. Hoang et al., "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015
(the construction STREAM).
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from meguru.errors import DigestMismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"MGSEAL1\n"
CHUNK = 1 << 18
TAG = 16
_LENGTH = struct.Struct(">I")
_MAX_HEAD = 1 << 16


class SealHead(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the chunks: which key wrapped the data key, and this blob's salt."""

    key: str
    wrapped: bytes
    salt: bytes


def make_head(key_id: str, wrapped: bytes) -> SealHead:
    """Return the head of a new blob."""
    return SealHead(key=key_id, wrapped=wrapped, salt=os.urandom(32))


def write_head(head: SealHead) -> bytes:
    """Return the bytes of a head."""
    body = msgspec.json.encode(head)
    return MAGIC + _LENGTH.pack(len(body)) + body


def read_head(file: io.BufferedIOBase) -> SealHead | None:
    """Read the head of a blob, and stand where its chunks begin; None if it is not encrypted.

    Raises
    ------
    DigestMismatch
        If it begins as one that is and goes on otherwise.
    """
    if file.read(len(MAGIC)) != MAGIC:
        return None
    size = file.read(_LENGTH.size)
    if len(size) == _LENGTH.size and (length := _LENGTH.unpack(size)[0]) <= _MAX_HEAD:
        try:
            return msgspec.json.decode(file.read(length), type=SealHead)
        except msgspec.DecodeError:
            pass
    raise broken("its head")


def sealed(chunks: Iterable[bytes | memoryview], data_key: bytes, head: SealHead) -> Iterator[bytes]:
    """Give the bytes of an encrypted blob: its head, then its chunks."""
    yield write_head(head)
    cipher, waiting, number = _cipher(data_key, head), bytearray(), 0
    for piece in chunks:
        waiting += piece
        while len(waiting) > CHUNK:  # the last chunk is known only when nothing comes after it
            yield _seal(cipher, bytes(waiting[:CHUNK]), number, last=False)
            del waiting[:CHUNK]
            number += 1
    yield _seal(cipher, bytes(waiting), number, last=True)


def opened(file: io.BufferedIOBase, data_key: bytes, head: SealHead) -> Iterator[bytes]:
    """Give the plain bytes of the chunks of a blob."""
    cipher, number, read = _cipher(data_key, head), 0, _reader(file)
    present = read()
    while True:
        following = read() if len(present) == CHUNK + TAG else b""
        yield _open(cipher, present, number, last=not following)
        if not following:
            return
        present, number = following, number + 1


def plain_size(total: int, head: SealHead) -> int:
    """Return how many bytes a blob has when it is opened, from those that it takes."""
    # An empty blob is one chunk of nothing, with its tag.
    body = total - len(write_head(head))
    return body - TAG * max(1, -(-body // (CHUNK + TAG)))


def broken(what: str) -> DigestMismatch:
    """Say that an encrypted blob was changed."""
    return DigestMismatch(
        "an encrypted blob was changed after it was written",
        why=f"{what} is not as it was sealed",
        hint="restore it from a backup; meguru doctor --deep tells what needs it",
    )


def _reader(file: io.BufferedIOBase) -> Callable[[], bytes]:
    return lambda: file.read(CHUNK + TAG)


def _cipher(data_key: bytes, head: SealHead) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=head.salt, info=MAGIC).derive(data_key))


def _bound(number: int, *, last: bool) -> tuple[bytes, bytes]:
    # A nonce of 96 bits that is never repeated under a key: each blob has a key of its own (its salt), and
    # its chunks are counted. The last byte marks the last chunk, so that a blob that was cut off does not
    # open.
    place = number.to_bytes(11, "big") + bytes([last])
    return place, MAGIC + place


def _seal(cipher: AESGCM, chunk: bytes, number: int, *, last: bool) -> bytes:
    nonce, bound = _bound(number, last=last)
    return cipher.encrypt(nonce, chunk, bound)


def _open(cipher: AESGCM, chunk: bytes, number: int, *, last: bool) -> bytes:
    from cryptography.exceptions import InvalidTag

    nonce, bound = _bound(number, last=last)
    try:
        return cipher.decrypt(nonce, chunk, bound)
    except (InvalidTag, ValueError) as error:
        raise broken(f"chunk {number}") from error
