"""A private key in a file of its owner's machine, that nobody else can read."""

from __future__ import annotations

import os
from pathlib import Path

from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.signing.elliptic import EllipticSigningKey
from meguru.signing.keys import SigningKey


def write_key(path: Path, key: SigningKey | EllipticSigningKey, password: bytes | None = None) -> None:
    """Write a private key as a PKCS #8 file, closed to others from its first byte on; never over another.

    Raises
    ------
    Conflict
        If there is a file already, or it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The mode as it is created: to chmod afterwards would leave a moment in which others can open it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        hint = "use that one (meguru key add), or say where the new one goes: --file"
        raise Conflict("there is a key already", where=str(path), hint=hint) from error
    except OSError as error:
        raise Conflict("the key can't be written", where=str(path), why=str(error)) from error
    with os.fdopen(handle, "wb") as file:
        file.write(key.to_pem(password))
        # Before anybody hears of its public half: a key that a power cut took can sign nothing more.
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path, password: bytes | None = None) -> SigningKey:
    """Return the private key in a file, with which statements are signed.

    Raises
    ------
    NotFound
        If there is no such file.
    InvalidInput
        If it holds no key, or the password is missing or wrong.
    """
    return SigningKey.from_pem(_pem(path), password)


def read_any_key(path: Path, password: bytes | None = None) -> SigningKey | EllipticSigningKey:
    """Return the private key in a file, of whichever kind it is; as `read_key`."""
    pem = _pem(path)
    try:
        return EllipticSigningKey.from_pem(pem, password)
    except InvalidInput:
        return SigningKey.from_pem(pem, password)


def _pem(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "make a key: meguru key new"
        raise NotFound("there is no signing key", where=str(path), why=str(error), hint=hint) from error
