"""The challenger must certainly be better than the champion, or not worse, on the same rows."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.flavors.comparing import score_models
from meguru.flavors.measures import MetricOptions
from meguru.metrics import Method, Metric, ScoredRows, find_metric, metric_of
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial, TrialSide
from meguru.releases.gates.evidence import RowsGate, metric_that_fits, named_metric
from meguru.releases.gates.rows import views
from meguru.releases.types import GateResult, GateVerdict
from meguru.tasks import Task


class Champion(RowsGate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "champion", "metric": "auc", "confidence": 0.95, "margin": 0.0}``.

    Both models score the challenger's holdout, or the golden set. The paired interval of what the challenger
    gains in the metric must lie above the margin; a margin below 0 lets through who is not worse by that
    much. Without a metric they are compared by the first of their task.
    """

    key: ClassVar[str] = "champion"

    metric: MetricOptions = ""
    margin: float = 0.0

    def check(self) -> None:
        """Refuse a confidence or a margin that no difference can have."""
        self.check_rows()
        if not math.isfinite(self.margin):
            raise InvalidInput("a margin is a number", field="margin", why=f"it is {self.margin}")
        metric = find_metric(self.metric or "auc") if isinstance(self.metric, str) else metric_of(self.metric)
        if self.metric and metric is not None:
            self._check_margin(metric)

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a metric that can't compare such models, whatever their versions do."""
        given = self.metric or _first(model.task)
        if not given:
            raise InvalidInput(
                f"{model.ref} is a {model.task.key} model and has no metric, which 'champion' compares by",
                field="metric",
                hint='ask for a value instead: {"gate": "metric", "metric": …, "op": ">=", "value": …}',
            )
        if isinstance(given, str) and find_metric(given) is None and given in model.metrics:
            return  # one that its author asked for, which shows when it is judged
        self._check_margin(metric_that_fits(given, model.task, model.ref, model.metrics))

    def judge(self, trial: GateTrial) -> GateResult:
        """Score both models on the same rows and compare them."""
        self.check_declaration(trial.challenger.known)
        if trial.champion is None:
            return self._result(passed=True, reason="this is the first release: there is no champion to beat")
        # Not measured: the difference is 0 in every row, which a margin below 0 would let pass as "not
        # worse".
        if trial.champion.digest == trial.challenger.digest:
            reason = f"nothing new: {trial.champion.ref}, which is live, is the same model"
            return self._result(passed=False, reason=reason)
        return self._compare(trial, trial.champion)

    def _compare(self, trial: GateTrial, champion: TrialSide) -> GateResult:
        challenger, evidence = trial.challenger, self.evidence(trial)
        task = challenger.bundle.task
        metric = named_metric(self.metric or _first(task), challenger.bundle.evaluation.asked)
        both = score_models(
            [challenger.bundle, champion.bundle],
            evidence,
            metric.columns,
            views(trial, golden=bool(self.golden)),
        )
        for rows in both:
            if why := metric.missing(rows):
                raise InvalidInput(why, field="metric")
        seed = _seed(challenger, champion)
        numbers = self._compared(metric, both, seed)
        if numbers["low"] is None:
            return self._result(passed=False, reason=_untold(metric, both[0], self.golden))
        numbers |= {"model": challenger.ref, "against": champion.ref}
        reason, passed = self._says(numbers), self._passes(numbers)
        if self.slices:
            parts = self.parts(evidence, *both)
            judged = [(part, self._compared(metric, part.rows, seed)) for part in parts if part.judged]
            failed = [(part, each) for part, each in judged if not self._passes(each)]
            passed = passed and not failed
            told = [(part, _gap(each)) for part, each in failed]
            reason = "; ".join([reason, *self.says_slices(told, len(judged), len(parts) - len(judged))])
            numbers["slices"] = [{"slice": part.name, "value": part.value} | each for part, each in judged]
        return self._result(passed=passed, reason=reason, numbers=numbers)

    def _compared(self, metric: Metric, both: tuple[ScoredRows, ...], seed: int) -> dict[str, Any]:
        new, old = both
        # Of few rows an asymptotic interval is too narrow; of many the bootstrap costs more than it tells.
        method: Method = "bootstrap" if len(new) <= metric.max_bootstrap_rows else "auto"
        interval = metric.difference(new, old, level=self.confidence, seed=seed, method=method)
        told = {
            "challenger": metric.value(new),
            "champion": metric.value(old),
            "difference": interval.estimate,
        }
        told |= {"low": interval.low, "high": interval.high}
        return {name: value if math.isfinite(value) else None for name, value in told.items()} | {
            "n": interval.n,
            "confidence": self.confidence,
            "margin": self.margin,
            "metric": metric.name,
            "direction": metric.direction,
        }

    def _passes(self, numbers: dict[str, Any]) -> bool:
        gained = _gain(numbers)
        return gained is not None and gained[0] > self.margin

    def _says(self, numbers: dict[str, Any]) -> str:
        low, high = _gain(numbers) or (-math.inf, math.inf)
        if low > self.margin:
            verdict = "better" if self.margin >= 0 or low > 0 else "not worse"
        elif high < self.margin:
            verdict = "worse"
        else:
            verdict = "not certainly better" if self.margin >= 0 else "perhaps worse"
        margin = f" by more than {abs(self.margin):g}" if self.margin and not (low > 0 > self.margin) else ""
        return (
            f"{shown(numbers['metric'])} {numbers['challenger']:.3f} against {numbers['champion']:.3f} of "
            f"{numbers['against']} on the same {numbers['n']:,} rows: {verdict}{margin}, "
            f"{self.confidence:.0%} interval of the difference "
            f"{numbers['low']:+.3f} to {numbers['high']:+.3f}"
        )

    def _check_margin(self, metric: Metric) -> None:
        span = metric.high - metric.low
        if abs(self.margin) >= span:
            raise InvalidInput(
                f"a margin of {shown(metric.name)} lies between {-span:g} and {span:g}",
                field="margin",
                why=f"it is {self.margin}",
            )

    def _result(self, *, passed: bool, reason: str, numbers: dict[str, Any] | None = None) -> GateResult:
        verdict = GateVerdict.PASSED if passed else GateVerdict.FAILED
        return GateResult(gate=self.key, verdict=verdict, reason=reason, numbers=numbers or {})


