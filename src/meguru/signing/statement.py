"""In-toto statements: what is said (the predicate) of which bytes (the subjects).

Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.signing.dsse import IN_TOTO, SignedEnvelope, sign
from meguru.signing.keys import SigningKey

TYPE = "https://in-toto.io/Statement/v1"


class StatementSubject(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement is about: a name for people, and its digests by algorithm (``{"sha256": …}``)."""

    name: str
    digest: dict[str, str]


class Statement(
    msgspec.Struct, frozen=True, kw_only=True, rename={"type": "_type", "predicate_type": "predicateType"}
):
    """A claim about subjects; `predicate_type` is an address that names the predicate's form."""

    type: str = TYPE
    subject: Sequence[StatementSubject]
    predicate_type: str
    predicate: Mapping[str, Any]

    def signed(self, *keys: SigningKey) -> SignedEnvelope:
        """Return the statement in an envelope, signed by each key; its bytes are canonical JSON."""
        return sign(digests.canonical(msgspec.to_builtins(self)), IN_TOTO, keys)


def read_statement(envelope: SignedEnvelope) -> Statement:
    """Return the statement in an envelope; who signed it is another question (`dsse.signers`).

    Raises
    ------
    InvalidInput
        If the envelope holds none.
    """
    if envelope.payload_type != IN_TOTO:
        raise InvalidInput(
            "the envelope holds no statement", why=f"its type is {envelope.payload_type[:100]!r}"
        )
    try:
        statement = msgspec.json.decode(envelope.payload, type=Statement)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("the envelope holds no statement", why=str(error)) from error
    if statement.type != TYPE:
        raise InvalidInput("the envelope holds no statement", why=f"its type is {statement.type[:100]!r}")
    return statement
