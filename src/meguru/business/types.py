"""What a business metric is, and what it came to in a window."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

import msgspec

from meguru.base import refs
from meguru.errors import InvalidInput

TABLE = "predictions"
"""The name of the table of a window's predictions."""
Direction = Literal["higher", "lower"]
WINDOW, PREDICTION = "window", "prediction"
_PER = re.compile(r"(?:([1-9][0-9]{0,2}(?:_?[0-9]{3}){0,2}) predictions|prediction)", re.ASCII)


class BusinessMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A business metric as it was declared; see `BusinessMetricSpec` for what each field means."""

    name: str
    endpoint: str
    sql: str = ""
    python: str = ""
    code: str = ""
    datasets: list[str] = []
    unit: str = ""
    direction: Direction = "higher"
    target: float | None = None
    per: str = WINDOW
    description: str = ""
    created_at: datetime
    created_by: str

    @property
    def ref(self) -> str:
        """The reference of this metric."""
        return refs.make("business_metric", self.name)

    @property
    def by(self) -> float | None:
        """For how many predictions the value is; None when it is for the whole window."""
        return predictions_of(self.per)


class SliceValue(msgspec.Struct, frozen=True, kw_only=True):
    """A metric's value over the rows that its answer names alike; see `BusinessValue`."""

    slice: str
    value: float
    low: float | None = None
    high: float | None = None


class OtherValue(msgspec.Struct, frozen=True, kw_only=True):
    """What a metric had come to if a model that scored along had answered, on the `rows` that both answered.

    `live` is what it came to on these rows, `difference` that minus the other model's `value`, paired, with
    its 95 % interval ``[low, high]`` and standard error.
    """

    model: str
    value: float
    live: float
    difference: float
    low: float | None = None
    high: float | None = None
    error: float | None = None
    rows: int = 0


class BusinessValue(msgspec.Struct, frozen=True, kw_only=True):
    """What a metric came to in the window ``[start, end)`` of event time.

    `value` is in `unit`, for what `per` says; ``[low, high]`` holds the true one with a probability of 95 %
    (None: too few rows to tell). `rows` are the predictions of the window, `outcomes` those whose outcome is
    known; `known` tells whether the metric depends on them. `others` tell what it had been with the models
    that scored along. `problem` says why there is no value. `digest` is of the data and the declaration.
    """

    metric: str
    start: datetime
    end: datetime
    unit: str = ""
    direction: Direction = "higher"
    target: float | None = None
    per: str = WINDOW
    value: float | None = None
    low: float | None = None
    high: float | None = None
    method: str = ""
    rows: int = 0
    outcomes: int = 0
    known: bool = False
    slices: list[SliceValue] = []
    others: list[OtherValue] = []
    datasets: list[str] = []
    problem: str = ""
    digest: str = ""
    at: datetime | None = None

    @property
    def coverage(self) -> float:
        """The share of rows whose outcome is known."""
        return self.outcomes / self.rows if self.rows else 0.0

    @property
    def misses(self) -> bool:
        """Whether even the better end of the interval is beyond the target."""
        if self.target is None or self.low is None or self.high is None:
            return False
        return self.high < self.target if self.direction == "higher" else self.low > self.target


def predictions_of(per: str) -> float | None:
    """Return for how many predictions a value is; None when it is for a whole window.

    Raises
    ------
    InvalidInput
        If the text says neither.
    """
    if per == WINDOW:
        return None
    found = _PER.fullmatch(per)
    if found is None:
        hint = '"window", "prediction", or a number of them: "1000 predictions"'
        raise InvalidInput(f"a value is not per {per[:60]!r}", field="per", hint=hint)
    return float((found.group(1) or "1").replace("_", ""))
