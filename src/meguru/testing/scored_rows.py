"""Rows of each task with a model's answers, made from a seed: for tests of metrics and of what uses them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from meguru.metrics import ScoredRows
from meguru.metrics.rows import Array

LEVELS = (0.05, 0.5, 0.95)


def two_classes(n: int = 1000, seed: int = 0, skill: float = 1.0) -> ScoredRows:
    """Rows of two classes, 30 % of label 1; equal `n` and `seed` give equal truth, whatever the skill."""
    draw = np.random.default_rng(seed)
    late = (draw.random(n) < 0.3).astype(np.float64)
    score = 1 / (1 + np.exp(0.7 - skill * late - draw.normal(size=n)))
    return ScoredRows(truth=late, answer={"score": score}, classes=("0", "1"))


def many_classes(n: int = 1000, seed: int = 0, skill: float = 1.0, k: int = 4) -> ScoredRows:
    """Rows of k classes, the first the commonest."""
    draw = np.random.default_rng(seed)
    truth = np.minimum(draw.geometric(0.4, n) - 1, k - 1)
    raw = draw.normal(size=(n, k))
    raw[np.arange(n), truth] += skill
    chances = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    return ScoredRows(truth=truth, answer={"probabilities": chances}, classes=tuple("abcdefgh"[:k]))


def many_labels(n: int = 1000, seed: int = 0, skill: float = 1.0, k: int = 3) -> ScoredRows:
    """Rows of which each may have any of k labels."""
    draw = np.random.default_rng(seed)
    truth = (draw.random((n, k)) < np.linspace(0.2, 0.5, k)).astype(np.float64)
    raw = draw.normal(size=(n, k)) + skill * (2 * truth - 1)
    return ScoredRows(
        truth=truth, answer={"probabilities": 1 / (1 + np.exp(-raw))}, classes=tuple("abcdefgh"[:k])
    )


def numbers(n: int = 1000, seed: int = 0, skill: float = 1.0, targets: int = 0) -> ScoredRows:
    """Rows of a regression, of one target or several; truth is positive."""
    draw = np.random.default_rng(seed)
    shape = (n, targets) if targets else (n,)
    truth = draw.gamma(3.0, 10.0, shape) + 1
    score = truth + draw.normal(size=shape) * 5 / (0.5 + skill)
    return ScoredRows(truth=truth, answer={"score": score}, scale=np.full(n, 4.0))


def intervals(n: int = 1000, seed: int = 0, skill: float = 1.0) -> ScoredRows:
    """Rows of a regression that answers quantiles, and the outer two as an interval."""
    draw = np.random.default_rng(seed)
    truth = draw.gamma(3.0, 10.0, n)
    centre = truth + draw.normal(size=n) * 10 / (0.5 + skill) ** 2
    half = draw.uniform(6, 10, (n, 1)) / (0.5 + skill)
    quantiles = centre[:, None] + half * np.array([-1.0, 0.0, 1.0])
    low, score, high = quantiles.T
    return ScoredRows(
        truth=truth,
        answer={"score": score, "quantiles": quantiles, "low": low, "high": high},
        levels=LEVELS,
        scale=np.full(n, 4.0),
    )


def rankings(n: int = 1000, seed: int = 0, skill: float = 1.0) -> ScoredRows:
    """Rows in lists of about eight, of which each has a relevance of 0, 1 or 2."""
    draw = np.random.default_rng(seed)
    group = np.sort(draw.integers(0, max(1, n // 8), n))
    truth = draw.choice([0.0, 1.0, 2.0], n, p=[0.6, 0.3, 0.1])
    return ScoredRows(truth=truth, answer={"score": skill * truth + draw.normal(size=n)}, group=group)


ROWS: dict[str, Callable[..., ScoredRows]] = {
    "binary": two_classes,
    "anomaly": two_classes,
    "multiclass": many_classes,
    "multilabel": many_labels,
    "regression": numbers,
    "forecast": numbers,
    "multioutput": lambda n=1000, seed=0, skill=1.0: numbers(n, seed, skill, targets=2),
    "quantile": intervals,
    "interval": intervals,
    "ranking": rankings,
}
"""What makes rows of a task: called with n, seed and skill."""


def reorder(rows: ScoredRows, order: Array) -> ScoredRows:
    """Return rows in another order, or some of them again."""
    given = {name: getattr(rows, name) for name in ("weight", "group", "block", "scale")}
    return ScoredRows(
        truth=rows.truth[order],
        answer={name: array[order] for name, array in rows.answer.items()},
        **{name: array[order] for name, array in given.items() if array is not None},
        classes=rows.classes,
        levels=rows.levels,
        threshold=rows.threshold,
    )
