"""The challenger must certainly be better than the champion, on the same rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec
import numpy as np

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.registry.known import KnownModel
from meguru.releases.gates.base import GateTrial, TrialSide
from meguru.releases.gates.rows import champion_rows
from meguru.releases.types import GateResult, GateVerdict

if TYPE_CHECKING:
    import polars as pl

RESAMPLES = 1000


class Champion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "champion", "metric": "auc", "confidence": 0.95, "margin": 0.0}``.

    Both models score the challenger's holdout. The paired bootstrap interval of the difference must lie
    above the margin.
    """

    key: ClassVar[str] = "champion"

    metric: Literal["auc"] = "auc"
    confidence: float = 0.95
    margin: float = 0.0

    def check(self) -> None:
        """Refuse a confidence or a margin that no difference can have."""
        if not 0.5 <= self.confidence < 1:
            raise InvalidInput(
                "a confidence lies between 0.5 and 1", field="confidence", why=f"it is {self.confidence}"
            )
        if not -1 < self.margin < 1:
            raise InvalidInput(
                "a margin of AUC lies between -1 and 1", field="margin", why=f"it is {self.margin}"
            )

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model that has no such metric, whatever its versions do."""
        if model.task.key != "binary":
            raise InvalidInput(
                f"{model.ref} is a {model.task.key} model and has no AUC, which 'champion' compares",
                field="metric",
                hint='ask for a value instead: {"gate": "metric", "metric": "rmse", "op": "<=", "value": 10}',
            )

    def judge(self, trial: GateTrial) -> GateResult:
        """Score both models on the challenger's holdout and compare them."""
        self.check_declaration(trial.challenger.known)
        if trial.champion is None:
            return self._result(passed=True, reason="this is the first release: there is no champion to beat")
        if trial.champion.digest == trial.challenger.digest:
            reason = f"nothing new: {trial.champion.ref}, which is live, is the same model"
            return self._result(passed=False, reason=reason)
        return self._compare(trial, trial.challenger, trial.champion)

    def _compare(self, trial: GateTrial, challenger: TrialSide, champion: TrialSide) -> GateResult:
        from meguru.stats import auc, bootstrap_difference

        rows, truth = _holdout(challenger)
        new, old = _scores(challenger, rows), _scores(champion, champion_rows(trial, rows))
        found = bootstrap_difference(
            truth, new, old, level=self.confidence, resamples=RESAMPLES, seed=_seed(challenger, champion)
        )
        if math.isnan(found.low):
            return self._result(
                passed=False, reason=f"the {len(truth)} rows of the holdout have one class only"
            )
        numbers = {
            "challenger": auc(truth, new),
            "champion": auc(truth, old),
            "difference": found.estimate,
            "low": found.low,
            "high": found.high,
            "n": found.n,
            "confidence": self.confidence,
            "margin": self.margin,
            "model": challenger.ref,
            "against": champion.ref,
        }
        return self._result(passed=found.low > self.margin, reason=self._says(numbers), numbers=numbers)

    def _says(self, numbers: dict[str, Any]) -> str:
        if numbers["low"] > self.margin:
            verdict = "better"
        elif numbers["high"] < self.margin:
            verdict = "worse"
        else:
            verdict = "not certainly better"
        margin = f" by more than {self.margin:g}" if self.margin else ""
        return (
            f"AUC {numbers['challenger']:.3f} against {numbers['champion']:.3f} of {numbers['against']} on "
            f"the same {numbers['n']:,} rows: {verdict}{margin}, {self.confidence:.0%} interval of the "
            f"difference {numbers['low']:+.3f} to {numbers['high']:+.3f}"
        )

    def _result(self, *, passed: bool, reason: str, numbers: dict[str, Any] | None = None) -> GateResult:
        verdict = GateVerdict.PASSED if passed else GateVerdict.FAILED
        return GateResult(gate=self.key, verdict=verdict, reason=reason, numbers=numbers or {})


def _holdout(side: TrialSide) -> tuple[pl.DataFrame, np.ndarray[Any, Any]]:
    """Return the challenger's holdout rows whose label is known, and their labels."""
    import polars as pl

    bundle = side.bundle
    rows, label = bundle.holdout(), bundle.evaluation.label
    if rows is None or not label:
        raise InvalidInput(
            f"{side.ref} has no holdout to compare on",
            field="holdout",
            hint="Model(…, holdout=frame, label='late')",
        )
    known = rows.filter(pl.col(label).is_not_null())
    return known, known.get_column(label).cast(pl.Int64).to_numpy()


def _scores(side: TrialSide, rows: pl.DataFrame) -> Any:
    raw = side.bundle.ask(rows, "the challenger's holdout")
    return side.bundle.task.answer(raw, rows.height)["score"]


def _seed(challenger: TrialSide, champion: TrialSide) -> int:
    return int(digests.of_value([challenger.digest, champion.digest])[:8], 16)
