"""The challenger must treat groups of rows alike, on rows it had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from meguru.errors import InvalidInput
from meguru.fairness import FairnessResult, FairVerdict, GroupOptions, fairness_words
from meguru.fairness.submitted_counts import MIN_GROUP_ROWS
from meguru.flavors.comparing import HoldoutRows, score_models
from meguru.flavors.external_groups import join_groups, without_small_groups
from meguru.flavors.scored_holdout import DECIDED, SCORE, TRUTH, holdout_decisions
from meguru.metrics import ScoredRows
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.evidence import RowsGate
from meguru.releases.gates.rows import views
from meguru.releases.gates.sent_counts import COUNTS, fitting, judged_tally, tally_ref
from meguru.releases.types import GateResult, GateVerdict, ReleasePart
from meguru.stats.simultaneous import bonferroni_level
from meguru.tasks import Task

if TYPE_CHECKING:
    import polars as pl


class GroupFairnessGate(GroupOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "group_fairness", "columns": ["sex"], "criterion": "equalized_odds", "limit": 0.1}``.

    The numbers are those of the check `fairness` of monitors, on the holdout or a golden set. Even the far
    end of the interval must be within the limit, and every group must have `min_rows` rows: too little
    evidence does not pass. With ``"bound": "value"`` the gap itself is compared. All intervals of a gate hold
    together: what it compares shares its `confidence` (Bonferroni over columns, max-T over pairs of groups).

    Attributes
    ----------
    bound
        Which end of the interval must be within the limit, or the gap itself.
    where
        Only rows for which this expression is true.
    groups, join
        A dataset version, such as ``dataset/protected@3``, that has the columns; its rows are found by the
        key, which the holdout has too. Its values are stored nowhere, and nothing is told of a group with
        fewer rows than `min_rows`. With ``"groups": "counts"`` whoever holds the groups sends counts of them.
    holders
        Whose counts are taken: names of principals.
    least_coverage
        Scalar, share: of so many rows at least the groups must be found.
    golden, label, confidence
        As in `RowsGate`.
    """

    key: ClassVar[str] = "group_fairness"

    bound: Literal["far", "value"] = "far"
    where: str = ""
    groups: str = ""
    join: str = msgspec.field(default="", name="key")
    holders: tuple[str, ...] = ()
    least_coverage: float = 0.95
    golden: str = ""
    label: str = ""
    confidence: float = 0.95

    def check(self) -> None:
        """Refuse options that make no sense."""
        self.check_options()
        self._rows().check_rows()
        self._check_source()
        if not 0 < self.least_coverage <= 1:
            why = f"it is {self.least_coverage:g}"
            raise InvalidInput("a coverage lies above 0, up to 1", field="least_coverage", why=why)

    def _check_source(self) -> None:
        """Refuse groups that nobody could find."""
        if (self.groups == COUNTS) is not bool(self.holders):
            what = "counts are sent by who holds the groups"
            hint = '"groups": "counts", "holders": ["ann"]'
            raise InvalidInput(what, field="holders" if self.groups == COUNTS else "groups", hint=hint)
        if self.groups and self.min_rows < MIN_GROUP_ROWS:
            what = f"of groups outside of the holdout, min_rows is {MIN_GROUP_ROWS} or more"
            raise InvalidInput(what, field="min_rows", why=f"it is {self.min_rows}")
        if self.groups == COUNTS:
            for name in ("where", "golden", "join"):
                if getattr(self, name):
                    what = "counts are of the whole holdout, and found by the key of who sent them"
                    raise InvalidInput(what, field="key" if name == "join" else name)
            return
        if bool(self.groups) is not bool(self.join):
            what = "groups are found by a key" if self.groups else "a key is of a dataset of groups"
            hint = '"groups": "dataset/protected@3", "key": "loan_id"'
            raise InvalidInput(what, field="key" if self.groups else "groups", hint=hint)
        if self.groups and not self.groups.rpartition("@")[2].isdigit():
            what, why = "groups are a version of a dataset", f"{self.groups!r} may hold other rows tomorrow"
            raise InvalidInput(what, field="groups", why=why)

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model whose answers the criterion does not compare."""
        self.check_task(model.ref, model.task.key)

    def judge(self, trial: GateTrial) -> GateResult:
        """Compare the groups of each column, and those of all together."""
        self.check_declaration(trial.challenger.known)
        if self.groups == COUNTS:
            return self._judge_counts(trial)
        evidence = self._rows().evidence(trial)
        model = trial.challenger.bundle
        (rows,) = score_models([model], evidence, (), views(trial, golden=bool(self.golden))[:1])
        frame = self._frame(model.task, evidence, rows)
        coverage = 1.0
        if self.groups:
            named = f"the groups {self.groups}"
            told = trial.golden(self.groups)
            frame, coverage = join_groups(frame, told, key=self.join, columns=self.columns, name=named)
            if coverage < self.least_coverage:
                return self._uncovered(coverage)
        groupings = self.groupings()
        level = bonferroni_level(len(groupings), self.confidence)
        found = [(columns, self._compared(frame, columns, level)) for columns in groupings]
        return self._result(found, coverage)

    def _judge_counts(self, trial: GateTrial) -> GateResult:
        """Compare the groups by the counts that were sent of them; until they are, nothing is decided."""
        groupings = self.groupings()
        sent = fitting(trial.tallies(), self, groupings, self.holders)
        if sent is None:
            reason = (
                f"no counts of {' and '.join(self.columns)} were sent by {', '.join(self.holders)} for "
                f"{trial.challenger.ref} and its holdout"
            )
            return GateResult(gate=self.key, verdict=GateVerdict.UNDECIDED, reason=reason)
        inputs = [ReleasePart(ref=tally_ref(sent), digest=sent.digest)]
        if sent.tally.coverage < self.least_coverage:
            return msgspec.structs.replace(self._uncovered(sent.tally.coverage), inputs=inputs)
        level = bonferroni_level(len(groupings), self.confidence)
        found = [(columns, judged_tally(sent.tally, self, columns, level)) for columns in groupings]
        return msgspec.structs.replace(self._result(found, sent.tally.coverage), inputs=inputs)

    def _result(self, found: list[tuple[tuple[str, ...], FairnessResult]], coverage: float) -> GateResult:
        failed = [(named, each) for named, each in found if not self._passes(each)]
        numbers: dict[str, Any] = {
            "groups": [msgspec.to_builtins(each) | {"columns": list(named)} for named, each in found]
        }
        reasons = [self._says(named, each) for named, each in failed or found]
        if self.groups:
            numbers["coverage"] = round(coverage, 2)
            reasons.append(f"groups are known of {coverage:.0%} of the rows")
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.FAILED if failed else GateVerdict.PASSED,
            reason="; ".join(reasons),
            numbers=numbers,
        )

    def _uncovered(self, coverage: float) -> GateResult:
        reason = f"groups are known of {coverage:.0%} of the rows, and {self.least_coverage:.0%} are wanted"
        numbers = {"coverage": round(coverage, 2), "least_coverage": self.least_coverage}
        return GateResult(gate=self.key, verdict=GateVerdict.FAILED, reason=reason, numbers=numbers)

    def _rows(self) -> RowsGate:
        return RowsGate(
            where=self.where, golden=self.golden, label=self.label, confidence=self.confidence, least_rows=1
        )

    def _frame(self, task: Task, evidence: HoldoutRows, rows: ScoredRows) -> pl.DataFrame:
        """Return the groups' columns of the rows that were answered, with answer, truth and decision."""
        missing = [] if self.groups else [name for name in self.columns if name not in evidence.frame.columns]
        if missing:
            raise InvalidInput(
                f"{evidence.name} has no column {missing[0]!r}",
                field="columns",
                hint="name it in the model's slices, or keep it in the holdout beside the features",
            )
        return holdout_decisions(
            task,
            evidence,
            rows,
            [*self.columns, self.join],
            threshold=self.threshold,
            favorable=self.favorable,
        )

    def _compared(self, frame: pl.DataFrame, columns: Sequence[str], level: float) -> FairnessResult:
        import polars as pl

        result = self.judged(frame, columns, score=SCORE, truth=TRUTH, decided=pl.col(DECIDED), level=level)
        return without_small_groups(result) if self.groups else result

    def _passes(self, found: FairnessResult) -> bool:
        if self.bound == "far" or found.value is None or found.small:
            return found.verdict is FairVerdict.FAIR
        return found.value >= found.limit if found.comparison == "ratio" else found.value <= found.limit

    def _says(self, columns: Sequence[str], found: FairnessResult) -> str:
        if found.value is None:
            named = " and ".join(columns)
            return f"not two groups of {named} have {self.min_rows} rows to tell {self.criterion} from"
        return fairness_words(columns, found)
