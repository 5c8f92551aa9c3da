"""Why a prediction is as it is: which release answered it."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.artifacts.types import Origin
from meguru.base import refs
from meguru.predictions.show import find


def origin_of(tx: Connection, name: str) -> Origin:
    """Return what a prediction says of itself, and the release behind it; NotFound if there is none."""
    found = find(tx, name)
    # Without what came in and went out: whoever may see causes may not see people's data.
    return Origin(
        says=f"{refs.make('endpoint', found.endpoint)} answered with {found.model} ({found.release})",
        endpoint=refs.make("endpoint", found.endpoint),
        release=found.release,
        at=found.received_at,
    )
