"""Whether the live model treats groups of rows alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from meguru.errors import InvalidInput
from meguru.fairness import FairnessResult, FairVerdict, GroupOptions, fairness_words
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.predictions.types import OUTCOME_COLUMN, SCORE_COLUMN
from meguru.registry.known import KnownModel
from meguru.tasks.base import OUTPUT_PREFIX, class_key

if TYPE_CHECKING:
    import polars as pl

LABEL_COLUMN = OUTPUT_PREFIX + "label"


class GroupFairness(GroupOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "fairness", "columns": ["sex"], "criterion": "demographic_parity"}``: groups of rows.

    The columns are those that were recorded with the predictions. A gap is breached when it is certainly
    beyond the limit; what is not certainly within it, and groups with too few rows, are told as such. Options
    are those of `meguru.fairness.GroupOptions`.
    """

    key: ClassVar[str] = "fairness"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.UNFAIR})
    reads: ClassVar[frozenset[str]] = frozenset({"rows"})

    def check(self) -> None:
        """Refuse options that make no sense."""
        self.check_options()

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model whose answers the criterion does not compare."""
        self.check_task(model.ref, model.task.key)

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the groups of each column, and those of all together."""
        if self.missing(window):
            return []
        judged = [(named, self._judged(window, named)) for named in self.groupings()]
        return [self._finding(window, named, each) for named, each in judged if each.value is not None]

    def missing(self, window: MonitoredWindow) -> str:
        """Need rows with the columns, and two groups with enough of them."""
        if window.frame is None or not window.frame.height:
            return "no row was answered"
        if window.own_rows < window.min_rows:
            return f"only {window.own_rows} rows, and {window.min_rows} are needed"
        try:
            told = [(named, self._judged(window, named)) for named in self.groupings()]
        except InvalidInput as error:
            return f"{error.what}: {error.why}" if error.why else error.what
        untold = ", ".join(" and ".join(named) for named, each in told if each.value is None)
        if not untold:
            return ""
        return f"not two groups of {untold} have {self.min_rows} rows to tell {self.criterion} from"

    def _judged(self, window: MonitoredWindow, columns: Sequence[str]) -> FairnessResult:
        import polars as pl

        frame = window.frame
        if frame is None or SCORE_COLUMN not in frame.columns:
            raise InvalidInput("no row was answered")
        if self.favorable is None:
            truth = pl.col(OUTCOME_COLUMN)
            if not frame.schema[OUTCOME_COLUMN].is_numeric():
                truth = pl.lit(None, dtype=pl.Float64)
        else:
            truth = (pl.col(OUTCOME_COLUMN).cast(pl.String) == class_key(self.favorable)).cast(pl.Float64)
        return self.judged(frame, columns, score=SCORE_COLUMN, truth=truth, decided=self._decided(frame))

    def _decided(self, frame: pl.DataFrame) -> pl.Expr:
        import polars as pl

        if self.favorable is None:
            return pl.col(SCORE_COLUMN) > self.threshold
        if LABEL_COLUMN not in frame.columns:
            raise InvalidInput("the answers hold no class")
        return pl.col(LABEL_COLUMN).cast(pl.String) == class_key(self.favorable)

    def _finding(self, window: MonitoredWindow, columns: Sequence[str], found: FairnessResult) -> Finding:
        is_ratio = found.comparison == "ratio"
        certain = 1 - (found.high or 0.0) if is_ratio else found.low or 0.0
        return Finding(
            check=self.key,
            severity=Severity.UNFAIR,
            model=window.model,
            column=" and ".join(columns),
            slice=f"{' and '.join(columns)}={found.lowest}",
            says=fairness_words(columns, found) + _of_sample(window),
            breached=found.verdict is FairVerdict.UNFAIR,
            statistic=found.value,
            threshold=found.limit,
            effect=max(0.0, certain),
            floor=1 - found.limit if is_ratio else found.limit,
            n=sum(each.rows for each in found.groups if each.judged),
        )


def _of_sample(window: MonitoredWindow) -> str:
    rows = 0 if window.frame is None else window.frame.height
    return f"; of a sample of {rows:,} rows" if rows < window.own_rows else ""
