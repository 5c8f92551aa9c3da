"""Content digests: sha256, always as 64 lowercase hex digits."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from meguru.errors import InvalidInput

_DIGEST = re.compile(r"[0-9a-f]{64}")
_encoder = msgspec.json.Encoder(order="sorted")


def of_bytes(data: bytes | memoryview) -> str:
    """Return the digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """Return the digest of a file's content, read once in bounded memory."""
    with path.open("rb") as file:
        return of_opened(file)


def of_opened(file: BinaryIO) -> str:
    """Return the digest of what is left to read of an open file."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def canonical(value: Any) -> bytes:
    """Return the one JSON spelling of a value: keys sorted, no spaces, UTF-8."""
    # Digests, cache keys and the event chain rest on these very bytes: another encoder, or another order of
    # keys, would change them all.
    return _encoder.encode(value)


def of_value(value: Any) -> str:
    """Return the digest of a value's canonical JSON."""
    return of_bytes(canonical(value))


def check_digest(digest: str, *, field: str = "digest") -> str:
    """Return `digest` if it is one; a digest becomes part of a path, so nothing else may pass."""
    if not _DIGEST.fullmatch(digest):
        raise InvalidInput(
            f"{digest[:80]!r} is not a sha256 digest", why="64 lowercase hex digits are wanted", field=field
        )
    return digest
