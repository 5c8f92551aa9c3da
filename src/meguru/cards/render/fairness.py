"""What a fairness gate measured, as rows."""

from __future__ import annotations

from typing import Any

from meguru.cards.facts.types import CardGate
from meguru.cards.render.values import NOTHING, number
from meguru.monitoring.evidence.translation import EvidenceWords


def fairness_rows(gate: CardGate, words: EvidenceWords) -> list[list[str]]:
    """Return a row for each grouping that a gate compared; nothing for gates that compare no groups."""
    return [_row(each, words) for each in groups_of(gate)]


def groups_of(gate: CardGate) -> list[dict[str, Any]]:
    """Return what a gate measured of groups; a gate of one's own may call any number so."""
    found = gate.numbers.get("groups")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _row(each: dict[str, Any], words: EvidenceWords) -> list[str]:
    low, high = each.get("low"), each.get("high")
    return [
        " × ".join(map(str, each.get("columns", []))) or str(each.get("column", NOTHING)),
        str(each.get("criterion", NOTHING)),
        _number(each.get("value")),
        NOTHING if low is None or high is None else f"[{_number(low)}, {_number(high)}]",
        _number(each.get("limit")),
        words.text(str(each.get("verdict", NOTHING))),
    ]


def _number(value: Any) -> str:
    return number(float(value)) if isinstance(value, int | float) else NOTHING
