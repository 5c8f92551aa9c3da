"""Label maturity: which share of a window's outcomes is known by now, and which is to be expected."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.predictions.types import LabelDelay


class LabelMaturity(msgspec.Struct, frozen=True, kw_only=True):
    """How far the outcomes of a window are.

    Attributes
    ----------
    start, end
        The window.
    coverage
        The share of its rows whose outcome is known.
    arrived
        Which share of outcomes is usually known by so long after the event.
    expected
        The coverage in the end, if these come as those before did; None when it is too early to say.
    """

    start: datetime
    end: datetime
    coverage: float
    arrived: float
    expected: float | None = None


MIN_ARRIVED = 0.05
"""Before this share of the outcomes is usually known, nothing is foretold."""


def label_maturity(
    start: datetime, end: datetime, coverage: float, delay: LabelDelay, world: datetime
) -> LabelMaturity:
    """Return how far the outcomes of a window are when event time has come to `world`.

    Notes
    -----
    The rows are taken as spread evenly over the window. With *F(a)* the share of all outcomes that were known
    by age *a*, *F* is averaged over the ages of the rows, and the coverage in the end is the coverage now
    divided by that.
    """
    # A midpoint sum over 20 ages: the delays are an empirical distribution, whose integral nobody has.
    steps, length = 20, (end - start).total_seconds()
    age = (world - start).total_seconds()
    shares = [delay.known_after(age - length * (step + 0.5) / steps) for step in range(steps)]
    arrived = sum(shares) / steps
    expected = min(1.0, coverage / arrived) if arrived >= MIN_ARRIVED else None
    return LabelMaturity(start=start, end=end, coverage=coverage, arrived=arrived, expected=expected)
