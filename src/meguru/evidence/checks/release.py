"""The release is the one whose digest is signed, and all statements speak of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meguru.base import digests
from meguru.evidence.checks.pack import CheckedPack, SignedLine, fault
from meguru.evidence.types import FILES, MANIFEST, RELEASE, PackFault

_ONCE = ("release", "training", "evaluation", "scan", "environment", "lineage", "deployment")
_ABOUT_MODEL = {"card", "training", "evaluation", "scan", "environment", "logs", "signatures"}
_BY_PEOPLE = {"approval", "refusal"}
"""What people decide has rules of its own, whoever's key signs it."""


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell what of the release, its model and its statements does not belong together."""
    manifest, content = pack.manifest, pack.release["content"]
    if digests.of_bytes(pack.part(RELEASE)) != manifest.digest:
        yield fault(RELEASE, f"its digest is not that of {manifest.release}, {manifest.digest[:12]}…")
    if content.get("model") != {"ref": manifest.model, "digest": manifest.model_digest}:
        yield fault(RELEASE, f"it releases another model than the manifest says, {manifest.model}")
    if digests.of_bytes(pack.part(FILES)) != manifest.model_digest:
        yield fault(FILES, f"this list of files is not that of {manifest.model}")
    endpoint = str(content.get("endpoint", "")).removeprefix("endpoint/")
    if manifest.release.rpartition("@")[0] != f"release/{endpoint}":
        yield fault(MANIFEST, f"{manifest.release} is of another endpoint than {endpoint}")
    yield from _present(pack)
    for line in pack.statements:
        yield from _subject(pack, line)
    yield from _agreeing(pack, content)


def _present(pack: CheckedPack) -> Iterator[PackFault]:
    for name in _ONCE:
        if len(lines := pack.named(name)) != 1:
            yield fault("parts/attestations.jsonl", f"{len(lines)} statements of {name}, where one is due")


def _subject(pack: CheckedPack, line: SignedLine) -> Iterator[PackFault]:
    manifest = pack.manifest
    if not line.name:
        yield fault(line.place, f"nobody knows what {line.statement.predicate_type[:100]} states")
        return
    if line.name in _BY_PEOPLE:
        return
    if not line.by_server:
        yield fault(line.place, f"the server does not say this: {line.signers[0].owner} signed it")
    name, digest = (manifest.release, manifest.digest)
    if line.name in _ABOUT_MODEL:
        name, digest = (manifest.model, manifest.model_digest)
    about = [(subject.name, subject.digest) for subject in line.statement.subject]
    if about != [(name, {"sha256": digest})]:
        yield fault(line.place, f"it is not about {name} with the digest {digest[:12]}…")


def _agreeing(pack: CheckedPack, content: dict[str, Any]) -> Iterator[PackFault]:
    for line in pack.named("release"):
        said = line.statement.predicate
        if said.get("content_digest") != digests.of_value(content):
            yield fault(line.place, "content_digest is not that of what the release is made of")
        if said.get("model") != content.get("model"):
            yield fault(line.place, "model is another than in the release")
    results = [dict(signed_line.statement.predicate) for signed_line in pack.named("gate")]
    signed: list[dict[str, Any]] = pack.release["results"]
    if results != signed:
        wrong = next(
            (n for n, (a, b) in enumerate(zip(results, signed, strict=False)) if a != b), len(signed)
        )
        place = f"parts/attestations.jsonl: gate {wrong + 1}"
        yield fault(place, "it does not say what the release's digest is of")
    for line in pack.named("training"):
        if list(line.statement.predicate.get("inputs") or ()) != list(content.get("datasets") or ()):
            yield fault(line.place, "inputs are other datasets than those of the release")
        if line.statement.predicate.get("pipeline") != content.get("pipeline"):
            yield fault(line.place, "pipeline is another than in the release")
