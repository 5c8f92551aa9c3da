"""Whether the live model treats groups of rows alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.fairness import (
    CRITERIA,
    FairnessResult,
    FairVerdict,
    GroupCounts,
    GroupErrors,
    count_groups,
    errors_by_group,
    judge_groups,
)
from meguru.fairness.criteria import MEANS, Comparison, check_cuts
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.predictions.types import OUTCOME_COLUMN, SCORE_COLUMN
from meguru.registry.known import KnownModel
from meguru.tasks.base import OUTPUT_PREFIX, Label, class_key

if TYPE_CHECKING:
    import polars as pl

MAX_COLUMNS = 5
LIMITS: dict[Comparison, float] = {"difference": 0.1, "ratio": 0.8}
LABEL_COLUMN = OUTPUT_PREFIX + "label"
NUMBERS = frozenset({"regression", "forecast"})


class GroupFairness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "fairness", "columns": ["sex"], "criterion": "demographic_parity"}``: groups of rows.

    Attributes
    ----------
    columns
        By the values of each of which rows are groups.
    intersections
        Whether each combination of all columns is a group too.
    criterion, comparison
        What is compared: see `meguru.fairness.criteria`; the difference of two groups, or their ratio.
    limit
        What is still fair: by default a difference of 0.1, or a ratio of 0.8. Of a mean (``mean_error``,
        ``mae``) it must be given, in the label's unit.
    min_rows
        A group with fewer rows is named, and not judged.
    threshold, favorable
        A score above the threshold decides for a row; of more than two classes, `favorable` is the one that
        does.
    cuts
        Numbers at which a numeric column is cut into groups.
    """

    key: ClassVar[str] = "fairness"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.UNFAIR})
    reads: ClassVar[frozenset[str]] = frozenset({"rows"})

    columns: list[str] = []
    criterion: str = "demographic_parity"
    comparison: Comparison = "difference"
    limit: float | None = None
    min_rows: int = 100
    intersections: bool = False
    threshold: float = 0.5
    favorable: Label | None = None
    cuts: dict[str, list[float]] = {}

    def check(self) -> None:
        """Refuse options that make no sense."""
        if not 1 <= len(self.columns) <= MAX_COLUMNS:
            raise InvalidInput(
                f"name 1 to {MAX_COLUMNS} columns whose values make groups",
                field="columns",
                hint='{"check": "fairness", "columns": ["sex"]}',
            )
        if self.criterion not in CRITERIA:
            hint = f"one of {', '.join(CRITERIA)}"
            raise InvalidInput(f"there is no criterion {self.criterion!r}", field="criterion", hint=hint)
        if self.criterion in MEANS and self.comparison == "ratio":
            raise InvalidInput(f"{self.criterion} has differences, and no ratio", field="comparison")
        if self.min_rows < 1:
            raise InvalidInput("min_rows is 1 or more", field="min_rows", why=f"it is {self.min_rows}")
        self._check_limit()
        check_cuts(self.cuts)

    def _check_limit(self) -> None:
        if self.limit is None:
            if self.criterion in {"mean_error", "mae"}:
                what = f"{self.criterion} needs a limit, in the label's unit"
                raise InvalidInput(what, field="limit")
            return
        if self.limit <= 0 or (self.criterion not in {"mean_error", "mae"} and self.limit >= 1):
            raise InvalidInput("a limit lies between 0 and 1", field="limit", why=f"it is {self.limit:g}")

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model whose answers the criterion does not compare."""
        task = model.task.key
        able = {"binary"} if self.criterion == "calibration" else {"binary", "multiclass"}
        able = set(NUMBERS) if self.criterion in {"mean_error", "mae"} else able
        if task not in able:
            what = f"{model.ref} is a {task} model, which {self.criterion} does not compare"
            raise InvalidInput(what, field="criterion", hint=f"it is for {', '.join(sorted(able))}")
        if task == "multiclass" and self.favorable is None:
            what = "of more than two classes, name the one that is decided for"
            raise InvalidInput(what, field="favorable")

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the groups of each column, and those of all together."""
        if self.missing(window):
            return []
        judged = [(named, self._judged(window, named)) for named in self._groupings()]
        return [self._finding(window, named, each) for named, each in judged if each.value is not None]

    def missing(self, window: MonitoredWindow) -> str:
        """Need rows with the columns, and two groups with enough of them."""
        frame = window.frame
        if frame is None or not frame.height:
            return "no row was answered"
        if window.rows < window.min_rows:
            return f"only {window.rows} rows, and {window.min_rows} are needed"
        try:
            told = [self._judged(window, named) for named in self._groupings()]
        except InvalidInput as error:
            return f"{error.what}: {error.why}" if error.why else error.what
        untold = [named for named, each in zip(self._groupings(), told, strict=True) if each.value is None]
        if not untold:
            return ""
        columns = ", ".join(" and ".join(named) for named in untold)
        return f"not two groups of {columns} have {self.min_rows} rows to tell {self.criterion} from"

    def _groupings(self) -> list[tuple[str, ...]]:
        each: list[tuple[str, ...]] = [(name,) for name in self.columns]
        return [*each, tuple(self.columns)] if self.intersections and len(self.columns) > 1 else each

    def _judged(self, window: MonitoredWindow, columns: Sequence[str]) -> FairnessResult:
        return judge_groups(
            self._counted(_answered(window), columns),
            self.criterion,
            limit=LIMITS[self.comparison] if self.limit is None else self.limit,
            comparison=self.comparison,
            min_rows=self.min_rows,
        )

    def _counted(self, frame: pl.DataFrame, columns: Sequence[str]) -> GroupCounts | GroupErrors:
        if self.criterion in MEANS:
            return errors_by_group(frame, columns, score=SCORE_COLUMN, truth=OUTCOME_COLUMN, cuts=self.cuts)
        decided, truth = self._decided(frame), self._truth(frame)
        return count_groups(frame, columns, decided=decided, truth=truth, cuts=self.cuts)

    def _decided(self, frame: pl.DataFrame) -> pl.Expr:
        import polars as pl

        if self.favorable is None:
            return pl.col(SCORE_COLUMN) > self.threshold
        if LABEL_COLUMN not in frame.columns:
            raise InvalidInput("the answers hold no class")
        return pl.col(LABEL_COLUMN).cast(pl.String) == class_key(self.favorable)

    def _truth(self, frame: pl.DataFrame) -> pl.Expr:
        import polars as pl

        if self.favorable is None:
            if not frame.schema[OUTCOME_COLUMN].is_numeric():
                return pl.lit(None, dtype=pl.Float64)
            return pl.col(OUTCOME_COLUMN)
        return (pl.col(OUTCOME_COLUMN).cast(pl.String) == class_key(self.favorable)).cast(pl.Float64)

    def _finding(self, window: MonitoredWindow, columns: Sequence[str], found: FairnessResult) -> Finding:
        is_ratio = found.comparison == "ratio"
        certain = 1 - (found.high or 0.0) if is_ratio else found.low or 0.0
        return Finding(
            check=self.key,
            severity=Severity.UNFAIR,
            model=window.model,
            column=" and ".join(columns),
            slice=f"{' and '.join(columns)}={found.lowest}",
            says=_says(columns, found) + _of_sample(window),
            breached=found.verdict is FairVerdict.UNFAIR,
            statistic=found.value,
            threshold=found.limit,
            effect=max(0.0, certain),
            floor=1 - found.limit if is_ratio else found.limit,
            n=sum(each.rows for each in found.groups if each.judged),
        )


