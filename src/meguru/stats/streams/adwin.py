"""ADWIN: a window over a series that grows while its mean holds, and forgets when it does not."""

from __future__ import annotations

import math

from meguru.errors import InvalidInput
from meguru.stats.arrays import as_level

_MAX_BUCKETS = 5
"""Buckets of one size before the two oldest are merged: the paper's M, as MOA and River have it."""
_MIN_LENGTH = 5


class Adwin:
    r"""Tell when the mean of a series of bounded values changes, at any size of window; O(log n) memory.

    Parameters
    ----------
    alpha
        Scalar, probability of a false alarm at a look.
    every
        Scalar, count: it looks once in so many values.
    least
        Scalar, count: nothing is told while the window holds no more.

    Notes
    -----
    Values lie in [0, 1]. The window is cut where two parts of *n0* and *n1* values have means that differ by
    more than

    .. math:: \sqrt{\tfrac{2}{m}\sigma^2\ln\tfrac{2\ln n}{\alpha}} + \tfrac{2}{3m}\ln\tfrac{2\ln n}{\alpha},
              \quad \tfrac1m = \tfrac1{n_0} + \tfrac1{n_1}

    and the older part is forgotten, bucket by bucket. Values are kept as sums over buckets of 1, 2, 4, …, of
    each size at most five.

    References
    ----------
    Bifet, A., Gavaldà, R. (2007). Learning from time-changing data with adaptive windowing. SIAM SDM.

    Examples
    --------
    >>> test = Adwin()
    >>> [place for place, value in enumerate([0.2] * 500 + [0.8] * 200) if test.update(value)]
    [543, 575]
    """

    def __init__(self, *, alpha: float = 0.002, every: int = 32, least: int = 10) -> None:
        self.alpha = as_level(alpha, "alpha")
        if every < 1 or least < 1:
            raise InvalidInput("every and least are counts", field="every" if every < 1 else "least")
        self.every, self.least = every, least
        self.width, self._total, self._spread = 0, 0.0, 0.0
        self._seen = 0
        self._rows: list[list[tuple[float, float]]] = [[]]

    @property
    def mean(self) -> float:
        """The mean of the values in the window; NaN while it is empty."""
        return self._total / self.width if self.width else math.nan

    @property
    def variance(self) -> float:
        """The variance of the values in the window; NaN while it is empty."""
        return self._spread / self.width if self.width else math.nan

    def update(self, value: float) -> bool:
        """Take the next value, and tell whether the mean has changed; NaN is passed over.

        Raises
        ------
        InvalidInput
            If the value is not in [0, 1].
        """
        if math.isnan(value):
            return False
        if not 0 <= value <= 1:
            raise InvalidInput("ADWIN's values lie in [0, 1]", field="value", why=f"it is {value:g}")
        if self.width:
            self._spread += self.width * (value - self.mean) ** 2 / (self.width + 1)
        self.width, self._total, self._seen = self.width + 1, self._total + value, self._seen + 1
        self._rows[0].append((value, 0.0))
        self._compress()
        changed = False
        if self._seen % self.every == 0 and self.width > self.least:
            # One bucket at a time, and then the test again: a cut point further on may be the better one.
            while self._is_cut():
                self._forget()
                changed = True
        return changed

    def _compress(self) -> None:
        """Merge the two oldest buckets of a size of which there are six."""
        for place, row in enumerate(self._rows):
            if len(row) <= _MAX_BUCKETS:
                return
            if place + 1 == len(self._rows):
                self._rows.append([])
            (first, spread), (second, other) = row[0], row[1]
            size = 1 << place
            # Chan's formula: the variance of two buckets together, from their own and the gap of their means.
            between = (first - second) ** 2 / (2 * size)
            self._rows[place + 1].append((first + second, spread + other + between))
            del row[:2]

    def _forget(self) -> None:
        """Drop the oldest bucket."""
        total, spread = self._rows[-1].pop(0)
        size = 1 << (len(self._rows) - 1)
        self.width, self._total = self.width - size, self._total - total
        gap = total / size - self.mean
        self._spread = max(0.0, self._spread - spread - size * self.width * gap * gap / (size + self.width))
        while len(self._rows) > 1 and not self._rows[-1]:
            self._rows.pop()

    def _is_cut(self) -> bool:
        """Tell whether some older part of the window has another mean than the rest."""
        old, old_total = 0, 0.0
        for place in range(len(self._rows) - 1, -1, -1):
            for total, _ in self._rows[place]:
                old, old_total = old + (1 << place), old_total + total
                new = self.width - old
                if new < _MIN_LENGTH:
                    return False
                if old >= _MIN_LENGTH:
                    gap = abs(old_total / old - (self._total - old_total) / new)
                    if gap > self._limit(old, new):
                        return True
        return False

    def _limit(self, old: int, new: int) -> float:
        # Bifet and Gavaldà's correction for the many cut points that are tried: ln n in place of n, as in MOA
        # and River.
        doubt = math.log(2 * math.log(self.width) / self.alpha)
        parts = 1 / (old - _MIN_LENGTH + 1) + 1 / (new - _MIN_LENGTH + 1)
        return math.sqrt(2 * parts * self.variance * doubt) + 2 / 3 * doubt * parts
