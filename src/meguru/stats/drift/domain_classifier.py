"""The classifier two-sample test: drift is what lets a classifier tell current rows from the reference's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput, MissingDependency
from meguru.stats.arrays import Floats, as_level
from meguru.stats.auc import auc
from meguru.stats.delong import delong_auc
from meguru.stats.drift.result import DriftResult, check_floor
from meguru.stats.drift.vectors import read_vectors, subsample

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ROWS = 4000
"""Rows that are sampled of each side, with the seed."""
_IMPORTANCE_ROWS = 1000
_MAX_NAMED_FEATURES = 5
_MIN_AUC_TO_EXPLAIN = 0.52


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainDrift(DriftResult):
    """The result of a domain classifier.

    `low` and `high` are the 95 % interval of the AUC; `telling` is the permutation importance: the features
    by which the sides are told apart, with the AUC that is lost when each is shuffled, the greatest first.
    """

    low: float
    high: float
    telling: tuple[tuple[str, float], ...] = ()


def domain_classifier_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alpha: float = 0.01,
    floor: float = 0.05,
    seed: int = 0,
    names: Sequence[str] = (),
) -> DomainDrift:
    r"""Tell whether a classifier can tell two sets of rows apart, and by what.

    Parameters
    ----------
    reference, current
        Shapes (n, d) and (m, d), any units; NaN is a missing value. At least eight rows each; of more than
        4,000 so many are drawn.
    alpha
        Scalar, probability of a false alarm.
    floor
        Scalar, how far above a half the AUC has to be to be worth telling.
    seed
        Draws the rows, the halves and the classifier.
    names
        Length d, the column that each feature belongs to; features of one name are judged together.

    Returns
    -------
    DomainDrift
        `statistic` is the AUC, 0.5 for rows that are alike; `effect` what it has above a half.

    Raises
    ------
    MissingDependency
        If scikit-learn is not installed.

    Notes
    -----
    Gradient boosted trees learn on one half of the rows to tell the sides apart, and are asked on the other
    half; and the other way round. Rows that were not learned from are exchangeable when nothing changed, so
    that the Mann-Whitney test of each half is exact; the p-value is :math:`2\min(p_1, p_2)`, for two looks.
    (The mean over more folds has no known variance: with five, it would ring two to three times as often.)

    References
    ----------
    Lopez-Paz, D., Oquab, M. (2017). Revisiting classifier two-sample tests. ICLR.
    """
    level, worth = as_level(alpha, "alpha"), check_floor(floor)
    draw = np.random.default_rng(seed)
    before, after = (
        subsample(each, draw, MAX_ROWS) for each in read_vectors(reference, current, missing=True)
    )
    if min(before.shape[0], after.shape[0]) < 8:
        raise InvalidInput("at least eight rows of each side are wanted", field="current")
    rows = np.concatenate((before, after))
    labels = np.concatenate((np.zeros(before.shape[0]), np.ones(after.shape[0])))
    halves = _halves(labels, draw)
    with _one_thread():
        asked = [_Fold(rows, labels, halves != each, halves == each, seed) for each in (0, 1)]
        telling = _permutation_importance(asked, names, draw)
    return _concluded(asked, telling, level, worth, (before.shape[0], after.shape[0]))


def _concluded(
    asked: Sequence[_Fold],
    telling: tuple[tuple[str, float], ...],
    level: float,
    worth: float,
    sizes: tuple[int, int],
) -> DomainDrift:
    found = float(np.mean([each.auc for each in asked]))
    # Bonferroni for the two folds, whose rows overlap in training and so are not independent.
    p_value = min(1.0, 2 * min(each.p_value for each in asked))
    effect = max(0.0, found - 0.5)
    intervals = [delong_auc(each.labels, each.scores) for each in asked]
    return DomainDrift(
        statistic=found,
        threshold=max(0.5 + worth, _critical(asked[0].labels, level)),
        effect=effect,
        p_value=p_value,
        drifted=p_value < level and effect > worth,
        n_reference=sizes[0],
        n_current=sizes[1],
        bins=asked[0].rows.shape[1],
        low=float(np.mean([each.low for each in intervals])),
        high=float(np.mean([each.high for each in intervals])),
        telling=telling if effect > worth else (),
    )


class _Fold:
    """A classifier that was trained on one half of the rows, and its scores of the other half."""

    def __init__(
        self, rows: Floats, labels: Floats, learn: NDArray[np.bool_], ask: NDArray[np.bool_], seed: int
    ) -> None:
        from scipy.stats import mannwhitneyu

        # scikit-learn's histogram binning fails on a column that has no value at all in the rows it learns
        # from.
        empty = np.isnan(rows[learn]).all(axis=0)
        rows = np.where(empty, 0.0, rows)  # a feature without any value is none
        self.model = _classifier(seed).fit(rows[learn], labels[learn])
        self.rows, self.labels = rows[ask], labels[ask]
        self.scores = self.ask(self.rows)
        self.auc = auc(self.labels, self.scores)
        sides = self.scores[self.labels == 1], self.scores[self.labels == 0]
        # Where all scores are equal the test's variance is 0 and SciPy returns NaN; no order is no evidence.
        tied = float(np.ptp(self.scores)) == 0
        self.p_value = 1.0 if tied else float(mannwhitneyu(*sides, alternative="greater").pvalue)

    def ask(self, rows: Floats) -> Floats:
        found: Floats = self.model.decision_function(rows)
        return found


def _one_thread() -> AbstractContextManager[Any]:
    """Keep to one thread: on a busy machine, threads that wait for each other take many times as long."""
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependency.of("sklearn", "scikit-learn") from error
    found: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return found


def _classifier(seed: int) -> Any:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        raise MissingDependency.of("sklearn", "scikit-learn") from error
    return HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=seed
    )


def _halves(labels: Floats, draw: np.random.Generator) -> NDArray[np.int64]:
    """Put each row into one of two halves, both with half of each side."""
    halves = np.empty(labels.size, dtype=np.int64)
    for side in (0, 1):
        # Stratified: each fold has half of each side, else the AUC of a small side would hang on few rows.
        places = draw.permutation(np.flatnonzero(labels == side))
        halves[places] = np.arange(places.size) % 2
    return halves


def _critical(labels: Floats, level: float) -> float:
    """Return the AUC that chance exceeds so seldom on one of two halves (Mann and Whitney's variance)."""
    from scipy.special import ndtri

    m = float(labels.sum())
    n = labels.size - m
    return 0.5 - float(ndtri(level / 2)) * math.sqrt((n + m + 1) / (12 * n * m))


def _permutation_importance(
    asked: Sequence[_Fold], names: Sequence[str], draw: np.random.Generator
) -> tuple[tuple[str, float], ...]:
    """Return the permutation importance: shuffle one column after the other, and see what AUC is lost."""
    if max(half.auc for half in asked) < _MIN_AUC_TO_EXPLAIN:
        return ()
    width = asked[0].rows.shape[1]
    columns = list(names) or [str(place) for place in range(width)]
    lost = dict.fromkeys(columns, 0.0)
    for half in asked:
        some = np.sort(draw.permutation(half.labels.size)[:_IMPORTANCE_ROWS])
        rows, labels = half.rows[some], half.labels[some]
        whole = auc(labels, half.ask(rows))
        for column in lost:
            places = [place for place, name in enumerate(columns) if name == column]
            mixed = rows.copy()
            # All dimensions of a column move together: a one-hot row that is torn apart never occurs in the
            # data.
            mixed[:, places] = rows[draw.permutation(some.size)][:, places]
            lost[column] += (whole - auc(labels, half.ask(mixed))) / len(asked)
    most = sorted(lost.items(), key=lambda each: (-each[1], each[0]))[:_MAX_NAMED_FEATURES]
    return tuple((name, round(drop, 4)) for name, drop in most if drop > 0)
