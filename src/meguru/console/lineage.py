"""The nearest neighbours of a thing in the graph of references."""

from __future__ import annotations

from typing import Any

from meguru.artifacts import lineage
from meguru.console.page_request import Visit
from meguru.errors import NotFound

SHOWN = 30


def neighbours(visit: Visit, ref: str) -> dict[str, Any]:
    """Return what a thing was made from and what was made from it, one step each way, for a template."""
    try:
        edges = lineage.show(visit.ws, ref=ref).edges
    except NotFound:
        edges = []
    above = sorted({edge.source for edge in edges if edge.target == ref})
    below = sorted({edge.target for edge in edges if edge.source == ref})
    claimed = {(edge.source, edge.target) for edge in edges if edge.claimed}
    return {
        "made_from": above[:SHOWN],
        "made": below[:SHOWN],
        "claimed_from": {source for source, target in claimed if target == ref},
        "claimed_made": {target for source, target in claimed if source == ref},
    }
