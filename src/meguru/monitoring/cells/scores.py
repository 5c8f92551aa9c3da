"""Fixed bins of a score that suit any model, so that they need no baseline and always add up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Floats

ScoreKeys = npt.NDArray[np.int64]
_SHIFT, _FINEST = 17, (127 - 32) << 6
_MAX_KEY = (255 << 6) - _FINEST
"""The key of infinity."""
KEYS = 4 * _MAX_KEY + 1
"""How many there are at most."""
ZERO, ONE = _MAX_KEY, KEYS - 1 - _MAX_KEY
"""The bins of the scores 0 and 1."""


def score_keys(scores: Floats) -> ScoreKeys:
    r"""Return the bin of each score, shape (n,); greater scores have no smaller bins.

    Notes
    -----
    A score up to one half is kept to 1/64 of its distance from 0, a greater one to 1/64 of its distance from
    1, down to :math:`2^{-32}`: rare events (scores near 0) and sure ones (near 1) are told apart as well as
    doubtful ones. No bin holds scores on both sides of one half. Scores that are no probabilities have
    bins too, ever wider away from 0 and 1.
    """
    # The bits of a float are ordered as the number is, and their top is its exponent: cut off after six bits
    # of the mantissa they are a logarithmic bin number, without a logarithm (as HdrHistogram does it).
    upper = scores > 0.5
    with np.errstate(over="ignore"):
        distance = np.where(upper, 1.0 - scores, scores)
        bits = np.abs(distance).astype(np.float32).view(np.uint32) >> _SHIFT
    size = np.maximum(bits.astype(np.int64) - _FINEST, 0)
    place = np.where(distance < 0, -size, size) + _MAX_KEY
    return np.where(upper, KEYS - 1 - place, place)
