"""Evidence packs, as a kind: what is asked for, and kept nowhere."""

from __future__ import annotations

from meguru.kernel.kinds import Kind

EVIDENCE = Kind(
    name="evidence",
    title=("evidence pack", "evidence packs"),
    named=False,
    operations=("meguru.evidence.operations",),
)
