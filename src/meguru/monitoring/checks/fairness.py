"""Whether the live model treats groups of rows alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from meguru.errors import InvalidInput
from meguru.fairness import FairnessResult, FairVerdict, GroupOptions, fairness_words
from meguru.fairness.options import MAX_NAMED
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.predictions.types import OUTCOME_COLUMN, SCORE_COLUMN
from meguru.registry.lookups import KnownModel
from meguru.tasks.base import OUTPUT_PREFIX, Label, class_key, codes

if TYPE_CHECKING:
    import polars as pl

LABEL_COLUMN = OUTPUT_PREFIX + "label"
IS_CLASS = "_is_class:"


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
        known = [class_key(each) for each in getattr(model.task, "classes", ())]
        if self.favorable is not None and class_key(self.favorable) not in known:
            what = f"{model.ref} knows no class {self.favorable!r}"
            raise InvalidInput(what, field="favorable", hint=f"one of {', '.join(known[:12])}")

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the groups of each column, and those of all together."""
        judged, _ = self._look(window)
        return [self._finding(window, named, each) for named, each in judged if each.value is not None]

    def missing(self, window: MonitoredWindow) -> str:
        """Need rows with the columns, and enough of every group."""
        judged, why = self._look(window)
        return why or "; ".join(filter(None, (self._few(named, each) for named, each in judged)))

    def _look(self, window: MonitoredWindow) -> tuple[list[tuple[tuple[str, ...], FairnessResult]], str]:
        """Return what is told of the groups of each column; or nothing, and why."""
        frame = window.frame
        if frame is None or not frame.height:
            return [], "no row was answered"
        if window.own_rows < window.min_rows:
            return [], f"only {window.own_rows} rows, and {window.min_rows} are needed"
        try:
            return [(named, self._judged(frame, named)) for named in self.groupings()], ""
        except InvalidInput as error:
            return [], f"{error.what}: {error.why}" if error.why else error.what

    def _few(self, columns: Sequence[str], found: FairnessResult) -> str:
        """Return of which groups too little is known; empty when of none."""
        if found.value is None:
            named = " and ".join(columns)
            return f"not two groups of {named} have {self.min_rows} rows to tell {self.criterion} from"
        few = ", ".join(found.small[:MAX_NAMED])
        return f"fewer than {self.min_rows} rows of {few} to tell {self.criterion} from" if few else ""

    def _judged(self, frame: pl.DataFrame, columns: Sequence[str]) -> FairnessResult:
        import polars as pl

        if SCORE_COLUMN not in frame.columns:
            raise InvalidInput("no row was answered")
        truth, decided = pl.col(OUTCOME_COLUMN), pl.col(SCORE_COLUMN) > self.threshold
        if self.favorable is not None:
            if LABEL_COLUMN not in frame.columns:
                raise InvalidInput("the answers hold no class")
            frame = frame.with_columns(
                _is_class(frame.get_column(name), self.favorable).alias(IS_CLASS + name)
                for name in (OUTCOME_COLUMN, LABEL_COLUMN)
            )
            truth, decided = pl.col(IS_CLASS + OUTCOME_COLUMN), pl.col(IS_CLASS + LABEL_COLUMN) == 1
        elif not frame.schema[OUTCOME_COLUMN].is_numeric():
            truth = pl.lit(None, dtype=pl.Float64)
        return self.judged(frame, columns, score=SCORE_COLUMN, truth=truth, decided=decided)

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
            n=sum(group.rows or 0 for group in found.groups if group.judged),
        )


def _is_class(column: pl.Series, label: Label) -> pl.Series:
    """Return 1 where a column says a class, as a number, a truth value or a name; null where it says none."""
    import polars as pl

    found = codes(column, (label,))  # 0 is its place, as it is the only one
    return pl.Series(found + 1, nan_to_null=True)


def _of_sample(window: MonitoredWindow) -> str:
    rows = 0 if window.frame is None else window.frame.height
    return f"; of a sample of {rows:,} rows" if rows < window.own_rows else ""
