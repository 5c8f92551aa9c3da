"""Ed25519 keys (RFC 8032): the one that signs, and the one that anybody checks with."""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

from meguru.errors import InvalidInput
from meguru.signing.pem import read_private, write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PREFIX = "ed25519:"
_HINT = "make one: meguru key new"
_LENGTH = 32


class PublicKey:
    """A key that signatures are checked with; two of the same bytes are equal."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != _LENGTH:
            raise InvalidInput(
                "this is no public key", why=f"one has {_LENGTH} bytes, not {len(raw)}", field="key"
            )
        self.raw = raw

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """Return the key that is written as ``ed25519:BASE64``, or as PEM.

        Raises
        ------
        InvalidInput
            If it is neither.
        """
        said = text.strip()
        if said.startswith("-----BEGIN"):
            return cls(_raw_of_pem(said))
        try:
            return cls(base64.b64decode(said.removeprefix(_PREFIX), validate=True))
        except (binascii.Error, ValueError) as error:
            hint = "write it as ed25519:BASE64, or as PEM"
            raise InvalidInput("this is no public key", field="key", hint=hint) from error

    @property
    def text(self) -> str:
        """The key in words, which `read` takes."""
        return _PREFIX + base64.b64encode(self.raw).decode()

    @cached_property
    def id(self) -> str:
        """Its fingerprint: the SHA-256 of its 32 bytes, in hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether the owner of this key signed the message."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):  # ValueError: the bytes are no point of the curve
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)


class SigningKey:
    """A key that signs. Its bytes are a secret: they stand in no message and no `repr`."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> SigningKey:
        """Return a new key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Return the key of a seed of 32 bytes; see `seed`."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None = None) -> SigningKey:
        """Return the key of a PKCS #8 file, as `to_pem` and ``openssl genpkey -algorithm ed25519`` write it.

        Raises
        ------
        InvalidInput
            If it is no such key, or the password is missing or wrong.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        found = read_private(pem, password, hint=_HINT)
        if not isinstance(found, Ed25519PrivateKey):
            raise InvalidInput("this is no Ed25519 key", field="key", hint=_HINT)
        return cls(found)

    @cached_property
    def public(self) -> PublicKey:
        """The key that its signatures are checked with."""
        return PublicKey(self._private.public_key().public_bytes_raw())

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes: to be sealed at once, never shown."""
        return self._private.private_bytes_raw()

    def to_pem(self, password: bytes | None = None) -> bytes:
        """Return the key as a PKCS #8 file, encrypted if there is a password."""
        return write_private(self._private, password)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes."""
        return self._private.sign(message)


def _raw_of_pem(pem: str) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput("this public key can't be read", why=str(error), field="key") from error
    if not isinstance(found, Ed25519PublicKey):
        raise InvalidInput("this is no Ed25519 key", field="key")
    return found.public_bytes_raw()
