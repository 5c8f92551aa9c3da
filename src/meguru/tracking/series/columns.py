"""Points side by side, column by column, and where one of them is in its series."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import NamedTuple, Self

_PLACE = re.compile(r"(-?\d{1,19})\.(-?\d{1,19})\.(\d{1,9})")
SeriesPoint = tuple[int, int, float | None]
"""A point's step, its microsecond since 1970, its value; None is no number."""
Found = tuple[int, int, int, float | None]
"""A point's step, its microsecond since 1970, its number among those of both, its value or None for NaN."""


class PointPosition(NamedTuple):
    """Where a point is in its series."""

    step: int
    at: int
    seq: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that `cursor` spelled; None if it did not."""
        found = _PLACE.fullmatch(text)
        numbers = [int(part) for part in found.groups()] if found else []
        if not numbers or any(abs(number) >= 2**63 for number in numbers):
            return None
        return cls(*numbers)

    def cursor(self) -> str:
        """Spell the place, as the mark of where a page ended."""
        return f"{self.step}.{self.at}.{self.seq}"


class Columns(NamedTuple):
    """Points in the order of their places; without `seqs` each has a step and a time of its own."""

    steps: Sequence[int]
    times: Sequence[int]
    values: Sequence[float | None]
    seqs: Sequence[int] | None = None

    @classmethod
    def of_rows(cls, rows: Iterable[Found]) -> Self:
        """Turn rows, one at least, into columns."""
        steps, times, seqs, values = zip(*rows, strict=True)
        return cls(steps, times, values, seqs)

    @classmethod
    def joined(cls, parts: Sequence[Columns]) -> Self:
        """Put columns behind each other that are in order, and without `seqs`."""
        steps, times, values = zip(*(part[:3] for part in parts), strict=True) if parts else ((), (), ())
        return cls(list(chain(*steps)), list(chain(*times)), list(chain(*values)))

    @classmethod
    def of_points(cls, points: Iterable[SeriesPoint]) -> Self:
        """Turn points, one at least, into columns."""
        steps, times, values = zip(*points, strict=True)
        return cls(steps, times, values)

    def rows(self) -> Iterator[Found]:
        """Yield the points."""
        return zip(self.steps, self.times, self.seqs or repeat(0), self.values, strict=False)

    def size(self) -> int:
        """Return how many points there are."""
        return len(self.steps)

    def millis(self) -> Sequence[int]:
        """Return the times in milliseconds."""
        times = self.times
        if isinstance(times, range) and times.start % 1000 == times.step % 1000 == 0:
            return range(times.start // 1000, times.stop // 1000, times.step // 1000)
        return [at // 1000 for at in times]

    def place(self, index: int) -> PointPosition:
        """Return where one of the points is."""
        return PointPosition(self.steps[index], self.times[index], self.seqs[index] if self.seqs else 0)

    def part(self, start: int, stop: int) -> Columns:
        """Return the points from one index to before another."""
        if start <= 0 and stop >= self.size():
            return self
        cut = slice(max(0, start), stop)
        return Columns(
            self.steps[cut], self.times[cut], self.values[cut], self.seqs[cut] if self.seqs else None
        )

    def later_than(self, place: PointPosition) -> Columns:
        """Return the points behind a place."""
        index = bisect_right(range(self.size()), place, key=self.place)
        return self.part(index, self.size())

    def between(self, first: int, last: int) -> Columns:
        """Return the points from one step to another, both included."""
        return self.part(bisect_left(self.steps, first), bisect_right(self.steps, last))

    def before(self, step: int) -> Columns:
        """Return the points before a step."""
        return self.part(0, bisect_left(self.steps, step))
