"""ECDSA keys on the curves of NIST: what models are signed with, as OpenSSF model-signing reads no other.

Ours are on P-256; signatures of others may be on P-384 and P-521, each with the hash that goes with it (FIPS
186-5).
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

from meguru.errors import InvalidInput
from meguru.signing.pem import read_private, write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        ECDSA,
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

_CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
_HINT = "make one: meguru key new --type p256"


class EllipticPublicKey:
    """A key that signatures of models are checked with."""

    def __init__(self, key: EllipticCurvePublicKey) -> None:
        if key.curve.name not in _CURVES:
            why = f"its curve is {key.curve.name}; {', '.join(_CURVES)} are read"
            raise InvalidInput("this key can't check models", field="key", why=why)
        self._key = key

    @classmethod
    def read(cls, pem: str) -> EllipticPublicKey:
        """Return the key that is written as PEM, as ``openssl ec -pubout`` does.

        Raises
        ------
        InvalidInput
            If it is none.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            found = load_pem_public_key(pem.strip().encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InvalidInput("this public key can't be read", why=str(error), field="key") from error
        if not isinstance(found, EllipticCurvePublicKey):
            raise InvalidInput("this is no elliptic curve key", field="key", hint=_HINT)
        return cls(found)

    @cached_property
    def text(self) -> str:
        """The key as PEM, which `read` takes."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @cached_property
    def id(self) -> str:
        """Its fingerprint: the SHA-256 of its PEM, which bundles of model-signing name a key by."""
        # Of the PEM text and not of the DER bytes: so model-signing writes the hint.
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def curve(self) -> str:
        """The name of its curve."""
        return self._key.curve.name

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether the owner of this key signed the message."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, message, _algorithm(self.curve))
        except (InvalidSignature, ValueError):
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EllipticPublicKey) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class EllipticSigningKey:
    """A key that signs models. Its bytes are a secret: they stand in no message and no `repr`."""

    def __init__(self, private: EllipticCurvePrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> EllipticSigningKey:
        """Return a new key, on P-256."""
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

        return cls(generate_private_key(SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None = None) -> EllipticSigningKey:
        """Return the key of a PEM file, as `to_pem` and ``openssl ecparam -genkey`` write it.

        Raises
        ------
        InvalidInput
            If it is no such key, or the password is missing or wrong.
        """
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

        found = read_private(pem, password, hint=_HINT)
        if not isinstance(found, EllipticCurvePrivateKey):
            raise InvalidInput("this is no elliptic curve key", field="key", hint=_HINT)
        return cls(found)

    @cached_property
    def public(self) -> EllipticPublicKey:
        """The key that its signatures are checked with."""
        return EllipticPublicKey(self._private.public_key())

    def to_pem(self, password: bytes | None = None) -> bytes:
        """Return the key as a PKCS #8 file, encrypted if there is a password."""
        return write_private(self._private, password)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, in DER."""
        return self._private.sign(message, _algorithm(self.public.curve))


def _algorithm(curve: str) -> ECDSA:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

    return ECDSA(getattr(hashes, _CURVES[curve])())
