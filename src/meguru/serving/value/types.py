"""What live answers were worth beside those of a model that was never retrained."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class ValueSpan(msgspec.Struct, frozen=True, kw_only=True):
    """What a business metric came to in a span of event time, and what it had come to with a frozen model.

    Both are of the same `rows`, of `of_rows` that there were. `gain` is how much better the live answers
    were, whatever the metric's direction, with its 95 % interval ``[low, high]`` and standard error;
    `cumulative` is the gain of this span and those before, for metrics that are sums.
    """

    start: datetime
    end: datetime
    rows: int
    of_rows: int
    live: float | None = None
    frozen: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    error: float | None = None
    cumulative: float | None = None
    cumulative_low: float | None = None
    cumulative_high: float | None = None
    problem: str = ""


class EndpointValue(msgspec.Struct, frozen=True, kw_only=True):
    """The standing proof of an endpoint's value, month by month, and in all.

    `model` is the frozen one. `how` tells where its answers come from: it scored along (``shadow``), or was
    asked again with the recorded inputs (``replay``; of a sample of the rows, where there are many).
    """

    endpoint: str
    metric: str
    unit: str
    direction: str
    per: str
    model: str
    how: Literal["shadow", "replay"]
    months: list[ValueSpan]
    total: ValueSpan
