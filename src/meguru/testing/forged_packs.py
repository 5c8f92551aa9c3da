"""Packs of evidence as somebody makes them who has a key of their own, and says something else."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec

from meguru.base import digests
from meguru.evidence.pack.read import read_pack
from meguru.evidence.pack.write import write_pack
from meguru.evidence.types import ATTESTATIONS, KEYS, PackContent
from meguru.signing.dsse import read
from meguru.signing.keys import SigningKey
from meguru.signing.statement import StatementSubject, read_statement

FORGER = SigningKey.from_seed(bytes(32))
Parts = dict[str, bytes]


def forged(pack: bytes, change: Callable[[Parts], object], *, known: bool = True) -> bytes:
    """Return a pack in which `change` was done to the parts, signed by the forger.

    Unless `known` is False, the forger's key is among its keys, as a server's, and what the server stated is
    stated by the forger.
    """
    found = read_pack(pack)
    parts = dict(found.parts)
    if known:
        _take_over(parts)
    change(parts)
    types = {part.path: part.media_type for part in found.manifest.parts}
    return write_pack(
        [PackContent(path=path, media_type=types.get(path, ""), data=data) for path, data in parts.items()],
        FORGER,
        release=StatementSubject(name=found.manifest.release, digest={"sha256": found.manifest.digest}),
        model=StatementSubject(name=found.manifest.model, digest={"sha256": found.manifest.model_digest}),
        head=found.manifest.head,
    )


def restated(parts: Parts, name: str, change: Callable[[dict[str, object]], object]) -> None:
    """Change the predicate of each statement of a kind, under the forger's signature."""
    lines = []
    for line in parts[ATTESTATIONS].splitlines():
        statement = read_statement(read(line))
        if f"/{name}/" not in statement.predicate_type:
            lines.append(line)
            continue
        said = json.loads(json.dumps(statement.predicate))
        change(said)
        again = msgspec.structs.replace(statement, predicate=said).signed(FORGER)
        lines.append(digests.canonical(again))
    parts[ATTESTATIONS] = b"".join(line + b"\n" for line in lines)


def _take_over(parts: Parts) -> None:
    known = json.loads(parts[KEYS])
    server = next(each for each in known if each["owner_kind"] == "server")
    known.append(server | {"id": FORGER.public.id, "public": FORGER.public.text})
    parts[KEYS] = msgspec.json.encode(known)
