"""Whether a model treats groups alike: counts by group, gaps between groups, intervals, and a verdict."""

from meguru.fairness.counts import GroupCounts, count_groups
from meguru.fairness.criteria import CRITERIA, FairnessResult, FairVerdict, GroupValue, judge_groups
from meguru.fairness.disparities import Disparity, mean_difference, share_difference, share_ratio
from meguru.fairness.errors_by_group import GroupErrors, errors_by_group
from meguru.fairness.options import GroupOptions, fairness_words

__all__ = [
    "CRITERIA",
    "Disparity",
    "FairVerdict",
    "FairnessResult",
    "GroupCounts",
    "GroupErrors",
    "GroupOptions",
    "GroupValue",
    "count_groups",
    "errors_by_group",
    "fairness_words",
    "judge_groups",
    "mean_difference",
    "share_difference",
    "share_ratio",
]
