"""What a pool is."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PoolPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place that is taken: `holder` is a step run, `job` the job of its run."""

    pool: str
    holder: str
    job: str
    attempt: int
    taken_at: datetime


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """A named number of places; a step marked ``@step(pool="gpu")`` takes one while it runs."""

    name: str
    slots: int
    created_at: datetime
    taken: list[PoolPlace] = []
