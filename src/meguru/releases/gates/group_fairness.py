"""The challenger must treat groups of rows alike, on rows it had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from meguru.errors import InvalidInput
from meguru.fairness import FairnessResult, FairVerdict, GroupOptions, fairness_words
from meguru.flavors.comparing import HoldoutRows, score_models
from meguru.flavors.scoring import ROW
from meguru.metrics import ScoredRows
from meguru.registry.known import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.evidence import RowsGate
from meguru.releases.gates.rows import views
from meguru.releases.types import GateResult, GateVerdict
from meguru.tasks import Task
from meguru.tasks.base import class_key

if TYPE_CHECKING:
    import polars as pl

SCORE, TRUTH, DECIDED = "_score", "_truth", "_decided"


class GroupFairnessGate(GroupOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "group_fairness", "columns": ["sex"], "criterion": "equalized_odds", "limit": 0.1}``.

    The numbers are those of the check `fairness` of monitors, on the holdout or a golden set. Even the far
    end of the interval must be within the limit, and every group must have `min_rows` rows: too little
    evidence does not pass. With ``"bound": "value"`` the gap itself is compared.
    """

    key: ClassVar[str] = "group_fairness"

    bound: Literal["far", "value"] = "far"
    golden: str = ""
    label: str = ""
    confidence: float = 0.95

    def check(self) -> None:
        """Refuse options that make no sense."""
        self.check_options()
        self._rows().check_rows()

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model whose answers the criterion does not compare."""
        self.check_task(model.ref, model.task.key)

    def judge(self, trial: GateTrial) -> GateResult:
        """Compare the groups of each column, and those of all together."""
        self.check_declaration(trial.challenger.known)
        evidence = self._rows().evidence(trial)
        model = trial.challenger.bundle
        (rows,) = score_models([model], evidence, (), views(trial, golden=bool(self.golden))[:1])
        frame = self._frame(evidence, rows, _classes(model.task))
        found = [(named, self._compared(frame, named)) for named in self.groupings()]
        failed = [(named, each) for named, each in found if not self._passes(each)]
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.FAILED if failed else GateVerdict.PASSED,
            reason="; ".join(self._says(named, each) for named, each in failed or found),
            numbers={
                "groups": [msgspec.to_builtins(each) | {"columns": list(named)} for named, each in found]
            },
        )

    def _rows(self) -> RowsGate:
        return RowsGate(golden=self.golden, label=self.label, confidence=self.confidence)

    def _frame(self, evidence: HoldoutRows, rows: ScoredRows, classes: Sequence[str]) -> pl.DataFrame:
        """Return the groups' columns of the rows that were answered, with answer, truth and decision."""
        import polars as pl

        known = evidence.frame.filter(evidence.frame.get_column(evidence.columns.label).is_not_null())
        missing = [name for name in self.columns if name not in known.columns]
        if missing:
            raise InvalidInput(
                f"{evidence.name} has no column {missing[0]!r}",
                field="columns",
                hint="name it in the model's slices, or keep it in the holdout beside the features",
            )
        place = 1 if self.favorable is None else self._place(classes)
        score = rows.answer["score"] if "score" in rows.answer else rows.chances[:, place]
        is_number = rows.truth.dtype.kind == "f" and not (rows.classes or self.favorable)
        truth = rows.truth if is_number else (rows.truth == place).astype(float)
        decided = rows.decided == place if self.favorable is not None else score > self.threshold
        mine: pl.DataFrame = known[rows.columns[ROW].tolist()].select(self.columns)
        return mine.with_columns(
            pl.Series(SCORE, score), pl.Series(TRUTH, truth), pl.Series(DECIDED, decided)
        )

    def _place(self, classes: Sequence[str]) -> int:
        wanted = class_key(self.favorable)
        if wanted not in classes:
            what = f"there is no class {wanted!r} among {', '.join(classes[:12])}"
            raise InvalidInput(what, field="favorable")
        return classes.index(wanted)

    def _compared(self, frame: pl.DataFrame, columns: Sequence[str]) -> FairnessResult:
        import polars as pl

        decided = pl.col(DECIDED)
        return self.judged(frame, columns, score=SCORE, truth=TRUTH, decided=decided, level=self.confidence)

    def _passes(self, found: FairnessResult) -> bool:
        if self.bound == "far" or found.value is None or found.small:
            return found.verdict is FairVerdict.FAIR
        return found.value >= found.limit if found.comparison == "ratio" else found.value <= found.limit

    def _says(self, columns: Sequence[str], found: FairnessResult) -> str:
        if found.value is None:
            named = " and ".join(columns)
            return f"not two groups of {named} have {self.min_rows} rows to tell {self.criterion} from"
        return fairness_words(columns, found)


def _classes(task: Task) -> list[str]:
    return [class_key(each) for each in getattr(task, "classes", ())]
