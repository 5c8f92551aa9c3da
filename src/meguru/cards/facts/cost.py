"""What the run that made a version used and cost, as the kind that counts it tells."""

from __future__ import annotations

from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardCost
from meguru.errors import MeguruError
from meguru.kernel.kinds import provided

FAMILY = "run cost"
"""Kinds that know it: ``f(tx, ref, now)``, of a model version's reference, with the fields of a cost."""


def cost_of(reader: RecordReader, ref: str) -> CardCost | None:
    """Return what a version's run used and cost; None if no run made it, or nobody measured it."""
    family = provided(FAMILY)
    if not reader.may("cost", ref):
        return None
    for kind in family.names():
        try:
            line = family.load(kind)(reader.tx, ref, reader.now)
        except MeguruError:  # no run of a pipeline made it
            continue
        used = line.use
        cost = CardCost(
            cpu_seconds=used.cpu_seconds,
            gpu_seconds=used.gpu_seconds,
            memory_gb_seconds=used.memory_gb_seconds,
            money=line.money,
            unit=line.unit,
            kwh=line.kwh,
            co2_kg=line.co2_kg,
        )
        if used.cpu_seconds or used.gpu_seconds:
            return cost
    return None