def shown(name: str) -> str:
    """Return a metric's name as people write it: ``AUC``, ``RMSE``, ``log loss``."""
    return name.upper() if len(name) <= 5 and name != "brier" else name.replace("_", " ")


def _first(task: Task) -> str:
    return task.metrics[0] if task.metrics else ""


def _gain(numbers: dict[str, Any]) -> tuple[float, float] | None:
    """Return the interval of how much the challenger is better; None if it can't be told."""
    low, high = numbers["low"], numbers["high"]
    if low is None:
        return None
    return (low, high) if numbers["direction"] == "higher" else (-high, -low)


def _gap(numbers: dict[str, Any]) -> str:
    if numbers["low"] is None:
        return f"no interval on {numbers['n']:,} rows"
    return f"difference {numbers['low']:+.3f} to {numbers['high']:+.3f} on {numbers['n']:,} rows"


def _untold(metric: Metric, rows: ScoredRows, golden: str) -> str:
    where = f"the {len(rows)} rows of the {'golden set' if golden else 'holdout'}"
    if rows.truth.ndim == 1 and len(np.unique(rows.truth)) < 2:
        return f"{where} have one class only" if rows.classes else f"{where} have one outcome only"
    return f"{where} can't tell the difference in {shown(metric.name)}"


# The same two models always get the same draws: who asks again until a gate passes gets the same answer.
def _seed(challenger: TrialSide, champion: TrialSide) -> int:
    return int(digests.of_value([challenger.digest, champion.digest])[:8], 16)
