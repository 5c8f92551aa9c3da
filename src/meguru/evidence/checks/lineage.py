"""The lineage leads from the release to its data, and has the same digests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meguru.base import digests
from meguru.evidence.checks.pack import CheckedPack, fault
from meguru.evidence.types import LINEAGE, PackFault


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell of parts of the release that the lineage lacks, or knows otherwise."""
    found, content = pack.json(LINEAGE, dict[str, Any]), pack.release["content"]
    for line in pack.named("lineage"):
        if line.statement.predicate.get("lineage") != {"sha256": digests.of_bytes(pack.part(LINEAGE))}:
            yield fault(line.place, f"it states another lineage than {LINEAGE}")
    if found.get("of") != pack.manifest.release:
        yield fault(LINEAGE, f"it is of another release than {pack.manifest.release}")
    things, parts = found.get("things", {}), [content["model"], *content.get("datasets", ())]
    for part in [*parts, *([content["pipeline"]] if content.get("pipeline") else [])]:
        known = things.get(part["ref"], {})
        if not known.get("gone") and known.get("digest") != _since(part["digest"], known):
            yield fault(f"{LINEAGE}: {part['ref']}", "it has another digest in the release, or is not there")


def _since(digest: str, known: dict[str, Any]) -> str:
    """Return what a digest became by the erasures of persons that the lineage tells of."""
    for each in known.get("erased", ()):
        if each.get("before") == digest:
            digest = str(each.get("after"))
    return digest