def _says(columns: Sequence[str], found: FairnessResult) -> str:
    by_name = {each.group: each for each in found.groups}
    top, bottom = by_name[found.highest], by_name[found.lowest]
    measure = found.measure.replace("_", " ")
    between = f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
    worse = "below" if found.comparison == "ratio" else "above"
    relation = {
        FairVerdict.UNFAIR: f"is certainly {worse} {found.limit:g}",
        FairVerdict.FAIR: f"is within {found.limit:g}",
        FairVerdict.UNPROVEN: f"is not certainly within {found.limit:g}",
    }[found.verdict]
    few = f"; not enough evidence of {', '.join(found.small[:5])}" if found.small else ""
    return (
        f"{' and '.join(columns)}: {measure} {top.value:.3f} of {top.group}, {bottom.value:.3f} of "
        f"{bottom.group}; the {found.comparison} {between} {relation}{few}"
    )


def _of_sample(window: MonitoredWindow) -> str:
    rows = 0 if window.frame is None else window.frame.height
    answered = window.live.rows if window.live else rows
    return f"; of a sample of {rows:,} rows" if rows < answered else ""


def _answered(window: MonitoredWindow) -> pl.DataFrame:
    """Return the rows of the live model."""
    if window.frame is None or SCORE_COLUMN not in window.frame.columns:
        raise InvalidInput("no row was answered")
    return window.frame
