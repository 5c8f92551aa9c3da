"""Private keys in PEM files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meguru.errors import InvalidInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def read_private(pem: bytes, password: bytes | None, *, hint: str) -> PrivateKeyTypes:
    """Return the private key of a PEM file, of whatever kind.

    Raises
    ------
    InvalidInput
        If it is none, or the password is missing or wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInput("this key can't be read", why=str(error), field="key", hint=hint) from error


def write_private(private: Any, password: bytes | None) -> bytes:
    """Return a private key as a PKCS #8 file, encrypted if there is a password."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    how = BestAvailableEncryption(password) if password else NoEncryption()
    written: bytes = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    return written
