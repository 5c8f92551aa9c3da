"""Whether the live model still ranks as well as on its holdout, and whether a shadow ranks better."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.monitoring.types import Estimate, Finding, ModelPerformance, Role, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.known import KnownModel


class Performance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "performance", "tolerance": 0.02}``: AUC on known outcomes, with its 95 % interval.

    The live model's drop is breached when even the upper end of the interval lies more than `tolerance`
    below the reference: the AUC of its holdout, or `reference` if that is given.
    """

    key: ClassVar[str] = "performance"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.PERFORMANCE_DROP, Severity.SHADOW_BETTER})

    tolerance: float = 0.02
    reference: float | None = None

    def check(self) -> None:
        """Refuse what no AUC can be, and a tolerance that none falls by."""
        for name, value in (("tolerance", self.tolerance), ("reference", self.reference)):
            if value is not None and not 0 <= value <= 1:
                raise InvalidInput(f"{name} must lie between 0 and 1", field=name, why=f"it is {value:g}")

        if self.tolerance >= (1.0 if self.reference is None else self.reference):
            raise InvalidInput(
                "no AUC falls by more than this tolerance", field="tolerance", why=f"it is {self.tolerance:g}"
            )

    def check_declaration(self, model: KnownModel) -> None:
        """Refuse a model whose answers have no AUC."""
        if model.task.key != "binary":
            raise InvalidInput(
                f"{model.ref} is a {model.task.key} model and has no AUC, which 'performance' watches",
                field="check",
                hint='watch its columns and answers instead: {"check": "psi"}',
            )

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Compare the live model with its holdout, and with each shadow on the same rows."""
        live = window.live
        if live is None or self.missing(window):
            return []
        drop = self._drop(live)
        shadows = [_against(live, each) for each in window.performance if each.role is Role.SHADOW]
        return [each for each in (drop, *shadows) if each is not None]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough known outcomes of two classes, and something to compare with."""
        live = window.live
        if live is None:
            return "no row was answered"
        if live.outcomes < window.min_rows:
            return f"only {live.outcomes} outcomes are known, and {window.min_rows} are needed"
        if live.auc is None:
            return "the outcomes are not of two classes, 0 and 1"
        if self._reference(live) is None:
            return f"nobody knows the holdout AUC of {live.model}"
        return ""

    def _reference(self, live: ModelPerformance) -> float | None:
        return live.reference if self.reference is None else self.reference

    def _drop(self, live: ModelPerformance) -> Finding | None:
        reference = self._reference(live)
        if reference is None or live.auc is None:
            return None
        limit = reference - self.tolerance
        breached = live.auc.high < limit
        relation = (
            "is certainly below" if breached else "may be below" if live.auc.low < limit else "is above"
        )
        return Finding(
            check=self.key,
            severity=Severity.PERFORMANCE_DROP,
            model=live.model,
            says=f"AUC {_shown(live.auc)} {relation} {limit:.3f}: "
            f"{reference:.3f} on the holdout, tolerance {self.tolerance:.3f}",
            breached=breached,
            statistic=live.auc.value,
            threshold=limit,
            effect=max(0.0, reference - live.auc.high),
            n=live.auc.n,
        )


def _shown(auc: Estimate) -> str:
    return f"{auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]"


def _against(live: ModelPerformance, shadow: ModelPerformance) -> Finding | None:
    gap = shadow.difference
    if gap is None:
        return None
    if gap.high < 0:
        relation = "ranks certainly better"
    else:
        relation = "ranks certainly worse" if gap.low > 0 else "ranks neither certainly better nor worse"
    return Finding(
        check=Performance.key,
        severity=Severity.SHADOW_BETTER,
        model=shadow.model,
        says=f"{shadow.model} {relation} than {live.model} on the same rows: "
        f"AUC differs by {-gap.value:+.3f} [{-gap.high:+.3f}, {-gap.low:+.3f}]",
        breached=gap.high < 0,
        statistic=-gap.value,
        threshold=0.0,
        effect=max(0.0, -gap.high),
        n=gap.n,
    )
