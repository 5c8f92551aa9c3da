"""From numbers to places on a drawing, and the round numbers beside an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

FINEST = 1e-9
ROUND = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps ``low..high`` to ``start..end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, wanted: int = 4) -> list[float]:
        """Return about so many round numbers within the scale."""
        if self.high <= self.low:
            return [self.low]
        rough = (self.high - self.low) / wanted
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * each for each in ROUND if power * each >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [float(f"{step * each:.12g}") for each in range(first, last + 1)]


def around(values: Iterable[float], start: float, end: float, *, margin: float = 0.08) -> Scale:
    """Return a scale that holds all values, with a little room on both sides."""
    known = [value for value in values if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = max(margin * (high - low) or abs(high) * 0.05 or 1.0, FINEST * max(abs(low), abs(high), 1.0))
    return Scale(low - room, high + room, start, end)
