"""Isotonic calibration: the chance of outcome 1 by score, with its variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Floats
from meguru.stats.estimates.score_outcomes import ScoreOutcomes


@dataclass(frozen=True, slots=True)
class Calibration:
    r"""The chance of outcome 1 by score, by isotonic regression.

    Parameters
    ----------
    scores, chances
        Shape (groups,): the chance at each score, never falling; between two it is interpolated.
    block
        Shape (groups,): groups of one block have one chance, which is known from all of them.
    variance
        Shape (blocks,): that of each block's chance.

    Notes
    -----
    Minimises :math:`\sum_g n_g (\bar y_g - c_g)^2` over :math:`c_1 \le c_2 \le \dots` (pool adjacent
    violators, O(groups)). A block of *m* rows with *k* outcomes 1 has the variance
    :math:`\tilde p (1 - \tilde p) / m`, :math:`\tilde p = (k + 1/2) / (m + 1)`, so that none is known for
    certain.

    References
    ----------
    Zadrozny, B., Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability
    estimates. KDD.
    """

    scores: Floats
    chances: Floats
    block: npt.NDArray[np.int64]
    variance: Floats

    @classmethod
    def of(cls, known: ScoreOutcomes) -> Calibration:
        """Fit what is known.

        Raises
        ------
        InvalidInput
            When rows of one outcome only are known.
        """
        from scipy.optimize import isotonic_regression

        if not known.both_classes:
            raise InvalidInput("the outcomes known by score are not of two classes", field="scores")
        found = isotonic_regression(known.positives / known.rows, weights=known.rows)
        sizes = np.diff(found.blocks)
        rows = np.add.reduceat(known.rows, found.blocks[:-1])
        positives = np.add.reduceat(known.positives, found.blocks[:-1])
        # Jeffreys' prior: a block of rows that all agree would else have variance 0, as if it were known for
        # certain.
        likely = (positives + 0.5) / (rows + 1)
        return cls(
            scores=known.scores,
            chances=np.clip(found.x, 0.0, 1.0),
            block=np.repeat(np.arange(len(sizes)), sizes),
            variance=likely * (1 - likely) / rows,
        )

    def at(self, scores: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return the chance at some scores, and the block that it comes from; both of shape (n,)."""
        nearest = np.clip(np.searchsorted(self.scores, scores), 0, self.scores.size - 1)
        return np.interp(scores, self.scores, self.chances), self.block[nearest]
