"""Options of a fairness check: which columns make groups, which criterion, and the limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from meguru.errors import InvalidInput
from meguru.fairness.counts import GroupCounts, count_groups
from meguru.fairness.criteria import (
    CRITERIA,
    MEANS,
    RATIOS_OF_MEANS,
    WITHIN,
    Comparison,
    FairnessResult,
    FairVerdict,
    GroupValue,
    check_cuts,
    judge_groups,
)
from meguru.fairness.errors_by_group import GroupErrors, errors_by_group, errors_by_score

if TYPE_CHECKING:
    import polars as pl

MAX_COLUMNS, MAX_NAMED = 5, 5
LIMITS: dict[Comparison, float] = {"difference": 0.1, "ratio": 0.8}
IN_UNITS = frozenset({"mean_error", "mae", "rmse"})
"""Criteria of numbers: a difference has its limit in the label's unit."""
MAX_BINS = 20
NUMBERS = frozenset({"regression", "forecast"})
"""Tasks whose answers and outcomes are numbers."""


class GroupOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which groups are compared, and how.

    Attributes
    ----------
    columns
        By the values of each of which rows are groups.
    intersections
        Whether each combination of all columns is a group too.
    criterion, comparison
        What is compared: one of `CRITERIA`; the difference of two groups, or their ratio.
    limit
        What is still fair: by default a difference of 0.1, or a ratio of 0.8. Of a difference of
        ``mean_error``, ``mae`` and ``rmse`` it must be given, in the label's unit.
    min_rows
        A group with fewer rows is named, and not judged.
    threshold, favorable
        A score above the threshold decides for a row; of more than two classes, `favorable` is the one that
        does.
    cuts
        Numbers at which a numeric column is cut into groups.
    bins
        Of ``calibration_within_groups``: into how many parts of equal size, from low scores to high, the rows
        of each group are cut; fewer where they would have less than `min_rows` rows.
    """

    columns: tuple[str, ...] = ()
    criterion: str = "demographic_parity"
    comparison: Comparison = "difference"
    limit: float | None = None
    min_rows: int = 100
    intersections: bool = False
    threshold: float = 0.5
    favorable: str | int | bool | None = None
    cuts: dict[str, list[float]] = {}
    bins: int = 5

    def check_options(self) -> None:
        """Refuse options that make no sense."""
        if not 1 <= len(self.columns) <= MAX_COLUMNS:
            raise InvalidInput(
                f"name 1 to {MAX_COLUMNS} columns whose values make groups",
                field="columns",
                hint='"columns": ["sex"]',
            )
        if self.criterion not in CRITERIA:
            hint = f"one of {', '.join(CRITERIA)}"
            raise InvalidInput(f"there is no criterion {self.criterion!r}", field="criterion", hint=hint)
        if self.criterion in MEANS - RATIOS_OF_MEANS and self.comparison == "ratio":
            raise InvalidInput(f"{self.criterion} has differences, and no ratio", field="comparison")
        if self.criterion in MEANS and self.favorable is not None:
            what = f"{self.criterion} compares numbers, and decides for no class"
            raise InvalidInput(what, field="favorable")
        if not math.isfinite(self.threshold):
            raise InvalidInput("threshold is a number", field="threshold", why=f"it is {self.threshold}")
        if self.min_rows < 1:
            raise InvalidInput("min_rows is 1 or more", field="min_rows", why=f"it is {self.min_rows}")
        if not 1 <= self.bins <= MAX_BINS:
            raise InvalidInput(f"bins are 1 to {MAX_BINS}", field="bins", why=f"they are {self.bins}")
        self._check_limit()
        check_cuts(self.cuts)

    def _check_limit(self) -> None:
        if self.limit is None:
            if self._in_unit:
                what = f"{self.criterion} needs a limit, in the label's unit"
                raise InvalidInput(what, field="limit")
            return
        # `not` of a chain, so that NaN is refused as well.
        if not 0 < self.limit < (math.inf if self._in_unit else 1):
            raise InvalidInput("a limit lies between 0 and 1", field="limit", why=f"it is {self.limit:g}")

    @property
    def _in_unit(self) -> bool:
        return self.criterion in IN_UNITS and self.comparison == "difference"

    def check_task(self, ref: str, task: str) -> None:
        """Refuse a model whose answers the criterion does not compare."""
        able = {"binary"} if self.criterion in {"calibration", WITHIN} else {"binary", "multiclass"}
        able = set(NUMBERS) if self.criterion in IN_UNITS else able
        if task not in able:
            what = f"{ref} is a {task} model, which {self.criterion} does not compare"
            raise InvalidInput(what, field="criterion", hint=f"it is for {', '.join(sorted(able))}")
        if task == "multiclass" and self.favorable is None:
            what = "of more than two classes, name the one that is decided for"
            raise InvalidInput(what, field="favorable")

    def groupings(self) -> list[tuple[str, ...]]:
        """Return the columns that make groups: each alone, and all together if that is asked for."""
        each: list[tuple[str, ...]] = [(name,) for name in self.columns]
        return [*each, self.columns] if self.intersections and len(self.columns) > 1 else each

    def judged(
        self,
        frame: pl.DataFrame,
        columns: Sequence[str],
        *,
        score: str,
        truth: str | pl.Expr,
        decided: pl.Expr,
        level: float = 0.95,
    ) -> FairnessResult:
        """Compare the groups of some columns.

        Parameters
        ----------
        frame
            The rows.
        columns
            One of `groupings`.
        score, truth, decided
            The column of what the model said, what happened, and whether the model decided for the row.
        level
            Scalar, probability: that of intervals.

        Raises
        ------
        InvalidInput
            When a column is not there, or there are too many groups.
        """
        counted = self.counted(frame, columns, score=score, truth=truth, decided=decided)
        return self.judged_counts(counted, level=level)

    def counted(
        self,
        frame: pl.DataFrame,
        columns: Sequence[str],
        *,
        score: str,
        truth: str | pl.Expr,
        decided: pl.Expr,
    ) -> GroupCounts | GroupErrors:
        """Count what the criterion is told from, as `judged` does: sums by group, which add up."""
        if self.criterion == WITHIN:
            return errors_by_score(
                frame,
                columns,
                score=score,
                truth=truth,
                cuts=self.cuts,
                bins=self.bins,
                min_rows=self.min_rows,
            )
        if self.criterion in MEANS:
            return errors_by_group(frame, columns, score=score, truth=truth, cuts=self.cuts)
        return count_groups(frame, columns, decided=decided, truth=truth, cuts=self.cuts)

    def judged_counts(self, counted: GroupCounts | GroupErrors, *, level: float = 0.95) -> FairnessResult:
        """Compare groups that were counted."""
        return judge_groups(
            counted,
            self.criterion,
            limit=LIMITS[self.comparison] if self.limit is None else self.limit,
            comparison=self.comparison,
            min_rows=self.min_rows,
            level=level,
        )


def fairness_words(columns: Sequence[str], found: FairnessResult) -> str:
    """Put a gap that could be told into words: the groups it lies between, with intervals and rows."""
    by_name = {value.group: value for value in found.groups}
    top, bottom = by_name[found.highest], by_name[found.lowest]
    measure = found.measure.replace("_", " ")
    between = f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
    worse = "below" if found.comparison == "ratio" else "above"
    relation = {
        FairVerdict.UNFAIR: f"is certainly {worse} {found.limit:g}",
        FairVerdict.FAIR: f"is within {found.limit:g}",
        FairVerdict.UNPROVEN: f"is not certainly within {found.limit:g}",
    }[found.verdict]
    few = f"; not enough evidence of {', '.join(found.small[:MAX_NAMED])}" if found.small else ""
    named = " and ".join(columns)
    if found.criterion == WITHIN:
        return f"{named}: {measure} is {_value(top)}; the distance from 0 {between} {relation}{few}"
    return (
        f"{named}: {measure} is {_value(top)} and {_value(bottom)}; "
        f"the {found.comparison} {between} {relation}{few}"
    )


def _value(group: GroupValue) -> str:
    rows = "" if group.rows is None else f" on {group.rows:,} rows"
    return f"{group.value:.3f} [{group.low:.3f}, {group.high:.3f}]{rows} of {group.group}"
