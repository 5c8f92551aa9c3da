"""Envelopes and statements: what verifies, and what must not."""

import base64
import json

import msgspec
import pytest

from meguru.errors import InvalidInput
from meguru.signing import dsse
from meguru.signing.keys import PublicKey, SigningKey
from meguru.signing.statement import Statement, StatementSubject, read_statement

# RFC 8032, section 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNED = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_keys_sign_as_the_standard_says():
    key = SigningKey.from_seed(SEED)
    assert key.public == PublicKey(PUBLIC)
    assert key.sign(b"\x72") == SIGNED
    assert key.public.verifies(SIGNED, b"\x72")
    assert not key.public.verifies(SIGNED, b"\x73")
    assert not key.public.verifies(SIGNED[:-1], b"\x72")


def test_a_key_survives_its_file_and_its_text():
    key = SigningKey.generate()
    assert SigningKey.from_pem(key.to_pem()).public == key.public
    assert SigningKey.from_pem(key.to_pem(b"secret"), b"secret").public == key.public
    assert PublicKey.read(key.public.text) == key.public
    with pytest.raises(InvalidInput, match="can't be read"):
        SigningKey.from_pem(key.to_pem(b"secret"), b"wrong")
    for wrong in ("", "ed25519:", "ed25519:AAAA", "rsa:" + "A" * 44, "-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(InvalidInput):
            PublicKey.read(wrong)


def test_what_is_signed_is_the_protocols_own_example():
    told = dsse.pre_authentication("http://example.com/HelloWorld", b"hello world")
    assert told == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_an_envelope_tells_who_signed_and_nobody_else():
    mine, others, strange = (SigningKey.generate() for _ in range(3))
    known = [mine.public, others.public]
    sealed = dsse.sign(b"yes", "text/plain", [mine, strange])
    assert dsse.signers(sealed, known) == [mine.public]
    again = dsse.read(msgspec.json.encode(sealed))
    assert dsse.signers(again, known) == [mine.public]
    assert json.loads(msgspec.json.encode(sealed))["payload"] == base64.b64encode(b"yes").decode()
    for changed in ({"payload": b"no"}, {"payload_type": "text/html"}, {"signatures": []}):
        assert dsse.signers(msgspec.structs.replace(sealed, **changed), known) == []


def test_a_statement_comes_back_as_it_was():
    said = Statement(
        subject=[StatementSubject(name="release/a@1", digest={"sha256": "00"})],
        predicate_type="https://example.com/approval/v1",
        predicate={"by": "anna"},
    )
    envelope = said.signed(SigningKey.generate())
    assert read_statement(envelope) == said
    assert json.loads(envelope.payload)["_type"] == "https://in-toto.io/Statement/v1"
    with pytest.raises(InvalidInput, match="no statement"):
        read_statement(msgspec.structs.replace(envelope, payload=b"{}"))
