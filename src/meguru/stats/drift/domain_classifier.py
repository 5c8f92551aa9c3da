"""A classifier that tries to tell current rows from the reference's."""

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
from meguru.stats.drift.vectors import read_vectors, some_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 4000
"""Of each side so many rows are compared, drawn with the seed."""
_TELLING = 1000
_NAMED = 5
_APART = 0.52


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainDrift(DriftResult):
    """What a classifier makes of two sets of rows.

    `low` and `high` are the 95 % interval of the AUC; `telling` names the features by which it tells the
    sides apart, with the AUC that is lost without each, most first.
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
    before, after = (some_of(each, draw, MOST) for each in read_vectors(reference, current, missing=True))
    if min(before.shape[0], after.shape[0]) < 8:
        raise InvalidInput("at least eight rows of each side are wanted", field="current")
    rows = np.concatenate((before, after))
    labels = np.concatenate((np.zeros(before.shape[0]), np.ones(after.shape[0])))
    halves = _halves(labels, draw)
    with _one_thread():
        asked = [_Half(rows, labels, halves != each, halves == each, seed) for each in (0, 1)]
        telling = _telling(asked, names, draw)
    return _concluded(asked, telling, level, worth, (before.shape[0], after.shape[0]))


def _concluded(
    asked: Sequence[_Half],
    telling: tuple[tuple[str, float], ...],
    level: float,
    worth: float,
    sizes: tuple[int, int],
) -> DomainDrift:
    found = float(np.mean([each.auc for each in asked]))
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


class _Half:
    """A classifier that learned on one half, and what it says of the other."""

    def __init__(
        self, rows: Floats, labels: Floats, learn: NDArray[np.bool_], ask: NDArray[np.bool_], seed: int
    ) -> None:
        from scipy.stats import mannwhitneyu

        empty = np.isnan(rows[learn]).all(axis=0)
        rows = np.where(empty, 0.0, rows)  # a feature without any value is none
        self.model = _classifier(seed).fit(rows[learn], labels[learn])
        self.rows, self.labels = rows[ask], labels[ask]
        self.scores = self.ask(self.rows)
        self.auc = auc(self.labels, self.scores)
        sides = self.scores[self.labels == 1], self.scores[self.labels == 0]
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
        places = draw.permutation(np.flatnonzero(labels == side))
        halves[places] = np.arange(places.size) % 2
    return halves


def _critical(labels: Floats, level: float) -> float:
    """Return the AUC that chance exceeds so seldom on one of two halves (Mann and Whitney's variance)."""
    from scipy.special import ndtri

    m = float(labels.sum())
    n = labels.size - m
    return 0.5 - float(ndtri(level / 2)) * math.sqrt((n + m + 1) / (12 * n * m))


def _telling(
    asked: Sequence[_Half], names: Sequence[str], draw: np.random.Generator
) -> tuple[tuple[str, float], ...]:
    """Shuffle one column after the other, and see what AUC is lost."""
    if max(half.auc for half in asked) < _APART:
        return ()
    width = asked[0].rows.shape[1]
    columns = list(names) or [str(place) for place in range(width)]
    lost = dict.fromkeys(columns, 0.0)
    for half in asked:
        some = np.sort(draw.permutation(half.labels.size)[:_TELLING])
        rows, labels = half.rows[some], half.labels[some]
        whole = auc(labels, half.ask(rows))
        for column in lost:
            places = [place for place, name in enumerate(columns) if name == column]
            mixed = rows.copy()
            mixed[:, places] = rows[draw.permutation(some.size)][:, places]
            lost[column] += (whole - auc(labels, half.ask(mixed))) / len(asked)
    most = sorted(lost.items(), key=lambda each: (-each[1], each[0]))[:_NAMED]
    return tuple((name, round(drop, 4)) for name, drop in most if drop > 0)
