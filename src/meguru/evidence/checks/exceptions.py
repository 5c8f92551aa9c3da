"""What was waived was waived for this model and gate, by somebody else than who asked, while it held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from meguru.evidence.checks.pack import CheckedPack, fault
from meguru.evidence.types import ATTESTATIONS, PackFault
from meguru.governance.waivers.types import Waiver


def check(pack: CheckedPack) -> Iterator[PackFault]:
    """Tell of gates that failed and were let through by nothing that is in the pack."""
    waivers = {line.statement.predicate["ref"]: line for line in pack.named("waiver")}
    agreed = {each["ref"]: each["digest"] for each in pack.release["content"].get("documents", ())}
    for result in pack.release["results"]:
        if result["verdict"] != "waived":
            continue
        line = waivers.get(result.get("waiver", ""))
        if line is None:
            yield fault(ATTESTATIONS, f"the gate {result['gate']} was waived, and the waiver is not here")
            continue
        said = line.statement.predicate
        if said["model"] != pack.manifest.model or said["gate"] != result["gate"]:
            yield fault(line.place, f"it is of {said['gate']} of {said['model']}")
        if agreed.get(said["ref"], "") not in {"", msgspec.convert(said, Waiver).digest}:
            yield fault(line.place, "it is not the waiver whose digest is under that of the release")
        if said["decided_by"] in {said["asked_by"], ""}:
            yield fault(line.place, "nobody but who asked for it granted it")
        for event in (event for _, event in pack.events if event["type"] == "release.promoted"):
            when = datetime.fromisoformat(event["at"])
            mine = event["subject"] == pack.manifest.release
            if mine and when >= datetime.fromisoformat(said["expires_at"]):
                yield fault(line.place, f"it had ended when event {event['seq']} put the release live")
