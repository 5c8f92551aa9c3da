"""Fairness criteria (demographic parity, equalized odds, …), and a verdict that needs evidence either way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Literal

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.fairness.counts import GroupCounts
from meguru.fairness.disparities import (
    Disparity,
    distance_from_zero,
    mean_difference,
    mean_ratio,
    share_difference,
    share_ratio,
    wilson_bounds,
)
from meguru.fairness.errors_by_group import GroupErrors
from meguru.stats.arrays import Bools, Floats
from meguru.stats.intervals import normal_quantile
from meguru.stats.simultaneous import bonferroni_level, sidak_level

Comparison = Literal["difference", "ratio"]
CRITERIA: Mapping[str, tuple[str, ...]] = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("true_positive_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "predictive_parity": ("precision",),
    "accuracy_parity": ("accuracy",),
    "calibration": ("error",),
    "calibration_within_groups": ("error",),
    "mean_error": ("error",),
    "mae": ("absolute",),
    "rmse": ("squared",),
}
"""The measures of which each criterion takes the widest gap. Of the last five they are means, not shares:
of the probability minus what happened (the same within each group by the height of the score, where it is
held against 0), of what was said minus what happened, of the absolute error, and the root of the mean square.
"""
MEANS = frozenset({"calibration", "calibration_within_groups", "mean_error", "mae", "rmse"})
WITHIN = "calibration_within_groups"
RATIOS_OF_MEANS = frozenset({"mae", "rmse"})
"""Means above 0, which have a ratio as shares have one."""


class FairVerdict(StrEnum):
    """What the evidence comes to."""

    FAIR = "fair"
    """Even the far end of the interval is within the limit, and every group has enough rows."""
    UNFAIR = "unfair"
    """Even the near end of the interval is beyond the limit."""
    UNPROVEN = "unproven"
    """There is not enough evidence for either; it is never taken for fair."""


class GroupValue(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of one group; `judged` when it has enough rows.

    Its interval holds together with those of all groups that are judged (Šidák). The rows of a group that
    must not be told apart are None.
    """

    group: str
    rows: int | None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    judged: bool = True


class FairnessResult(msgspec.Struct, frozen=True, kw_only=True):
    """How far apart groups are by one criterion.

    Attributes
    ----------
    criterion, measure, comparison
        What was asked, the measure that speaks most against it (of those that are alike in that, the one with
        the widest gap), and whether it is a difference or a ratio.
    value, low, high, level, limit
        The gap with its interval, which holds at the level for all pairs of groups and all measures of the
        criterion together (max-T over the pairs, Bonferroni over the measures); None if it can't be told. Of
        ``calibration_within_groups`` it is the greatest distance from 0.
    highest, lowest
        The groups between which it lies.
    groups
        All groups, in their order.
    small
        Those with fewer rows than are needed, of any of the criterion's measures.
    """

    criterion: str
    measure: str
    comparison: Comparison
    verdict: FairVerdict
    limit: float
    level: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    highest: str = ""
    lowest: str = ""
    groups: list[GroupValue] = []
    small: list[str] = []


def judge_groups(
    counted: GroupCounts | GroupErrors,
    criterion: str,
    *,
    limit: float,
    comparison: Comparison = "difference",
    min_rows: int = 100,
    level: float = 0.95,
) -> FairnessResult:
    """Compare groups by a criterion.

    Parameters
    ----------
    counted
        `GroupCounts` for shares, `GroupErrors` for means.
    criterion
        One of `CRITERIA`.
    limit
        Scalar: the greatest difference, in the measure's unit, or the least ratio, that is fair.
    comparison
        Of means only errors' sizes (``mae``, ``rmse``) have a ratio.
    min_rows
        Scalar, count: a group with fewer rows in the measure's denominator is not judged.
    level
        Scalar, probability in (0, 1).

    Raises
    ------
    InvalidInput
        When the criterion is unknown, or does not go with what was counted.
    """
    if criterion not in CRITERIA:
        raise InvalidInput(
            f"there is no criterion {criterion!r}", field="criterion", hint=", ".join(CRITERIA)
        )
    if (criterion in MEANS) is isinstance(counted, GroupCounts):
        raise InvalidInput(f"{criterion} is not told by such counts", field="criterion")
    measures = CRITERIA[criterion]
    # Equalized odds takes the worse of two measures, and may err in either.
    shared = bonferroni_level(len(measures), level)
    results = [_one(counted, criterion, measure, limit, comparison, min_rows, shared) for measure in measures]
    small = {name for result in results for name in result.small}
    named = [name for name in counted.groups if name in small]
    return msgspec.structs.replace(max(results, key=_gravity), small=named, level=level)


