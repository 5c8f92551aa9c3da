"""DSSE envelopes: a payload with its type and who signed both.

What is signed is `pre_authentication`, never the JSON around it, so no two readers can differ about what was
agreed to. Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md (version 1.0.2).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meguru.errors import InvalidInput
from meguru.signing.keys import PublicKey, SigningKey

IN_TOTO = "application/vnd.in-toto+json"


class EnvelopeSignature(msgspec.Struct, frozen=True):
    """One signature; `keyid` only says which key to try, and proves nothing."""

    keyid: str
    sig: bytes


class SignedEnvelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A signed payload; as JSON, its bytes are written in base64."""

    payload: bytes
    payload_type: str
    signatures: list[EnvelopeSignature]


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: PAE of the protocol."""
    # Lengths are signed with what they are of: no byte can move from the type into the payload.
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, payload_type: str, keys: Iterable[SigningKey]) -> SignedEnvelope:
    """Return the payload under the signature of each key."""
    message = pre_authentication(payload_type, payload)
    signatures = [EnvelopeSignature(key.public.id, key.sign(message)) for key in keys]
    return SignedEnvelope(payload=payload, payload_type=payload_type, signatures=signatures)


def signers(envelope: SignedEnvelope, known: Iterable[PublicKey]) -> list[PublicKey]:
    """Return which of the known keys signed the envelope; each once, however often it signed."""
    message = pre_authentication(envelope.payload_type, envelope.payload)
    return [
        key for key in known if any(key.verifies(signature.sig, message) for signature in envelope.signatures)
    ]


def read(text: bytes | str) -> SignedEnvelope:
    """Return the envelope that is written in JSON.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    try:
        return msgspec.json.decode(text, type=SignedEnvelope)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("this is no signed envelope", why=str(error)) from error
