"""Whether a model's probabilities are the shares that they say."""

from __future__ import annotations

import msgspec


class Reliability(msgspec.Struct, frozen=True, kw_only=True):
    """How often it happened where the model said so, in groups of rows with about the same score.

    Attributes
    ----------
    scores, shares, rows
        Of each group, by ascending score: its mean score, the share of rows with outcome 1, and its rows.
    slope, intercept
        Of the log odds of what happened over those of the score; 1 and 0 where probabilities are right. A
        slope below 1 is a model that is too sure. None where they can't be told.
    """

    scores: list[float]
    shares: list[float]
    rows: list[int]
    slope: float | None = None
    intercept: float | None = None
