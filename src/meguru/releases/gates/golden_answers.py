"""The challenger must answer a golden set as it was answered before."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from meguru.errors import InvalidInput, near_misses
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.rows import views
from meguru.releases.types import GateResult, GateVerdict
from meguru.tasks.base import class_key

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.arrays import Bools
    from meguru.tasks import Task

SHOWN, TOLD = 50, 3
ABLE = frozenset({"binary", "multiclass", "regression", "anomaly"})


class GoldenAnswers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "golden_answers", "golden": "dataset/loans-golden@2", "expected": "decision"}``.

    Attributes
    ----------
    golden
        A dataset version with the columns that clients send, and the answers that are to be kept.
    expected
        The column of these answers: names of classes, or numbers. A number is compared with the score.
    tolerance
        Scalar, in the unit of the answer: a number may differ by so much.
    at_most_changed
        Scalar, count: so many answers may be others.
    threshold
        A score above it is the second class of a binary model.
    """

    key: ClassVar[str] = "golden_answers"

    golden: str
    expected: str = "expected"
    tolerance: float = 1e-6
    at_most_changed: int = 0
    threshold: float = 0.5

    def check(self) -> None:
        """Refuse options that make no sense."""
        if not self.golden.rpartition("@")[2].isdigit():
            why = f"{self.golden!r} may hold other rows tomorrow"
            raise InvalidInput("a golden set is a version of a dataset", field="golden", why=why)
        if not 0 <= self.tolerance < math.inf:
            why = f"it is {self.tolerance:g}"
            raise InvalidInput("a tolerance is 0 or more", field="tolerance", why=why)
        if self.at_most_changed < 0:
            why = f"it is {self.at_most_changed}"
            raise InvalidInput("at_most_changed is 0 or more", field="at_most_changed", why=why)

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model whose answer to a row is not one class or number."""
        if model.task.key not in ABLE:
            what = f"{model.ref} is a {model.task.key} model, whose answers are not one value a row"
            raise InvalidInput(what, field="gate", hint=f"it is for {', '.join(sorted(ABLE))}")

    def judge(self, trial: GateTrial) -> GateResult:
        """Ask the golden set, and compare."""
        self.check_declaration(trial.challenger.known)
        rows = trial.golden(self.golden)
        if self.expected not in rows.columns:
            close = near_misses(self.expected, rows.columns)
            hint = f"did you mean {close[0]!r}?" if close else ""
            what = f"the golden set {self.golden} has no column {self.expected!r}"
            raise InvalidInput(what, field="expected", hint=hint)
        wanted = rows.get_column(self.expected)
        if not rows.height or wanted.null_count():
            what = f"the golden set {self.golden} lacks answers in {self.expected!r}"
            raise InvalidInput(what, field="expected")
        model = trial.challenger.bundle
        asked = views(trial, golden=True)[0](rows.drop(self.expected))
        answer = model.task.answer(model.ask(asked, "the golden set"), rows.height)
        now, then, same = self._sides(model.task, answer, wanted)
        return self._verdict(rows.height, now, then, same)

    def _sides(self, task: Task, answer: Any, wanted: pl.Series) -> tuple[list[Any], list[Any], Bools]:
        """Return what is answered, what was expected, and where both are the same."""
        classes = [class_key(each) for each in getattr(task, "classes", ())]
        keys = [class_key(each) for each in wanted.to_list()]
        if classes and set(keys) <= set(classes):
            if "probabilities" in answer:
                numbers = np.asarray(answer["probabilities"], dtype=np.float64)
                places = numbers.argmax(axis=1)
            else:
                numbers = np.asarray(answer["score"], dtype=np.float64).reshape(len(keys), 1)
                places = (numbers[:, 0] > self.threshold).astype(int)
            unknown = np.asarray(np.isnan(numbers).any(axis=1))
            said = [None if lost else classes[at] for at, lost in zip(places, unknown, strict=True)]
            return said, keys, np.array([one == other for one, other in zip(said, keys, strict=True)])
        if not wanted.dtype.is_numeric() or "score" not in answer:
            named = f"{', '.join(classes[:12])}, or numbers" if classes else "numbers"
            what = f"the answers in {self.expected!r} are none of this model: it gives {named}"
            raise InvalidInput(what, field="expected")
        score = np.asarray(answer["score"], dtype=np.float64)
        before = wanted.cast(float).to_numpy()
        same = np.abs(score - before) <= self.tolerance
        return [_short(each) for each in score.tolist()], [_short(each) for each in before.tolist()], same

    def _verdict(self, rows: int, now: list[Any], then: list[Any], same: Bools) -> GateResult:
        places = np.flatnonzero(~same).tolist()
        changed = [{"row": at, "expected": then[at], "answered": now[at]} for at in places[:SHOWN]]
        passed = len(places) <= self.at_most_changed
        reason = (
            f"{len(places):,} of {rows:,} answers of the golden set changed, "
            f"{'as' if passed else 'but'} {self.at_most_changed:,} may"
        )
        told = [f"row {each['row']} from {each['expected']} to {each['answered']}" for each in changed[:TOLD]]
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.PASSED if passed else GateVerdict.FAILED,
            reason="; ".join([reason, *told]),
            numbers={
                "changed": len(places),
                "rows": rows,
                "at_most_changed": self.at_most_changed,
                "list": changed,
            },
        )


def _short(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
