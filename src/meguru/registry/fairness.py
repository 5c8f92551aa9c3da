"""How a version treats groups of its holdout, by every criterion that its answers have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.fairness import CRITERIA, FairnessResult, GroupOptions
from meguru.fairness.criteria import MEANS, RATIOS_OF_MEANS
from meguru.fairness.options import IN_UNITS
from meguru.flavors.scored_holdout import DECIDED, SCORE, TRUTH, holdout_decisions
from meguru.kernel.operations import Context, operation
from meguru.registry.scored_holdout import ScoredHoldout, scoring_holdout
from meguru.stats.simultaneous import bonferroni_level

if TYPE_CHECKING:
    import polars as pl

MOST_VALUES = 50
DEVIATIONS = 0.1
"""Of a number, a difference of so many of the label's deviations is called fair where nobody says a limit."""


class GroupComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of some columns by one criterion, as a difference and, where it has one, as a ratio."""

    columns: list[str]
    criterion: str
    difference: FairnessResult
    ratio: FairnessResult | None = None


class ModelFairness(msgspec.Struct, frozen=True, kw_only=True):
    """How a version treats groups of its holdout.

    Attributes
    ----------
    ref, rows, level
        The version, the rows of its holdout with an answer and a truth, and the level at which the intervals
        of one criterion hold together.
    columns
        Columns of the holdout with few values, by which rows could be grouped.
    comparisons
        Each criterion by each column, and by all together where that is asked for.
    """

    ref: str
    rows: int
    level: float
    columns: list[str]
    comparisons: list[GroupComparison] = []


@operation("model.fairness", permission="model:read", query=True, on="ref")
def fairness(
    ctx: Context,
    *,
    ref: str,
    by: list[str] | None = None,
    intersections: bool = False,
    cuts: dict[str, list[float]] | None = None,
    favorable: str | int | bool | None = None,
    threshold: float = 0.5,
    min_rows: int = 100,
    level: float = 0.95,
) -> ModelFairness:
    """Compare groups of a version's holdout by every criterion that its answers have, with intervals.

    `by` names columns of the holdout; without any, only those that could be named are told. The model is
    loaded and asked here, which takes a second or more. Options are those of the gate `group_fairness`.

    Raises
    ------
    InvalidInput
        When the version has no holdout, or a column is not there.
    """
    if not 0.5 <= level < 1:
        raise InvalidInput("a level lies between 0.5 and 1", field="level", why=f"it is {level:g}")
    options = GroupOptions(
        columns=tuple(by or ("-",)),
        intersections=intersections,
        cuts=cuts or {},
        favorable=favorable,
        threshold=threshold,
        min_rows=min_rows,
    )
    options.check_options()
    with scoring_holdout(ctx, ref) as asked:
        _check_columns(asked, by or [])
        model_fairness = ModelFairness(
            ref=asked.version.ref, rows=len(asked.rows), level=level, columns=grouping_columns(asked)
        )
        if not by:
            return model_fairness
        return msgspec.structs.replace(model_fairness, comparisons=list(_compared(asked, options, level)))


def _check_columns(holdout: ScoredHoldout, names: Sequence[str]) -> None:
    there = holdout.evidence.frame.columns
    for name in names:
        if name not in there:
            close = near_misses(name, there)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(there[:12])}"
            raise InvalidInput(f"{holdout.evidence.name} has no column {name!r}", field="by", hint=hint)


def grouping_columns(holdout: ScoredHoldout) -> list[str]:
    """Return the columns of a holdout that have few values."""
    frame, label = holdout.evidence.frame, holdout.evidence.columns.label
    return [
        name
        for name, kind in frame.schema.items()
        if name != label
        and not kind.is_float()
        and not kind.is_nested()
        and 2 <= frame.get_column(name).n_unique() <= MOST_VALUES
    ]


def _compared(holdout: ScoredHoldout, given: GroupOptions, level: float) -> Iterator[GroupComparison]:
    task = holdout.model.task
    list(_fitting(given, holdout, 1.0))  # refuses answers that no criterion compares
    frame = holdout_decisions(
        task,
        holdout.evidence,
        holdout.rows,
        given.columns,
        threshold=given.threshold,
        favorable=given.favorable,
    )
    limit = DEVIATIONS * float(frame.get_column(TRUTH).std() or 1.0)  # type: ignore[arg-type]
    groupings = given.groupings()
    each = bonferroni_level(len(groupings), level)
    for columns in groupings:
        for options in _fitting(given, holdout, limit):
            yield _one(frame, options, columns, each)


def _fitting(given: GroupOptions, holdout: ScoredHoldout, limit: float) -> Iterator[GroupOptions]:
    """Yield the options of each criterion that compares the model's answers."""
    refused: InvalidInput | None = None
    found = 0
    for criterion in CRITERIA:
        said: dict[str, Any] = {"criterion": criterion}
        said |= {"limit": limit} if criterion in IN_UNITS else {}
        if criterion in MEANS and given.favorable is not None:
            continue
        options = msgspec.structs.replace(given, **said)
        try:
            options.check_task(holdout.version.ref, holdout.model.task.key)
        except InvalidInput as error:
            refused = refused if refused and refused.field == "favorable" else error
            continue
        found += 1
        yield options
    if not found and refused:
        raise refused


def _one(
    frame: pl.DataFrame, options: GroupOptions, columns: tuple[str, ...], level: float
) -> GroupComparison:
    import polars as pl

    counted = options.counted(frame, columns, score=SCORE, truth=TRUTH, decided=pl.col(DECIDED))
    ratio = None
    if options.criterion not in MEANS - RATIOS_OF_MEANS:
        as_ratio = msgspec.structs.replace(options, comparison="ratio", limit=None)
        ratio = as_ratio.judged_counts(counted, level=level)
    return GroupComparison(
        columns=list(columns),
        criterion=options.criterion,
        difference=options.judged_counts(counted, level=level),
        ratio=ratio,
    )
