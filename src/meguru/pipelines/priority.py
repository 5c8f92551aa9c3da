"""Which priorities runs may have."""

from __future__ import annotations

from meguru.compute.graph import MAX_PRIORITY
from meguru.errors import InvalidInput


def check_priority(priority: int | None) -> None:
    """Refuse a priority beyond reason; a column of the database holds the others."""
    if priority is not None and abs(priority) > MAX_PRIORITY:
        most = f"-{MAX_PRIORITY:,} and {MAX_PRIORITY:,}"
        raise InvalidInput(f"a priority is between {most}", field="priority", why=f"it is {priority}"[:100])