def _gravity(found: FairnessResult) -> tuple[int, float]:
    """Order the measures of one criterion: what is unfair comes first, then what nobody knows, or proved."""
    order = (FairVerdict.FAIR, FairVerdict.UNPROVEN, FairVerdict.UNFAIR).index(found.verdict)
    if found.value is None:
        return order, math.inf
    return order, -found.value if found.comparison == "ratio" else found.value


def _one(
    counted: GroupCounts | GroupErrors,
    criterion: str,
    measure: str,
    limit: float,
    comparison: Comparison,
    min_rows: int,
    level: float,
) -> FairnessResult:
    rows = counted.known if isinstance(counted, GroupErrors) else counted.share(measure)[1]
    # Of one row nobody knows how much others would differ.
    enough = rows >= max(2 if criterion in MEANS else 1, min_rows)
    values = _measured(counted, measure, sidak_level(int(enough.sum()), level))
    gap = _gap(counted, criterion, measure, comparison, enough, level)
    small = [name for name, known in zip(counted.groups, enough, strict=True) if not known]
    return FairnessResult(
        criterion=criterion,
        measure=measure,
        comparison=comparison,
        verdict=_verdict(gap, limit, comparison, some_small=bool(small)),
        limit=limit,
        level=level,
        value=_finite(gap.value),
        low=_finite(gap.low),
        high=_finite(gap.high),
        highest=counted.groups[gap.highest] if gap.highest >= 0 else "",
        lowest=counted.groups[gap.lowest] if gap.lowest >= 0 else "",
        groups=[
            GroupValue(
                group=name,
                rows=int(rows[place]),
                value=_finite(values[place, 0]),
                low=_finite(values[place, 1]),
                high=_finite(values[place, 2]),
                judged=bool(enough[place]),
            )
            for place, name in enumerate(counted.groups)
        ],
        small=small,
    )


def _measured(counted: GroupCounts | GroupErrors, measure: str, level: float) -> Floats:
    """Return value, low and high of each group, shape (groups, 3)."""
    z = normal_quantile(level)
    if isinstance(counted, GroupErrors):
        mean, spread = counted.mean(measure)
        low = mean - z * spread
        return np.column_stack((mean, low if measure == "error" else np.maximum(low, 0.0), mean + z * spread))
    hits, among = counted.share(measure)
    values = np.full((len(among), 3), math.nan)
    some = among > 0
    values[some] = np.column_stack((hits[some] / among[some], *wilson_bounds(hits[some], among[some], z)))
    return values


def _gap(
    counted: GroupCounts | GroupErrors,
    criterion: str,
    measure: str,
    comparison: Comparison,
    enough: Bools,
    level: float,
) -> Disparity:
    if isinstance(counted, GroupErrors):
        mean, spread = counted.mean(measure)
        mean = np.where(enough, mean, math.nan)
        if criterion == WITHIN:
            return distance_from_zero(mean, spread, level)
        return (mean_ratio if comparison == "ratio" else mean_difference)(mean, spread, level)
    hits, among = counted.share(measure)
    among = np.where(enough, among, 0.0)
    return (share_ratio if comparison == "ratio" else share_difference)(hits, among, level)


def _verdict(gap: Disparity, limit: float, comparison: Comparison, *, some_small: bool) -> FairVerdict:
    if math.isnan(gap.value):
        return FairVerdict.UNPROVEN
    beyond = gap.high < limit if comparison == "ratio" else gap.low > limit
    within = gap.low >= limit if comparison == "ratio" else gap.high <= limit
    if beyond:
        return FairVerdict.UNFAIR
    # A group that could not be judged may be the one that is treated worst. NaN bounds compare as false, and
    # so are never fair.
    return FairVerdict.FAIR if within and not some_small else FairVerdict.UNPROVEN


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def check_cuts(cuts: Mapping[str, Sequence[float]]) -> None:
    """Refuse cuts that are not ascending numbers."""
    for name, numbers in cuts.items():
        rising = all(low < high for low, high in pairwise(numbers))
        if not numbers or not rising or not all(map(math.isfinite, numbers)):
            raise InvalidInput(f"the cuts of {name!r} must be ascending numbers", field="cuts")
