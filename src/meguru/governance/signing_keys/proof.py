"""A proof that somebody holds the private half of the key that they add: nobody adds another's."""

from __future__ import annotations

import base64
import binascii

from meguru.signing.dsse import pre_authentication
from meguru.signing.elliptic import EllipticPublicKey, EllipticSigningKey
from meguru.signing.keys import PublicKey, SigningKey

TYPE = "application/vnd.meguru.signing-key-owner"


def prove(key: SigningKey | EllipticSigningKey, owner: str) -> str:
    """Return the proof, in base64, that who is called `owner` holds a key."""
    return base64.b64encode(key.sign(pre_authentication(TYPE, owner.encode()))).decode()


def proves(public: PublicKey | EllipticPublicKey, owner: str, proof: str) -> bool:
    """Return whether a proof is by this key, for this owner."""
    try:
        signature = base64.b64decode(proof, validate=True)
    except (binascii.Error, ValueError):
        return False
    return public.verifies(signature, pre_authentication(TYPE, owner.encode()))
