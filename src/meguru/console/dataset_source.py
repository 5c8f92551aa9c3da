"""Where a dataset comes from, as a part of its page."""

from __future__ import annotations

from typing import Any

from meguru.console.page_request import Visit
from meguru.datasets.pulls.show import pulls, sources

SHOWN = 5


def source_part(visit: Visit, name: str) -> dict[str, Any]:
    """Return what the template ``dataset_source.html`` shows: nothing for a dataset without a source."""
    source = next((source_state for source_state in sources(visit.ws) if source_state.dataset == name), None)
    return {"source": source, "reads": pulls(visit.ws, name=name, limit=SHOWN) if source else []}
