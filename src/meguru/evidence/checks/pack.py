"""A pack as its checks see it: parts that are read once, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.evidence.pack.read import BrokenPack, ReadPack
from meguru.evidence.types import ATTESTATIONS, EVENTS, KEYS, RELEASE, PackFault, PackManifest
from meguru.governance.signing_keys.statements import name_of
from meguru.governance.signing_keys.types import SERVER, SigningKeyRecord
from meguru.signing import dsse
from meguru.signing.keys import PublicKey
from meguru.signing.statement import Statement, read_statement

T = TypeVar("T")


class SignedLine(NamedTuple):
    """A statement of a pack: where it stands, what it is called here, and the keys that signed it."""

    place: str
    name: str
    statement: Statement
    signers: list[SigningKeyRecord]

    @property
    def by_server(self) -> bool:
        """Whether the server says it."""
        return any(signer.owner_kind == SERVER for signer in self.signers)


class CheckedPack:
    """A pack of which each byte is as its manifest says."""

    def __init__(self, read: ReadPack) -> None:
        self.manifest: PackManifest = read.manifest
        self.parts = read.parts
        self.manifest_bytes, self.signature = read.manifest_bytes, read.signature

    @property
    def made_at(self) -> datetime:
        """The moment of the log's end when it was made."""
        try:
            found = datetime.fromisoformat(self.manifest.head.at)
        except ValueError as error:
            raise BrokenPack("manifest.json: head.at", "it is no moment") from error
        if found.tzinfo is None:
            raise BrokenPack("manifest.json: head.at", "it has no time zone")
        return found

    def part(self, path: str) -> bytes:
        """Return the content of a part.

        Raises
        ------
        BrokenPack
            If it is not there.
        """
        if path not in self.parts:
            raise BrokenPack(path, "this part has to be in every pack, and is not")
        return self.parts[path]

    def json(self, path: str, kind: type[T]) -> T:
        """Return what a part holds."""
        return _decoded(self.part(path), kind, path)

    def lines(self, path: str) -> Iterator[tuple[str, bytes]]:
        """Yield the lines of a part, each with its place."""
        data = self.part(path)
        if data and not data.endswith(b"\n"):
            raise BrokenPack(path, "its last line has no end")
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            yield f"{path}: line {number}", line

    @cached_property
    def keys(self) -> dict[str, SigningKeyRecord]:
        """The public keys, by fingerprint."""
        return {each.id: each for each in self.json(KEYS, list[SigningKeyRecord])}

    @cached_property
    def release(self) -> dict[str, Any]:
        """What the release is made of, what it was compared with, and its gates' results."""
        found = self.json(RELEASE, dict[str, Any])
        if set(found) != {"champion", "content", "results"} or not isinstance(found["content"], dict):
            raise BrokenPack(RELEASE, "it is no release: it has other fields")
        return found

    @cached_property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The events, each with its place."""
        return [(place, _decoded(line, dict[str, Any], place)) for place, line in self.lines(EVENTS)]

    @cached_property
    def statements(self) -> list[SignedLine]:
        """What is stated, each with who signed it."""
        return [self._line(place, line) for place, line in self.lines(ATTESTATIONS)]

    def named(self, name: str) -> list[SignedLine]:
        """Return what the server states of one kind."""
        return [statement for statement in self.statements if statement.name == name and statement.by_server]

    def envelope(self, place: str, text: bytes) -> tuple[Statement, list[SigningKeyRecord]]:
        """Return the statement in an envelope, and whose keys signed it.

        Raises
        ------
        BrokenPack
            If it is none, is spelled otherwise than by us, or one of its signatures is no key's of the pack.
        """
        try:
            signed_envelope = dsse.read(text)
            statement = read_statement(signed_envelope)
        except InvalidInput as error:
            raise BrokenPack(place, f"{error.what}: {error.why}") from error
        # One spelling: JSON that is read in two ways (keys twice, spaces) could show people other words than
        # were signed.
        if digests.canonical(signed_envelope) != text:
            raise BrokenPack(place, "it is not spelled as an envelope is")
        signers = []
        message = dsse.pre_authentication(signed_envelope.payload_type, signed_envelope.payload)
        for signature in signed_envelope.signatures:
            record = self.keys.get(signature.keyid)
            if record is None:
                raise BrokenPack(
                    place, f"it is signed by a key that is not in {KEYS}: {signature.keyid[:16]}"
                )
            if not PublicKey.read(record.public).verifies(signature.sig, message):
                raise BrokenPack(
                    place, f"the signature is not that of key {signature.keyid[:16]} for these words"
                )
            signers.append(record)
        if not signers:
            raise BrokenPack(place, "nobody signed it")
        return statement, signers

    def _line(self, place: str, line: bytes) -> SignedLine:
        statement, signers = self.envelope(place, line)
        return SignedLine(place, name_of(statement.predicate_type), statement, signers)


def fault(place: str, what: str) -> PackFault:
    """Return a fault."""
    return PackFault(place=place, what=what)


def _decoded(data: bytes, kind: type[T], place: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenPack(place, f"it can't be read: {error}") from error
