"""Each signature of the model is of just the files that the pack lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from meguru.errors import InvalidInput
from meguru.evidence.checks.pack import CheckedPack, fault
from meguru.evidence.types import FILES, SIGNATURES, PackFault
from meguru.signing.elliptic import EllipticPublicKey
from meguru.signing.model_bundle import read_signature


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell of signatures that are of other files, or of other keys."""
    if SIGNATURES not in pack.parts:
        return
    listed = pack.json(FILES, list[dict[str, Any]])
    files: dict[str, str] = {each["path"]: each["digest"] for each in listed}
    said = {
        each["key"]: each["why"]
        for line in pack.named("signatures")
        for each in line.statement.predicate["signatures"]
    }
    for each in pack.json(SIGNATURES, list[dict[str, str]]):
        place = f"{SIGNATURES}: {each['key'][:16]}"
        try:
            key = EllipticPublicKey.read(each["public"])
            why = read_signature(each["bundle"].encode()).check(key, files, _unread)
        except InvalidInput as error:
            yield fault(place, f"{error.what}: {error.why}")
            continue
        if key.id != each["key"]:
            yield fault(place, "this is not the fingerprint of its public key")
        if said.get(each["key"]) is None:
            yield fault(place, "the server states nothing of it")
        elif why and not said[each["key"]]:
            yield fault(place, why)


def _unread(path: str) -> NoReturn:
    raise InvalidInput("it hashes files otherwise than the pack lists them", why=path)
