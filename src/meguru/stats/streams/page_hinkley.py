"""Page and Hinkley's test of a mean that moves."""

from __future__ import annotations

import math

from meguru.errors import InvalidInput


class PageHinkley:
    r"""Tell when the mean of a series moves, up or down; constant memory.

    Parameters
    ----------
    drift
        Scalar, in the unit of the values, zero or more: a smaller move of the mean is not told.
    threshold
        Scalar, in the unit of the values, above zero: how much has to come together.
    least
        Scalar, count: nothing is told of fewer values.
    memory
        Scalar, in (0, 1]: what the sums keep of themselves from one value to the next.

    Notes
    -----
    With the mean :math:`\bar x_t` of the values so far, it tells when

    .. math:: U_t - \min_{s\le t} U_s > \lambda, \quad U_t = a U_{t-1} + x_t - \bar x_t - \delta

    or the same downwards. Of values that are standardised, a drift of 0.5 and a threshold of 5 ring falsely
    once in some 465 values. After a change it begins anew with the next value.

    References
    ----------
    Page, E. S. (1954). Continuous inspection schemes. Biometrika 41. Hinkley, D. V. (1971). Inference about
    the change-point from cumulative sum tests. Biometrika 58.

    Examples
    --------
    >>> test = PageHinkley(drift=0.5, threshold=5.0, least=5)
    >>> [place for place, value in enumerate([0.0] * 20 + [2.0] * 20) if test.update(value)]
    [23]
    """

    def __init__(
        self, *, drift: float = 0.005, threshold: float = 50.0, least: int = 30, memory: float = 0.9999
    ) -> None:
        for name, value, is_right in (
            ("drift", drift, drift >= 0),
            ("threshold", threshold, threshold > 0),
            ("least", least, least >= 1),
            ("memory", memory, 0 < memory <= 1),
        ):
            if not is_right:
                raise InvalidInput(f"{name} can't be {value:g}", field=name)
        self.drift, self.threshold, self.least, self.memory = drift, threshold, least, memory
        self._begin()

    def _begin(self) -> None:
        self.count, self.mean = 0, 0.0
        self._up, self._down = 0.0, 0.0
        self._lowest, self._highest = math.inf, -math.inf
        self._changed = False

    @property
    def evidence(self) -> float:
        """How much has come together, in the unit of the threshold."""
        if not self.count:
            return 0.0
        return max(self._up - self._lowest, self._highest - self._down)

    def update(self, value: float) -> bool:
        """Take the next value, and tell whether the mean has moved; what is not finite is passed over.

        A series that was told to have changed is forgotten with the value after.
        """
        if not math.isfinite(value):
            return False
        if self._changed:
            self._begin()
        self.count += 1
        # The mean includes the value itself, as in River; Welford's form does not overflow.
        self.mean += (value - self.mean) / self.count
        gap = value - self.mean
        self._up = self.memory * self._up + gap - self.drift
        self._down = self.memory * self._down + gap + self.drift
        self._lowest, self._highest = min(self._lowest, self._up), max(self._highest, self._down)
        self._changed = self.count >= self.least and self.evidence > self.threshold
        return self._changed
