"""How a model's answers follow a change of the rows: what gates of changed rows have in common."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.flavors.bundle import Bundle
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.conditions import check_condition, condition
from meguru.releases.gates.row_changes import rows_that_differ
from meguru.releases.gates.rows import views
from meguru.releases.types import GateResult, GateVerdict, ReleasePart
from meguru.stats.arrays import Floats
from meguru.stats.intervals import wilson
from meguru.tasks.base import class_key

if TYPE_CHECKING:
    import polars as pl

    from meguru.tasks import Task

Expectation: TypeAlias = Literal["invariant", "stable", "increases", "decreases"]
EXPECTATIONS = ("invariant", "stable", "increases", "decreases")
MAX_ROWS, SHOWN = 100_000, 5
STABLE_SHARE = 0.05
NOTHING = -1.0


class Answers(NamedTuple):
    """What a model answers, shape (rows, numbers), and the place of the class that is decided, shape (rows,).

    The second is `NOTHING` of a row without an answer, and empty where nothing is ever decided.
    """

    numbers: Floats
    decided: Floats


class ChangedRowsGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What gates have in common that ask a model rows, and the same rows with a change.

    Attributes
    ----------
    expect
        ``invariant`` and ``stable``: the answer changes by no more than `tolerance`; ``increases`` and
        ``decreases``: it does not go the other way by more than that.
    tolerance
        Scalar, in the unit of the answer.
    share
        Scalar, share: of the rows that changed, so many may break it; by default none, and of ``stable`` 5 %.
    compare
        ``answer``, or ``decision``: the class that is decided for, whatever the scores.
    threshold, favorable
        As in `GroupOptions`: what a decision is, and the class whose probability increases or decreases.
    where
        Only rows for which this expression is true.
    rows
        Scalar, count: at most so many, drawn by the model's digest.
    least_rows
        Scalar, count: where fewer rows change, it does not pass.
    golden
        A dataset version to ask instead of the holdout, with the columns that clients send.
    """

    expect: Expectation = "invariant"
    tolerance: float = 1e-6
    share: float | None = None
    compare: Literal["answer", "decision"] = "answer"
    threshold: float = 0.5
    favorable: str | int | bool | None = None
    where: str = ""
    rows: int = 10_000
    least_rows: int = 50
    golden: str = ""

    def check_options(self) -> None:
        """Refuse options that make no sense."""
        if not 0 <= self.tolerance < math.inf:
            why = f"it is {self.tolerance:g}"
            raise InvalidInput("a tolerance is 0 or more", field="tolerance", why=why)
        if self.share is not None and not 0 <= self.share < 1:
            raise InvalidInput("a share lies from 0 to below 1", field="share", why=f"it is {self.share:g}")
        for name, number in (("rows", self.rows), ("least_rows", self.least_rows)):
            if not 1 <= number <= MAX_ROWS:
                raise InvalidInput(f"{name} are 1 to {MAX_ROWS:,}", field=name, why=f"they are {number:,}")
        if self.golden and not self.golden.rpartition("@")[2].isdigit():
            why = f"{self.golden!r} may hold other rows tomorrow"
            raise InvalidInput("a golden set is a version of a dataset", field="golden", why=why)
        if self.compare == "decision" and self._is_directed:
            raise InvalidInput("a decision neither increases nor decreases", field="compare")
        check_condition(self.where, "where")

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model that answers nothing that could change so."""
        check_task(self, model.ref, model.task)

    @property
    def _is_directed(self) -> bool:
        return self.expect in {"increases", "decreases"}

    @property
    def _allowed(self) -> float:
        if self.share is not None:
            return self.share
        return STABLE_SHARE if self.expect == "stable" else 0.0

    def asked_rows(self, trial: GateTrial) -> pl.DataFrame:
        """Return the rows to ask, with their numbers in the column `NUMBER`.

        Raises
        ------
        InvalidInput
            When there are none.
        """
        import polars as pl

        side = trial.challenger
        found = trial.golden(self.golden) if self.golden else side.bundle.holdout()
        name = f"the golden set {self.golden}" if self.golden else "the challenger's holdout"
        if found is None:
            hint = "Model(…, holdout=frame, label='late')"
            raise InvalidInput(f"{side.ref} has no holdout to ask", field="golden", hint=hint)
        found = found.with_columns(pl.int_range(pl.len()).alias(NUMBER))
        if self.where:
            found = found.filter(condition(self.where, found, name, "where"))
        if found.height > self.rows:
            # By the model's digest: asking once more draws the same rows, so that no gate passes by luck.
            draw = np.random.default_rng(seed_of(trial)).choice(found.height, self.rows, replace=False)
            found = found[np.sort(draw).tolist()]
        return found

    def compared(
        self,
        trial: GateTrial,
        before: pl.DataFrame,
        after: pl.DataFrame,
        words: str,
        inputs: list[ReleasePart] | None = None,
    ) -> GateResult:
        """Ask the model both, and judge how answers differ where the rows do; `words` say what changed."""
        side = trial.challenger
        check_task(self, side.ref, side.bundle.task)
        touched = rows_that_differ(before.drop(NUMBER), after.drop(NUMBER))
        if touched.sum() < self.least_rows:
            reason = f"{words}: {touched.sum():,} rows change, and {self.least_rows:,} are needed"
            return self._result(passed=False, reason=reason, numbers={}, inputs=inputs)
        old, new = (each.filter(touched) for each in (before, after))
        view = views(trial, golden=bool(self.golden))[0]
        first, second = (self._answers(side.bundle, view(each.drop(NUMBER))) for each in (old, new))
        harm = self._harm(first, second)
        broken = harm > (0.0 if self.compare == "decision" else self.tolerance)
        return self._verdict(words, old, first, second, harm, broken, inputs)

    def _answers(self, model: Bundle, rows: pl.DataFrame) -> Answers:
        answer = model.task.answer(model.ask(rows, "the changed rows"), rows.height)
        place = self._place(model.task)
        if "score" in answer:
            score = np.asarray(answer["score"], dtype=np.float64)
            decided = np.where(np.isnan(score), NOTHING, score > self.threshold)
            numbers = score.reshape(len(score), -1)
            return Answers(1 - numbers if place == 0 else numbers, decided)
        if "probabilities" in answer:
            chances = np.asarray(answer["probabilities"], dtype=np.float64)
            decided = np.where(np.isnan(chances).any(axis=1), NOTHING, chances.argmax(axis=1))
            return Answers(chances if place is None else chances[:, [place]], decided)
        parts = [np.asarray(each, dtype=np.float64).reshape(rows.height, -1) for each in answer.values()]
        return Answers(np.hstack(parts), np.zeros(0))

    def _place(self, task: Task) -> int | None:
        if self.favorable is None:
            return None
        classes = [class_key(each) for each in getattr(task, "classes", ())]
        if class_key(self.favorable) not in classes:
            what = f"there is no class {class_key(self.favorable)!r} among {', '.join(classes[:12])}"
            raise InvalidInput(what, field="favorable")
        return classes.index(class_key(self.favorable))

    def _harm(self, first: Answers, second: Answers) -> Floats:
        """Return by how much each row breaks the expectation, shape (rows,)."""
        if self.compare == "decision":
            otherwise: Floats = (first.decided != second.decided).astype(np.float64)
            return otherwise
        moved = second.numbers - first.numbers
        # No answer to both rows is no change; an answer to one of them alone is the greatest there can be.
        moved = np.where(np.isnan(first.numbers) & np.isnan(second.numbers), 0.0, moved)
        moved = np.where(np.isnan(moved), np.inf, moved)
        if self._is_directed:
            wrong = -moved if self.expect == "increases" else moved
            moved = np.where(np.isinf(moved), np.inf, np.maximum(wrong, 0.0))
        found: Floats = np.abs(moved).max(axis=1)
        return found

    def _verdict(
        self,
        words: str,
        rows: pl.DataFrame,
        first: Answers,
        second: Answers,
        harm: Floats,
        broken: Any,
        inputs: list[ReleasePart] | None,
    ) -> GateResult:
        count, among = int(broken.sum()), len(harm)
        span, passed = wilson(count, among), count / among <= self._allowed
        worst = np.argsort(-harm, kind="stable")[: min(SHOWN, count)]
        numbers_of = rows.get_column(NUMBER).to_list()
        shown = [
            {"row": numbers_of[at], "before": _plain(first, at, self), "after": _plain(second, at, self)}
            for at in worst.tolist()
        ]
        numbers = {
            "broken": count,
            "rows": among,
            "share": count / among,
            "low": span.low,
            "high": span.high,
            "allowed": self._allowed,
            "tolerance": self.tolerance,
            "largest": float(harm.max()) if np.isfinite(harm.max()) else None,
            "worst": shown,
        }
        told = "; ".join(f"row {each['row']} from {each['before']} to {each['after']}" for each in shown[:3])
        reason = (
            f"{words}: {count:,} of {among:,} answers {self._breaks()} ({count / among:.1%}), "
            f"{'as' if passed else 'but'} {self._allowed:.1%} may"
        )
        return self._result(
            passed=passed, reason=f"{reason}; {told}" if told else reason, numbers=numbers, inputs=inputs
        )

    def _breaks(self) -> str:
        if self.compare == "decision":
            return "decide otherwise"
        if self._is_directed:
            other = "fall" if self.expect == "increases" else "rise"
            return f"{other} by more than {self.tolerance:g}"
        return f"change by more than {self.tolerance:g}"

    def _result(
        self, *, passed: bool, reason: str, numbers: dict[str, Any], inputs: list[ReleasePart] | None
    ) -> GateResult:
        return GateResult(
            gate=self.key,  # type: ignore[attr-defined]
            verdict=GateVerdict.PASSED if passed else GateVerdict.FAILED,
            reason=reason,
            numbers=numbers,
            inputs=inputs or [],
        )


NUMBER = "_row_number"


def check_task(gate: ChangedRowsGate, ref: str, task: Task) -> None:
    """Refuse a model whose answers can't be compared as a gate wants it."""
    if task.key == "generic":
        what = f"{ref} is a generic model: nobody knows what its answers mean"
        raise InvalidInput(what, field="gate", hint="say its task when it is saved")
    decides = task.key in {"binary", "multiclass"}
    if gate.compare == "decision" and not decides:
        raise InvalidInput(f"{ref} is a {task.key} model, which decides nothing", field="compare")
    single = task.key in {"binary", "regression", "anomaly"} or gate.favorable is not None
    if gate.expect in {"increases", "decreases"} and not single:
        what = f"{ref} is a {task.key} model: of which answer is not said"
        raise InvalidInput(what, field="favorable", hint="name the class that is to be likelier")


def seed_of(trial: GateTrial) -> int:
    """Return what draws of a trial begin with: the same for the same model."""
    return int(digests.of_value([trial.challenger.digest])[:8], 16)


def _plain(answers: Answers, at: int, gate: ChangedRowsGate) -> Any:
    if gate.compare == "decision":
        return int(answers.decided[at])
    found = [
        float(f"{value:.4g}") if math.isfinite(value) else None for value in answers.numbers[at].tolist()
    ]
    return found[0] if len(found) == 1 else found
